"""What validating found: data for tables, and for `--json`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, computed_field

from rocot.core.record import Record
from rocot.sources.names import spelt

SHOWN = 3
"""Examples of each reason."""
BINS = 10
"""Of a distribution over 0 to 1."""
Named = Annotated[str, BeforeValidator(spelt)]
"""A path that somebody else has named."""


class Problem(Record):
    """Input, or a part of it, that cannot be used."""

    where: Named
    what: str


class Example(Record):
    """One row of a finding."""

    row: str
    """Its id, or its number in the file, from 0, where it has no usable id."""
    file: str
    detail: str


class Finding(Record):
    """One reason, and how many rows it holds for."""

    reason: str
    count: int
    examples: tuple[Example, ...]
    """The first few."""


class Distribution(Record):
    """Values between 0 and 1."""

    count: int
    mean: float | None
    """None where there are no values."""
    bins: tuple[int, ...]
    """How many lie in each tenth, 1 in the last."""


class Report(Record):
    """What stands at a path: whether it can be used, whether its rows are valid, and what they are like."""

    path: Named
    kind: Literal["run", "release", "shards", "file", "manifest", "nothing"]
    files: int
    """Parquet files that were read."""
    rows: int
    """Of a manifest, its texts."""
    kept: int
    """Rows that are meant for training."""
    invalid_rows: int
    problems: tuple[Problem, ...]
    """What cannot be used: exit code 2."""
    notes: tuple[str, ...]
    """What is worth knowing and nobody's fault."""
    invalid: tuple[Finding, ...]
    """Why rows are invalid, the most frequent first: exit code 1. One row may count under several reasons."""
    faults: tuple[Finding, ...]
    """The gate's rejecting rules that valid rows break and say so; they are published, and not kept."""
    warnings: tuple[Finding, ...]
    """The gate's rules that only warn, and that rows break."""
    outcomes: dict[str, int]
    not_kept: dict[str, int]
    """Rows that are not meant for training, by the reason that they give."""
    graded_on: dict[str, int]
    left_out: dict[str, int]
    """Samples that did not become rows, by stage and reason, as the manifest has it."""
    initial_tiou: Distribution
    """Of rows whose truth has spans: the initial answer's temporal IoU with it."""
    revised_tiou: Distribution
    """Of the same rows: the revised answer's."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic's own advice
    @property
    def exit_code(self) -> Literal[0, 1, 2]:
        """0: every row is valid. 1: some are not. 2: some of the input, or all of it, cannot be used."""
        if self.problems:
            return 2
        return 1 if self.invalid_rows else 0


@dataclass
class Findings:
    """Counts reasons, and keeps the first few examples of each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, reason: str, example: Example) -> None:
        """One more row."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < SHOWN:
            shown.append(example)

    def all(self) -> tuple[Finding, ...]:
        """The most frequent first, then by name."""
        order: Iterable[str] = sorted(self.counts, key=lambda reason: (-self.counts[reason], reason))
        return tuple(
            Finding(reason=reason, count=self.counts[reason], examples=tuple(self.examples[reason])) for reason in order
        )


@dataclass
class Histogram:
    """Counts values between 0 and 1."""

    bins: list[int] = field(default_factory=lambda: [0] * BINS)
    total: float = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.bins[min(int(value * BINS), BINS - 1)] += 1
        self.total += value

    def all(self) -> Distribution:
        """As it stands."""
        count = sum(self.bins)
        return Distribution(count=count, mean=self.total / count if count else None, bins=tuple(self.bins))
