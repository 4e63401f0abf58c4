"""How specific reflections are: whether they check anything, name a time, find a fault, or say the same each time.

Published work measures only whether the answer changes; these shares are our choice.
"""

import re
from dataclasses import dataclass, field
from hashlib import blake2b

from rocot.core.cited import citations
from rocot.core.record import Record
from rocot.core.row import Row

LONGEST = 50_000
"""Characters of a critique that are searched for times."""
_VARYING = re.compile(r"[\d\W]+")


class Reflections(Record):
    """Shares of all reflections, 0 to 1; None where there are none."""

    count: int
    keep: float | None
    """Say that the first answer should stand."""
    checked: float | None
    """Hold at least one claim against the frames."""
    timed: float | None
    """Name a time, in a check or in words."""
    refuted: float | None
    """Find at least one claim that does not hold."""
    distinct: float | None
    """Wordings of the critique that differ in more than numbers, punctuation and case, over all reflections."""
    checks: float | None
    """Checks a reflection, mean."""
    words: float | None
    """Words of the critique, mean."""


@dataclass
class Said:
    """Counts reflections."""

    counts: dict[str, int] = field(default_factory=dict)
    wordings: set[bytes] = field(default_factory=set)

    def add(self, row: Row) -> None:
        """One more."""
        said = row.reflection
        for name, number in {
            "count": 1,
            "keep": said.verdict == "keep",
            "checked": bool(said.checks),
            "timed": bool(said.checks) or any(True for _ in citations(said.critique[:LONGEST])),
            "refuted": any(not check.holds for check in said.checks),
            "checks": len(said.checks),
            "words": len(said.critique.split()),
        }.items():
            self.counts[name] = self.counts.get(name, 0) + number
        plain = _VARYING.sub(" ", said.critique.casefold()).strip()
        self.wordings.add(blake2b(plain.encode("utf-8", "replace"), digest_size=8).digest())

    def all(self) -> Reflections:
        """As it stands."""
        count = self.counts.get("count", 0)
        told = {**self.counts, "distinct": len(self.wordings)}
        names = ("keep", "checked", "timed", "refuted", "distinct", "checks", "words")
        return Reflections(count=count, **{name: told[name] / count if count else None for name in names})
