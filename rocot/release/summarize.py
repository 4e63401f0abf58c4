"""Summarize: a release measures itself, from its shards. Nothing is graded anew; `validate` does that."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from pathlib import Path
from sys import intern

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from rocot.arrow import schema_of
from rocot.core.blind import Choice, Guesses
from rocot.core.record import digest
from rocot.core.row import Row
from rocot.errors import StoreError
from rocot.measures.flips import SUMS, flips, grounding, sums_of
from rocot.measures.resample import Numbers
from rocot.prices import Prices
from rocot.release.believed import believed
from rocot.release.checked import Findings
from rocot.release.columns import column_faults
from rocot.release.find import Found, find
from rocot.release.manifest import Manifest
from rocot.release.report import Histogram
from rocot.release.shards import opened
from rocot.release.specificity import Said
from rocot.release.spending import spent
from rocot.release.summary import Funnel, Group, Summary
from rocot.release.warn import warnings

BATCH_ROWS = 128
SHOWN = 3
"""Examples of each outcome."""
TOLD = 3
"""Problems that an error names."""
LENGTHS = (5, 10, 30, 60, 180)
"""Seconds: where the groups by length of the clip part."""
UNKNOWN = "unknown"
"""The class of rows whose truth has no labels."""


@dataclass
class Gathered:
    """A summary, and the rows of its examples."""

    summary: Summary
    examples: dict[str, list[Row]]
    """By outcome."""


def summarize(path: Path, prices: Prices) -> Gathered:
    """Reads a run's release, a release, a folder of shards or one Parquet file. Memory grows with videos, not rows.

    Raises StoreError where it cannot be read whole.
    """
    return _gathered(find(path), path, prices)


def measured(folder: Path, manifest: Manifest) -> Summary:
    """As `summarize`, of a release whose manifest is not written yet, and whose rows are this rocot's own.

    Raises StoreError for what cannot be read.
    """
    files = [folder / file.path for entry in manifest.splits.values() for file in entry.files]
    found, tally = Found("release", folder, files, manifest), _Tally()
    for file in files:
        with _whole(found, file):
            for row in believed(file):
                tally.add(row)
    return _told(found, folder, Prices(), tally).summary


def _gathered(found: Found, path: Path, prices: Prices) -> Gathered:
    _refuse(found)
    tally = _Tally()
    for file in found.files:
        _read(found, file, tally)
    return _told(found, path, prices, tally)


def _told(found: Found, path: Path, prices: Prices, tally: "_Tally") -> Gathered:
    _refuse(found)
    summary = tally.summary(found, path, prices)
    examples = {outcome: [row for _, row in shown] for outcome, shown in tally.examples.items()}
    return Gathered(summary.model_copy(update={"warnings": warnings(summary)}), examples)


def _refuse(found: Found) -> None:
    if found.problems:
        told = "; ".join(f"{problem.where}: {problem.what}" for problem in found.problems[:TOLD])
        more = f"; and {len(found.problems) - TOLD} more" if len(found.problems) > TOLD else ""
        raise StoreError(f"no report of what cannot be used: {told}{more}; `rocot validate` tells all")


def _read(found: Found, path: Path, tally: "_Tally") -> None:
    with _whole(found, path), opened(path) as file:
        for fault in column_faults(file.schema_arrow, schema_of(Row)):
            found.problem(path, fault)
        if not found.problems:
            for values in _values(file):
                tally.read(values)


@contextmanager
def _whole(found: Found, path: Path) -> Iterator[None]:
    """Notes a file that cannot be read."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        found.problem(path, f"is no whole Parquet file ({error})"[:300])


def _values(file: pq.ParquetFile) -> Iterator[Mapping[str, object]]:
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=schema_of(Row).names):
        yield from batch.to_pylist()


@dataclass(frozen=True, slots=True)
class _Cell:
    """What rows must share to be added up together. There is one at least for each video: 0.4 kB with its sums."""

    source: str
    video: str
    split: str
    classes: tuple[str, ...]
    duration: str

    def names(self, by: str) -> tuple[str, ...]:
        """The groups of that kind that the rows belong to."""
        every = {"source": (self.source,), "class": self.classes, "duration": (self.duration,), "split": (self.split,)}
        return every[by]


@dataclass
class _Tally:
    cells: dict[_Cell, "array[float]"] = field(default_factory=dict)
    unreadable: int = 0
    kept: int = 0
    unkept_broken: int = 0
    unkept_outcome: Counter[str] = field(default_factory=Counter)
    unkept_mix: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    first: Histogram = field(default_factory=Histogram)
    last: Histogram = field(default_factory=Histogram)
    said: Said = field(default_factory=Said)
    guesses: Guesses = field(default_factory=Guesses)
    checked: Findings = field(default_factory=Findings)
    examples: dict[str, list[tuple[str, Row]]] = field(default_factory=dict)
    """By outcome, with what they are chosen by."""

    def read(self, values: Mapping[str, object]) -> None:
        """One more row, if it is one."""
        try:
            row = Row.model_validate(values)
        except ValidationError:
            self.unreadable += 1
        else:
            self.add(row)

    def add(self, row: Row) -> None:
        """One more row."""
        self._count(row)
        sums = self.cells.setdefault(_cell(row), array("d", bytes(8 * len(SUMS))))
        for index, more in enumerate(sums_of(row)):
            sums[index] += more
        if row.truth.spans and row.scores.initial_tiou is not None and row.scores.revised_tiou is not None:
            self.first.add(row.scores.initial_tiou)
            self.last.add(row.scores.revised_tiou)
        self.said.add(row)
        if row.rollout == 0 and row.truth.choice in row.classes:
            self.guesses.add(Choice(options=row.classes, answer=row.classes.index(row.truth.choice)))
        self.checked.add(row)
        shown = self.examples.setdefault(row.outcome, [])
        shown.append((digest(row.id), row))
        shown.sort(key=itemgetter(0))
        del shown[SHOWN:]

    def _count(self, row: Row) -> None:
        self.broken.update({fault.rule for fault in row.faults})
        self.kept += row.kept
        if row.not_kept == "fault":
            self.unkept_broken += 1
        elif row.not_kept == "outcome":
            self.unkept_outcome[row.outcome] += 1
        elif row.not_kept is not None:
            self.unkept_mix[row.not_kept] += 1

    def summary(self, found: Found, path: Path, prices: Prices) -> Summary:
        """As it stands, without warnings."""
        everything = self._videos(self.cells)
        whole, manifest = flips(everything), found.manifest
        left_out: Counter[str] = Counter()
        for entry in manifest.splits.values() if manifest is not None else ():
            left_out.update(entry.left_out)
        return Summary(
            path=str(path),
            release=f"{manifest.release} {manifest.version}" if manifest is not None else None,
            recipe=manifest.recipe if manifest is not None else None,
            fingerprint=manifest.fingerprint if manifest is not None else None,
            unreadable=self.unreadable,
            funnel=Funnel(
                samples=whole.rows + self.unreadable + left_out.total(),
                left_out=dict(left_out.most_common()),
                rows=whole.rows + self.unreadable,
                broken=dict(self.broken.most_common()),
                unkept_broken=self.unkept_broken,
                unkept_outcome=dict(self.unkept_outcome.most_common()),
                unkept_mix=dict(self.unkept_mix.most_common()),
                kept=self.kept,
            ),
            flips=whole,
            grounding=grounding(everything),
            first_tiou=self.first.all(),
            last_tiou=self.last.all(),
            groups=tuple(self._groups()),
            reflections=self.said.all(),
            blind=self.guesses.all(),
            checks=self.checked.all(),
            spent=spent(found.root / "usage" / "attempts.parquet", prices),
            currency=prices.currency,
            warnings=(),
            examples={outcome: tuple(row.id for _, row in shown) for outcome, shown in sorted(self.examples.items())},
        )

    def _groups(self) -> Iterator[Group]:
        for by in ("source", "class", "duration", "split"):
            parts: dict[str, dict[_Cell, array[float]]] = {}
            for cell, sums in self.cells.items():
                for name in cell.names(by):
                    parts.setdefault(name, {})[cell] = sums
            for name in sorted(parts, key=_order):
                videos = self._videos(parts[name])
                yield Group(by=by, name=name, flips=flips(videos), grounding=grounding(videos))

    @staticmethod
    def _videos(cells: Mapping[_Cell, "array[float]"]) -> Numbers:
        """A line for each source video."""
        lines: dict[tuple[str, str], int] = {}
        at = [lines.setdefault((cell.source, cell.video), len(lines)) for cell in cells]
        sums = np.zeros((len(lines), len(SUMS)))
        if at:
            np.add.at(sums, at, np.array(list(cells.values())))
        return sums


def _cell(row: Row) -> _Cell:
    labels = (UNKNOWN,) if row.truth.labels is None else tuple(sorted(set(row.truth.labels)))
    length = _length(row.clip_end - row.clip_start)
    return _Cell(intern(row.source), row.video, intern(row.split), _once(labels), intern(length))


@cache
def _once(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The same tuple for equal ones: few are different, and each row brings its own."""
    return labels


def _length(seconds: float) -> str:
    low = max((edge for edge in LENGTHS if edge <= seconds), default=0)
    high = min((edge for edge in LENGTHS if edge > seconds), default=None)
    return f"{low} s and more" if high is None else f"{low} to {high} s"


def _order(name: str) -> tuple[int, str]:
    """Lengths by their number, names by their letters."""
    head = name.split(" ", maxsplit=1)[0]
    return (int(head) if head.isdigit() else 0, name)
