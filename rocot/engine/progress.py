"""How a run stands: a tally that a command line may draw at any time. The engine itself prints nothing."""

from collections import Counter
from dataclasses import dataclass, field

from rocot.engine.attempt import Attempt
from rocot.engine.outcome import Kind


@dataclass
class Spent:
    """What was paid for."""

    attempts: int = 0
    failed: int = 0
    """Of the attempts."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, those that a prefix cache paid for."""
    cost: float | None = 0.0
    """Money; None once an attempt was made without a price."""

    def add(self, attempt: Attempt) -> None:
        """Counts one attempt."""
        self.attempts += 1
        self.failed += not attempt.ok
        self.prompt_tokens += attempt.prompt_tokens
        self.completion_tokens += attempt.completion_tokens
        self.cached_tokens += attempt.cached_tokens
        self.cost = None if self.cost is None or attempt.cost is None else self.cost + attempt.cost


@dataclass
class StageTally:
    """How the items of one stage ended in this run; what was found in the store is counted in."""

    done: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    failed: Counter[str] = field(default_factory=Counter)
    """By reason."""
    reused: int = 0
    """Of all these, how many were in the store already."""

    def add(self, kind: Kind, reason: str, *, reused: bool, count: int = 1) -> None:
        """Counts outcomes that ended the same way."""
        self.reused += count * reused
        if kind == "done":
            self.done += count
        else:
            (self.rejected if kind == "rejected" else self.failed)[reason] += count

    @property
    def total(self) -> int:
        """All that ended here, one way or another."""
        return self.done + self.rejected.total() + self.failed.total()


@dataclass
class Tally:
    """All counts of a run."""

    stages: dict[str, StageTally] = field(default_factory=dict)
    """By the stage's name, in the order of the plan."""
    seen: int = 0
    """Clips that the sources have listed so far."""
    clips: int | None = None
    """Clips in all; None while the sources are still listing."""
    expected: int | None = None
    """Clips in all, about, while the sources are still listing; None where nobody can tell."""
    ended: int = 0
    """Clips whose every chain has ended."""
    in_flight: int = 0
    """Chains at work."""
    elsewhere: int = 0
    """Clips that another process works on."""
    accepted: int = 0
    """Finished items that count towards the target; all of them where there is no target."""
    spent: Spent = field(default_factory=Spent)
