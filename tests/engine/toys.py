"""Items and stages of no video and no model, for tests of the engine."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import Field

from rocot.core.record import Item, Json
from rocot.engine.attempt import Attempt
from rocot.engine.job import Ending, Job, Target
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan, Rejected, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store


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


async def instantly(item: Item) -> None:
    """Takes no time."""
    await asyncio.sleep(0)


@dataclass(frozen=True)
class Speak:
    """Asks, after the fan-out: a recorded attempt for each item."""

    store: Store
    calls: list[str] = field(default_factory=list, compare=False)
    accent: str = "tin"
    during: Callable[[Wound], object] = instantly
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
            waiting = self.during(item)
            if asyncio.iscoroutine(waiting):
                waiting = await waiting
            if isinstance(waiting, Rejected):
                return waiting
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


@dataclass
class Workshop:
    """A run in a folder, opened anew for each `work`; counts what its stages were asked to do."""

    folder: Path
    winds: list[str] = field(default_factory=list)
    speaks: list[str] = field(default_factory=list)
    grades: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    stop: Stop = field(default_factory=Stop)

    def plan(
        self,
        store: Store,
        *,
        count: int = 10,
        mark: int = 0,
        rollouts: int = 2,
        accent: str = "tin",
        during: Callable[[Wound], object] = instantly,
        truth: Callable[[str], int] = len,
    ) -> Plan[Graded]:
        return (
            start(toys(count, mark=mark))
            .then(Wind(self.winds))
            .fan_out(rollouts)
            .then(Speak(store, self.speaks, accent, during))
            .then(Grade(truth, self.grades))
        )

    async def work(
        self,
        *,
        workers: int = 4,
        limit: int | None = None,
        target: Target[Graded] | None = None,
        **of_the_plan: object,
    ) -> Ending:
        """Runs once more, as a new process would."""
        for calls in (self.winds, self.speaks, self.grades):
            calls.clear()
        self.tally, self.stop = Tally(), Stop()
        with Store(self.folder) as store:
            plan = self.plan(store, **of_the_plan)  # type: ignore[arg-type]
            return await run(plan, store, Job("train", workers, limit, target), self.tally, self.stop)
