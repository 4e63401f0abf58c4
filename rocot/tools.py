"""Recipe and machine become clients here, and nowhere else.

A client is imported when a recipe picks it: what a recipe does not name need not be installed, nor waited for.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rocot.assets import Prompts, load_prompts
from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.prompt import Ask, Prompt, Sampling
from rocot.core.record import Json
from rocot.core.reflection import About
from rocot.core.truth import Truth
from rocot.engine.attempt import Ledger
from rocot.errors import ConfigError
from rocot.machine import Machine
from rocot.prices import VLLM, in_process
from rocot.recipe import FramesRecipe, Imported, Recipe, Role, Scenes, SourceRecipe, TeacherRecipe
from rocot.sources.forecast import Forecast
from rocot.sources.parted import Share, every
from rocot.sources.protocol import Skipped, Source, TruthOf, Video
from rocot.sources.shuffled import Shuffled
from rocot.sources.truths import Truths
from rocot.sources.withdrawn import Without
from rocot.sources.withdrawn import skipped as withheld
from rocot.teacher.protocol import Asks, Compose, Parse, Reply, Resting, Teacher, identity_of
from rocot.video.protocol import Look, Sampled, Samples

if TYPE_CHECKING:
    from rocot.engine.batches import Batches
    from rocot.teacher.asker import Asker, Pictures, Queue
    from rocot.teacher.budget import Budget
    from rocot.teacher.fleet import Fleet
    from rocot.teacher.wave import Waves
    from rocot.video.frames import Frames
    from rocot.video.isolated import Isolated, Limits


@dataclass(frozen=True)
class Tools:
    """What the stages work with."""

    frames: Samples
    teacher: Asks
    reflector: Asks
    reviser: Asks
    checker: Asks
    """The teacher where no check is on: it is asked nothing."""
    prompts: Prompts
    truth: TruthOf
    shuffled: Shuffled = field(default_factory=Shuffled)
    """What a control hands to the reflection in place of the truth."""
    remarks: Callable[[], Sequence[str]] = tuple
    """What a user should know of the teachers' servers just now."""
    notices: Callable[[], Sequence[str]] = tuple
    """What is to be told once, the oldest first."""
    resting: Callable[[], Sequence[Resting]] = tuple
    """The teachers' servers that are left alone just now."""
    waves: "Waves | None" = None
    """The calls that are answered by batch, where any are."""


def _no_truth(clip: Clip) -> Truth:
    raise NotImplementedError("a described plan is not run")


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
        roster = _Roster(recipe, machine, ledger, frames, prompts, shared, halted, waves, stack)
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
        roster = _Roster(
            recipe, machine, ledger, _NoPictures(), load_prompts(), budget, halted, waves=None, stack=stack
        )
        yield Judge(await roster.asker("teacher"), roster.remarks, roster.resting)


class _NoPictures:
    async def load(self, item: About) -> Mapping[str, bytes]:
        return {}


@dataclass
class _Roster:
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
        manner = (*place, _sampling(who), who.speaks, who.repair)
        if place not in self.fleets:
            self.fleets[place] = self._fleet(who, role)
        fleet = self.fleets[place]
        queue = None if self.waves is None else await _queue(self.waves, fleet.teacher, self.machine, role)
        if manner not in self.askers:
            self.askers[manner] = Asker(
                fleet,
                self.ledger,
                self.frames,
                sampling=_sampling(who),
                dialect=who.speaks,
                repair=_repair(who, self.prompts),
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


@contextmanager
def sampler(recipe: FramesRecipe, machine: Machine) -> Iterator["Frames"]:
    """What reads frames, and keeps them in the cache."""
    from rocot.engine.blobs import Blobs
    from rocot.video.frames import Frames

    look = Look(height=recipe.height, quality=recipe.quality)
    blobs = Blobs(machine.cache / "frames", quota=int(machine.cache_quota * 1e9))
    isolated = reader(recipe, machine)
    with closing(Frames(isolated, blobs, look, machine.decoders)) as frames:
        try:
            yield frames
        finally:  # what is still decoding is asked for by nobody, and may take its whole deadline
            frames.drop()
            isolated.close()


def described(recipe: Recipe, truth: TruthOf = _no_truth, shuffled: Shuffled | None = None) -> Tools:
    """Tools that say what they are and do nothing: enough to build a plan, print it and compare its fingerprints.

    Raises ConfigError for a prompt that cannot be read.
    """
    prompts = load_prompts(recipe.prompts.folder, recipe.task.kind)
    return Tools(
        frames=_NoFrames(),
        teacher=_Described(recipe.asked["teacher"], prompts),
        reflector=_Described(recipe.asked["reflector"], prompts),
        reviser=_Described(recipe.asked["reviser"], prompts),
        checker=_Described(recipe.asked.get("checker", recipe.teacher), prompts),
        prompts=prompts,
        truth=truth,
        shuffled=shuffled or Shuffled(),
    )


def sources(
    recipe: Recipe,
    machine: Machine,
    rendered: Callable[[int, int], None] | None = None,
    share: Share | None = None,
) -> Sequence[Source]:
    """The recipe's sources, in its order, with the videos of a part. `rendered(done, missing)` tells of scenes made."""
    from rocot.sources.folder import FolderSource
    from rocot.sources.scenes.source import ScenesSource

    def made(source: SourceRecipe) -> Source:
        takes = every if share is None else share.of(source.name)
        if isinstance(source, Scenes):
            counts = source.train, source.test
            return ScenesSource(machine.cache / "scenes", *counts, source.seed, rendered, source.anomalies, takes)
        opens, salvage = reader(recipe.frames, machine), recipe.frames.damaged == "partial"
        if isinstance(source, Imported):
            from rocot.sources.manifest.source import ManifestSource  # it brings pyarrow along

            where = source.name, source.manifest, source.videos, source.labels
            return ManifestSource(*where, opens, salvage=salvage, takes=takes)
        return FolderSource(
            source.name,
            source.videos,
            source.annotations,
            source.split,
            source.classes,
            opens,
            questions=source.questions,
            salvage=salvage,
            takes=takes,
        )

    return [made(source) for source in recipe.sources]


def listing(  # noqa: PLR0913, PLR0917 - a run, its split, and who learns of what
    recipe: Recipe,
    machine: Machine,
    split: str,
    truths: Truths,
    skipped: Callable[[Skipped], None],
    rendered: Callable[[int, int], None] | None = None,
    forecast: Forecast | None = None,
    share: Share | None = None,
) -> Iterator[Clip]:
    """The clips of a split, in a fixed order, without those that leak and those that are withdrawn.

    See `rocot.sources.windows.clips`. With a `share`, those of a part; it must be a new one.

    Raises ConfigError for a source that cannot be used.
    """
    from rocot.sources.windows import clips

    gone = recipe.withdrawn_ids
    found = [Without(source, gone) for source in sources(recipe, machine, rendered, share)]
    guarded = guard(recipe, split)
    for clip in clips(
        found, split, recipe.windows, truths, skipped, guarded, recipe.allow_leaks, recipe.task, forecast
    ):
        if share is not None and not share.part.holds(clip.source, clip.video):
            continue
        if clip.id in gone:
            skipped(withheld(clip.id, clip.source))
        else:
            yield clip


def shuffle(
    recipe: Recipe, machine: Machine, split: str, rendered: Callable[[int, int], None] | None = None
) -> Shuffled:
    """What the reflections of a control are handed; of any other recipe, nothing. It lists the whole split.

    Raises ConfigError for a source that cannot be used.
    """
    shuffled, truths = Shuffled(), Truths()
    if recipe.teacher.guided == "shuffled":
        for clip in listing(recipe, machine, split, truths, lambda _: None, rendered):
            shuffled.learn(clip, truths(clip))
    return shuffled


def guard(recipe: Recipe, split: str) -> Callable[[Video], str]:
    """Says which test split holds a video, "" for none: `official test split of ucf-crime`. Nothing leaks into test.

    It knows the recipe's manifests, with what their videos look like, and the official lists that ship with rocot.
    Raises ConfigError for a manifest that cannot be read.
    """
    paths = [source.manifest for source in recipe.sources if isinstance(source, Imported)]
    if split == "test" or not paths:
        return lambda _: ""
    from rocot.sources.manifest.alike import alike
    from rocot.sources.manifest.file import Streamed
    from rocot.sources.manifest.leaks import leaks
    from rocot.sources.manifest.official import official_test

    found = leaks(map(Streamed, paths), official_test, alike)
    tests = {
        leak.video: f"{'official ' * leak.there.official}test split of {leak.there.dataset}"
        + f", by what it shows: it is {leak.twin} there" * bool(leak.twin)
        for leak in found
        if leak.here.common == split and leak.there.common == "test"
    }
    return lambda video: tests.get(video.identity, "")


def reader(recipe: FramesRecipe, machine: Machine) -> "Isolated":
    """The frame reader of that name, in processes that sources and samplers share; the first call starts them.

    Raises ConfigError for `decord` where it is not installed.
    """
    from rocot.video.isolated import Limits

    if recipe.reader == "decord" and find_spec("decord") is None:
        raise ConfigError(
            'frames.reader: decord is not installed, and has wheels for Linux on x86-64 alone; take reader = "av"'
        )
    limits = Limits(deadline=machine.decode_deadline, memory=int(machine.decode_memory * 1e9), workers=machine.decoders)
    return _isolated(recipe.reader, limits)


@cache
def _isolated(name: str, limits: "Limits") -> "Isolated":
    from rocot.video.isolated import Isolated

    return Isolated(name, limits)


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
        OpenAITeacher(model, base_url=url, api_key=machine.key_of(role), connections=machine.workers)
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


def _sampling(who: TeacherRecipe) -> Sampling:
    return Sampling(**{name: getattr(who, name) for name in Sampling.model_fields})


def _repair(who: TeacherRecipe, prompts: Prompts) -> Prompt | None:
    return prompts.repair if who.repair else None


@dataclass(frozen=True)
class _Described:
    """A teacher that only says who it is, in the words of `Asker`."""

    who: TeacherRecipe
    prompts: Prompts

    @property
    def model(self) -> str:
        return self.who.name

    @property
    def sampling(self) -> Sampling:
        return _sampling(self.who)

    @property
    def identity(self) -> Json:
        return identity_of(self.model, self.sampling, self.who.speaks, _repair(self.who, self.prompts))

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        raise NotImplementedError("a described plan is not run")


class _NoFrames:
    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        raise NotImplementedError("a described plan is not run")

    async def packets(self, clip: Clip, margin: float) -> Packets:
        raise NotImplementedError("a described plan is not run")
