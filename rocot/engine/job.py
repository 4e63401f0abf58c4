"""How much of a plan to run, and how a run ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from rocot.core.record import Item

T = TypeVar("T", bound=Item)
Ending: TypeAlias = Literal["finished", "enough", "interrupted"]
"""All is done; as many items are accepted as were wanted; a stop was requested."""


@dataclass(frozen=True)
class Target(Generic[T]):
    """When a run has made enough."""

    count: int
    """No new clip is begun once so many finished items are accepted; what was begun gets all its rollouts."""
    accepts: Callable[[T], bool]
    """Whether a finished item counts."""


@dataclass(frozen=True)
class Job(Generic[T]):
    """What one run is to do. It changes no answer."""

    split: str
    workers: int
    """Chains in flight at most."""
    limit: int | None = None
    """Only the first so many clips of the listing."""
    target: Target[T] | None = None
    expected: Callable[[], int | None] = lambda: None
    """About how many clips the listing will come to, without the limit; None where nobody can tell."""
    beside: int = 0
    """Processes at most that may be started beside this one, for a last stage that asks nobody."""
    led: bool = False
    """Whether one rollout of a clip goes ahead, and the others begin once it has been through its first stage.

    What they are asked first begins alike: a server that has computed it for one has it in its prefix cache for all.
    """
    since: int | None = None
    """seq of an outcome: failures behind it are this run's own, and are not tried again. None: the newest, now."""
