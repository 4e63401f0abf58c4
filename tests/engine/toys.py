"""Items and stages of no video and no model, for tests of the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

from pydantic import Field

from rocot.core.record import Item, Json
from rocot.engine.attempt import Attempt
from rocot.engine.harvest import Harvest, Lost
from rocot.engine.job import Ending, Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan, Rejected, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.errors import TeacherError

JOB: "Job[Graded]" = Job("train", workers=4)


class Toy(Item):
    id: str
    path: str = Field(exclude=True, default="")
    mark: int = 0

    @property
    def key(self) -> str:
        return self.id

    def fanned(self, rollout: int) -> Self:
        raise TypeError("only wound toys fan out")


class Wound(Toy):
    turns: float
    rollout: int = 0

    @property
    def key(self) -> str:
        return f"{self.id}#{self.rollout}"

    def fanned(self, rollout: int) -> Self:
        return self.model_copy(update={"rollout": rollout})


class Spoken(Wound):
    words: tuple[str, ...]


class Graded(Spoken):
    grade: int

    @property
    def counted_as(self) -> str:
        return "odd" if self.grade % 2 else "even"


def toys(count: int, *, mark: int = 0) -> Iterator[Toy]:
    return (Toy(id=f"toy/{number:05d}", path=f"/shelf/{number}", mark=mark) for number in range(count))


@dataclass(frozen=True)
class Wind:
    """Before the fan-out."""

    calls: list[str] = field(default_factory=list, compare=False)
    name: str = "wind"
    output: type[Wound] = Wound

    @property
    def identity(self) -> Json:
        return "clockwise"

    def context(self, item: Toy, /) -> Json:
        return None

    async def __call__(self, item: Toy, /) -> Wound:
        self.calls.append(item.key)
        return Wound(**dict(item), turns=len(item.id))


async def instantly(_: Wound) -> Rejected | None:
    """Takes no time, and turns nobody away."""
    await asyncio.sleep(0)
    return None


async def fail_passing(_: object) -> None:
    """Fails in a way that may pass."""
    raise TeacherError("timeout", "nothing came", passing=True)


During: TypeAlias = Callable[[Wound], Awaitable[Rejected | None]]


@dataclass(frozen=True)
class Speak:
    """Asks, after the fan-out: a recorded attempt for each item."""

    store: Store
    calls: list[str] = field(default_factory=list, compare=False)
    accent: str = "tin"
    during: During = instantly
    name: str = "speak"
    output: type[Spoken] = Spoken

    @property
    def identity(self) -> Json:
        return {"accent": self.accent}

    def context(self, item: Wound, /) -> Json:
        return None

    async def __call__(self, item: Wound, /) -> Spoken | Rejected:
        call = f"{self.accent}:{item.mark}:{item.key}"
        body = self.store.reply_to(call)
        if body is None:
            self.calls.append(item.key)
            rejected = await self.during(item)
            if rejected is not None:
                return rejected
            body = call.encode()
            await self.store.add_attempt(attempt(call, body, item=item.key))
        return Spoken(**dict(item), words=tuple(body.decode().split(":")))


@dataclass(frozen=True)
class Grade:
    """Looks its truth up, as a judge does."""

    truth: Callable[[str], int] = len
    calls: list[str] = field(default_factory=list, compare=False)
    name: str = "grade"
    output: type[Graded] = Graded

    @property
    def identity(self) -> Json:
        return None

    def context(self, item: Spoken, /) -> Json:
        return self.truth(item.id)

    async def __call__(self, item: Spoken, /) -> Graded:
        self.calls.append(item.key)
        return Graded(**dict(item), grade=self.truth(item.id))


@dataclass(frozen=True)
class Stamp(Grade):
    """The same at once, of many."""

    @property
    def elsewhere(self) -> tuple[str, Json]:
        return "tests.engine.toys:stamp", self.name

    def at_once(self, page: Sequence[tuple[Item, Json]], /) -> list[Graded]:
        return [self._stamped(item, context) for item, context in page]

    def _stamped(self, item: Item, context: Json) -> Graded:
        assert isinstance(item, Spoken)
        assert isinstance(context, int)
        self.calls.append(item.key)
        return Graded(**dict(item), grade=context)


def stamp(name: str) -> Stamp:
    """That of another process."""
    return Stamp(name=name)


def attempt(call: str, body: bytes = b"{}", *, item: str = "toy", ok: bool = True) -> Attempt:
    return Attempt(
        call=call,
        item=item,
        stage="speak",
        model="tin:1",
        endpoint="http://shelf",
        ok=ok,
        reason="" if ok else "timeout",
        status=200 if ok else 0,
        body=body,
        prompt_tokens=100,
        completion_tokens=10,
        cached_tokens=60,
    )


@dataclass(frozen=True)
class Making:
    """What is made of which toys."""

    count: int = 10
    mark: int = 0
    rollouts: int = 2
    accent: str = "tin"
    during: During = instantly
    truth: Callable[[str], int] = len
    at_once: bool = True
    """Whether grades are given to many at once."""
    items: Iterable[Toy] | None = None
    """Instead of `count` of them."""


USUAL = Making()


@dataclass
class Workshop:
    """A run in a folder, opened anew for each `work`; notes which items its stages were asked about."""

    folder: Path
    winds: list[str] = field(default_factory=list)
    speaks: list[str] = field(default_factory=list)
    grades: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    stop: Stop = field(default_factory=Stop)

    def plan(self, store: Store, making: Making) -> Plan[Graded]:
        return (
            start(toys(making.count, mark=making.mark) if making.items is None else making.items)
            .then(Wind(self.winds))
            .fan_out(making.rollouts)
            .then(Speak(store, self.speaks, making.accent, making.during))
            .then((Stamp if making.at_once else Grade)(making.truth, self.grades))
        )

    async def work(self, making: Making = USUAL, job: Job[Graded] = JOB) -> Ending:
        """Runs once more, as a new process would."""
        for calls in (self.winds, self.speaks, self.grades):
            calls.clear()
        self.tally, self.stop = Tally(), Stop()
        with Store(self.folder) as store:
            return await run(self.plan(store, making), store, job, self.tally, self.stop)

    def harvest(self, making: Making = USUAL) -> tuple[list[Graded], list[Lost]]:
        """What came to the end, and what did not."""
        with Store(self.folder) as store:
            found = list(Harvest(store, Toy, tuple(self.plan(store, making)), Graded).items("train"))
        return [it for it in found if isinstance(it, Graded)], [it for it in found if isinstance(it, Lost)]
