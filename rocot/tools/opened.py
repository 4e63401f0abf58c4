"""The tools of a run, and of judges of texts."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rocot.assets import load_prompts
from rocot.core.reflection import About
from rocot.engine.attempt import Ledger
from rocot.machine import Machine
from rocot.recipe import Recipe
from rocot.sources.protocol import TruthOf
from rocot.sources.shuffled import Shuffled
from rocot.teacher.protocol import Asks, Resting
from rocot.tools import Tools
from rocot.tools.reading import sampler
from rocot.tools.roster import Roster

if TYPE_CHECKING:
    from rocot.engine.batches import Batches
    from rocot.teacher.budget import Budget


@asynccontextmanager
async def opened(  # noqa: PLR0913  # what a run is, and two settings by name
    recipe: Recipe,
    machine: Machine,
    ledger: Ledger,
    truth: TruthOf,
    *,
    shuffled: Shuffled | None = None,
    halted: Callable[[], bool] = lambda: False,
    budget: "Budget | None" = None,
    batches: "Batches | None" = None,
) -> AsyncIterator[Tools]:
    """The tools of a run; what they hold is let go of at the end. `halted` says that the run is ending.

    With `batches`, what OpenAI-compatible services are asked goes there by batch.

    Raises ConfigError for a prompt that cannot be read, and for a teacher that needs a key or base URL it has not got;
    with `batches` also ServiceError, for services that offer none.
    """
    from rocot.teacher.budget import Budget

    prompts, shared = load_prompts(recipe.prompts.folder, recipe.task.kind), budget or Budget()
    async with AsyncExitStack() as stack:
        frames = stack.enter_context(sampler(recipe.frames, machine))
        waves = None
        if batches is not None:
            from rocot.teacher.wave import Waves

            waves = Waves(batches, shared, deadline=machine.deadline, halted=halted)
        roster = Roster(recipe, machine, ledger, frames, prompts, shared, halted, waves, stack)
        asks = {role: await roster.asker(role) for role in recipe.asked}
        if waves is not None:
            stack.push_async_callback(waves.close)  # last, and so before the connections that it uses
            waves.adopt()
        yield Tools(
            frames=frames,
            teacher=asks["teacher"],
            reflector=asks["reflector"],
            reviser=asks["reviser"],
            checker=asks.get("checker", asks["teacher"]),
            prompts=prompts,
            truth=truth,
            shuffled=shuffled or Shuffled(),
            remarks=roster.remarks,
            notices=tuple if waves is None else waves.notices,
            resting=roster.resting,
            waves=waves,
        )


@dataclass(frozen=True)
class Judge:
    """Who rates texts."""

    judge: Asks
    remarks: Callable[[], Sequence[str]]
    """What a user should know of its servers just now."""
    resting: Callable[[], Sequence[Resting]]
    """Its servers that are left alone just now."""


@asynccontextmanager
async def judging(
    recipe: Recipe, machine: Machine, ledger: Ledger, *, budget: "Budget", halted: Callable[[], bool]
) -> AsyncIterator[Judge]:
    """The recipe's teacher as one who reads and is shown no frame. Raises ConfigError, as `opened`."""
    async with AsyncExitStack() as stack:
        roster = Roster(recipe, machine, ledger, _NoPictures(), load_prompts(), budget, halted, waves=None, stack=stack)
        yield Judge(await roster.asker("teacher"), roster.remarks, roster.resting)


class _NoPictures:
    async def load(self, item: About) -> Mapping[str, bytes]:
        return {}
