"""Stages, and the plan that puts them in order. A plan is a value: building it runs nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Never, Protocol, TypeVar, runtime_checkable

from rocot.core.record import Item, Json, digest
from rocot.errors import ItemError

In = TypeVar("In", bound=Item, contravariant=True)
Out = TypeVar("Out", bound=Item, covariant=True)
T = TypeVar("T", bound=Item, covariant=True)
U = TypeVar("U", bound=Item)


@dataclass(frozen=True)
class Rejected:
    """A sample that a stage turns away: data, not an error."""

    reason: str
    """A short name to count by."""
    detail: str = ""


class Stage(Protocol[In, Out]):
    """One step: an item in, a richer item out, or a rejection. Raises ItemError for a sample that it spoils."""

    @property
    def name(self) -> str:
        """As it stands in the store and the tables."""

    @property
    def output(self) -> type[Out]:
        """The type of what it makes; a subclass of what it takes."""

    @property
    def identity(self) -> Json:
        """What changes its answer, and nothing else: no worker count, no folder, no address."""

    def context(self, item: In, /) -> Json:
        """What else its answer hangs on for this one clip (its truth, say); None for most stages.

        It may be asked with any item of the chain, the clip as it was listed too, and says the same of all of them.
        Whether it is None hangs on `identity` and on no item: what is stored is taken up without asking, where it is.
        """

    async def __call__(self, item: In, /) -> Out | Rejected:
        """Do it."""


AnyStage = Stage[Never, Item]
"""A stage whose types the plan's builder has already checked."""


@runtime_checkable
class Instant(Stage[Never, Item], Protocol):
    """A stage that asks nobody and waits for nothing.

    Where it is the last one, many items are put through at once, and in other processes, too.
    """

    def at_once(self, page: Sequence[tuple[Item, Json]], /) -> Sequence[Item | Rejected | ItemError]:
        """As `__call__` does, of each item as the store holds it; all else that it looks up is in the context.

        An ItemError stands for a sample that it spoils.
        """

    @property
    def elsewhere(self) -> tuple[str, Json]:
        """`module:callable`, and what it is called with to make the same stage in another process."""


@dataclass(frozen=True)
class Step:
    """A stage at its place in a plan."""

    stage: AnyStage
    fingerprint: str
    """Digest of the identities of this stage and of all before it."""
    rollouts: int | None
    """The number of rollouts it runs for; None before the fan-out."""


@dataclass(frozen=True)
class Plan(Generic[T]):
    """Items, and the stages they go through."""

    items: Iterable[Item]
    steps: tuple[Step, ...] = ()
    rollouts: int | None = None

    def then(self, stage: Stage[T, U]) -> "Plan[U]":
        """The plan with one more stage; a stage that does not take what the last one makes is a type error."""
        before = self.steps[-1].fingerprint if self.steps else ""
        fingerprint = digest([before, stage.name, stage.identity])
        return Plan(self.items, (*self.steps, Step(stage, fingerprint, self.rollouts)), self.rollouts)

    def fan_out(self, rollouts: int) -> "Plan[T]":
        """The plan in which each item goes on as so many rollouts. Once in a plan."""
        if self.rollouts is not None:
            raise ValueError("a plan fans out once")
        return Plan(self.items, self.steps, rollouts)

    @property
    def fingerprint(self) -> str:
        """Of the whole flow: what its results are named by."""
        return self.steps[-1].fingerprint

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __str__(self) -> str:
        """One line a stage, with its fingerprint."""
        lines = [f"{step.stage.name:<16}{step.stage.output.__name__:<12}{step.fingerprint[:12]}" for step in self.steps]
        marks = [
            f"{lines[index + 1]}  x {after.rollouts} rollouts"
            if before.rollouts != after.rollouts
            else lines[index + 1]
            for index, (before, after) in enumerate(pairwise(self.steps))
        ]
        return "\n".join([*lines[:1], *marks])


def start(items: Iterable[U]) -> Plan[U]:
    """A plan with no stage yet."""
    return Plan(items)
