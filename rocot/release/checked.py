"""How the checks went: what each of them found, and how often the revised answer was right where it found that."""

from collections import Counter
from dataclasses import dataclass, field
from typing import get_args

from rocot.core.checks import Finding
from rocot.core.record import Record
from rocot.core.row import Row

NAMES = ("reanswer", "counterfactual", "critic")


class Checked(Record):
    """Rows of which one check found the same."""

    check: str
    """`reanswer`, `counterfactual` or `critic`."""
    finding: Finding
    rows: int
    outcomes: dict[str, int]
    """Rows by outcome."""
    right: float | None
    """Of the graded ones, those whose revised answer is right; 0 to 1, None where none is graded."""


@dataclass
class Findings:
    """Counts findings."""

    counts: Counter[tuple[str, Finding, str]] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """One more row; a check that is off counts under nothing."""
        for name, check in zip(NAMES, (row.reanswer, row.counterfactual, row.critic), strict=True):
            if check is not None:
                self.counts[name, check.finding, row.outcome] += 1

    def all(self) -> tuple[Checked, ...]:
        """As it stands: the checks in their order, and what they found from `agrees` to `unchecked`."""
        return tuple(
            found for name in NAMES for finding in get_args(Finding) if (found := self._of(name, finding)).rows
        )

    def _of(self, name: str, finding: Finding) -> Checked:
        outcomes = {
            outcome: number
            for (check, found, outcome), number in sorted(self.counts.items())
            if (check, found) == (name, finding)
        }
        rows = sum(outcomes.values())
        graded = rows - outcomes.get("ungraded", 0)
        right = outcomes.get("confirmed", 0) + outcomes.get("corrected", 0)
        return Checked(
            check=name, finding=finding, rows=rows, outcomes=outcomes, right=right / graded if graded else None
        )
