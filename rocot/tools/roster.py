"""Who is asked in a run: models, their servers, and the manner of asking them."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rocot.assets import Prompts, load_prompts
from rocot.core.prompt import Prompt, Sampling
from rocot.engine.attempt import Ledger
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.prices import VLLM, in_process
from rocot.recipe import Recipe, Role, TeacherRecipe
from rocot.teacher.protocol import Resting, Teacher

if TYPE_CHECKING:
    from rocot.teacher.asker import Asker, Pictures, Queue
    from rocot.teacher.budget import Budget
    from rocot.teacher.fleet import Fleet
    from rocot.teacher.wave import Waves


@dataclass
class Roster:
    """Who is asked in a run: a fleet for each model and its servers, an asker for each manner of asking them."""

    recipe: Recipe
    machine: Machine
    ledger: Ledger
    frames: "Pictures"
    prompts: Prompts
    budget: "Budget"
    halted: Callable[[], bool]
    waves: "Waves | None"
    stack: AsyncExitStack
    """Closes the servers' connections."""
    fleets: dict[tuple[object, ...], "Fleet"] = field(default_factory=dict)
    askers: dict[tuple[object, ...], "Asker"] = field(default_factory=dict)

    async def asker(self, role: Role) -> "Asker":
        """Who is asked in a role; the same for two roles that ask the same servers in the same manner."""
        from rocot.teacher.asker import Asker

        who = self.recipe.asked[role]
        reached = () if in_process(who.model) else (self.machine.urls_of(role), self.machine.key_of(role))
        place = (who.name, *reached)
        manner = (*place, sampling_of(who), who.speaks, who.repair)
        if place not in self.fleets:
            self.fleets[place] = self._fleet(who, role)
        fleet = self.fleets[place]
        queue = None if self.waves is None else await _queue(self.waves, fleet.teacher, self.machine, role)
        if manner not in self.askers:
            self.askers[manner] = Asker(
                fleet,
                self.ledger,
                self.frames,
                sampling=sampling_of(who),
                dialect=who.speaks,
                repair=repair_of(who, self.prompts),
                queue=queue,
            )
        return self.askers[manner]

    def _fleet(self, who: TeacherRecipe, role: Role) -> "Fleet":
        from rocot.teacher.fleet import Fleet
        from rocot.teacher.pace import FIRST
        from rocot.teacher.rates import Rates

        servers = _teachers(who, self.recipe, self.machine, role)
        for server in servers:
            self.stack.push_async_callback(server.close)
        return Fleet(
            servers,
            most=self.machine.workers,
            first=None if in_process(who.model) else FIRST,
            deadline=self.machine.deadline,
            rates=Rates(rpm=self.machine.rpm, tpm=self.machine.tpm),
            budget=self.budget,
            halted=self.halted,
        )

    def remarks(self) -> list[str]:
        """What a user should know of the servers just now."""
        told = [remark for fleet in self.fleets.values() for remark in fleet.remarks()]
        return told if self.waves is None else [*told, *self.waves.remarks()]

    def resting(self) -> list[Resting]:
        """The servers that are left alone just now."""
        return [server for fleet in self.fleets.values() for server in fleet.resting()]


def _teachers(who: TeacherRecipe, recipe: Recipe, machine: Machine, role: Role) -> Sequence[Teacher]:
    """The model, once for each of the role's servers."""
    model = who.model
    if model == "embedded":
        from rocot.teacher.embedded.teacher import Embedded

        return [Embedded()]
    if model == "scripted":
        from rocot.teacher.scripted import ScriptedTeacher

        return [ScriptedTeacher()]
    if model.startswith(VLLM):
        from rocot.teacher.serving import engine_arguments
        from rocot.teacher.vllm import VllmTeacher

        told = engine_arguments(model, recipe, load_prompts(recipe.prompts.folder, recipe.task.kind), machine.vllm)
        return [VllmTeacher(model, told)]
    if who.folder is not None:
        from rocot.teacher.hf import HfTeacher

        return [HfTeacher(who.name, who.folder)]
    from rocot.teacher.openai import OpenAITeacher

    return [
        OpenAITeacher(
            model,
            base_url=url,
            api_key=machine.key_of(role),
            connections=machine.workers,
            deadline=machine.deadline,
        )
        for url in dict.fromkeys(machine.urls_of(role) or (None,))
    ]


async def _queue(waves: "Waves", teacher: Teacher, machine: Machine, role: Role) -> "Queue | None":
    """Where calls to a model are put; None where they are made one by one. Raises ConfigError, ServiceError."""
    from rocot.teacher.openai import OpenAITeacher

    if not isinstance(teacher, OpenAITeacher):
        return None
    if len(set(machine.urls_of(role))) > 1:
        raise ConfigError(
            f"--batch: {teacher.model} has several base URLs; a batch lies at one service, so give the {role} one"
        )
    return await waves.queue(teacher, machine.key_of(role))


def sampling_of(who: TeacherRecipe) -> Sampling:
    """How a teacher draws its words."""
    return Sampling(**{name: getattr(who, name) for name in Sampling.model_fields})


def repair_of(who: TeacherRecipe, prompts: Prompts) -> Prompt | None:
    """What a teacher is told of a reply that cannot be read; None where it is not asked again."""
    return prompts.repair if who.repair else None
