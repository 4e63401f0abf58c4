"""What changed between two releases: rows by id, columns, outcomes, and what that asks of the version.

Only the config `all` is looked at; the others follow from it. What differs between any two versions is no change of a
row: the version itself, rocot's, the flow's fingerprint.
"""

from pathlib import Path

import pyarrow as pa
from pydantic import Field

from rocot.core.record import Record
from rocot.core.version import Part, Version
from rocot.measures.resample import Estimate
from rocot.prices import Prices
from rocot.release.merging import Alone, Changes, Ends, Release, Rows, merge
from rocot.release.summarize import summarize


class Columns(Record):
    """What became of the columns."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[str, ...]


class Measured(Record):
    """One rate before and after.

    Each has an interval of its own, which says little of their difference where both have the same videos.
    """

    name: str
    before: Estimate
    after: Estimate


class Side(Record):
    """One of the two releases."""

    path: str
    release: str
    version: str
    fingerprint: str
    rows: int
    outcomes: dict[str, int]
    kept: int


class Difference(Record):
    """What leads from one release to the other."""

    before: Side
    after: Side
    added: Rows
    removed: Rows
    moved: Rows
    """Now in another split."""
    changed: Rows
    withdrawn: int
    """Of the removed ones, those that the later manifest names as withdrawn."""
    changes: dict[str, int] = Field(default_factory=dict)
    """Rows that changed, by column; one row may have changed in several."""
    columns: Columns
    measures: tuple[Measured, ...] = ()
    part: Part
    """What of the version must go up."""
    least: str
    """The least version that the later release may have."""

    @property
    def enough(self) -> bool:
        """Whether its version is that, or above."""
        return Version.of(self.after.version) >= Version.of(self.least)


def part_of(columns: Columns, *, gone: int, new: int, changed: int, flow: bool) -> Part:
    """What of a semantic version a change asks for.

    Major: rows or columns that somebody may build on are not where they were. Minor: there is more. Patch: what is
    there says something else, or was made another way.
    """
    if gone or columns.removed or columns.retyped:
        return "major"
    if new or columns.added:
        return "minor"
    return "patch" if changed or flow else "none"


def compare(before: Path, after: Path) -> Difference:
    """What leads from one release to another; `measures` are left to who has the time to read both once more.

    Raises StoreError where one of them is no whole release.
    """
    ours, theirs = Release.of(before), Release.of(after)
    columns = _columns(ours.schema, theirs.schema)
    common = [name for name in ours.schema.names if name in theirs.schema.names and name not in columns.retyped]
    alone, changes = Alone(), Changes(common)
    withdrawn = theirs.manifest.withdrawn
    for split in sorted({*ours.manifest.splits, *theirs.manifest.splits}):
        merge(Ends(ours.tables(split), before), Ends(theirs.tables(split), after), alone, changes, withdrawn)
    alone.index()
    added, removed, moved = alone.only(1), alone.only(0), alone.both()
    flow = ours.manifest.fingerprint != theirs.manifest.fingerprint
    part = part_of(columns, gone=removed.count + moved.count, new=added.count, changed=changes.count, flow=flow)
    return Difference(
        before=_side(ours),
        after=_side(theirs),
        added=added,
        removed=removed,
        moved=moved,
        withdrawn=alone.withdrawn() if withdrawn else 0,
        changed=Rows(count=changes.count, ids=tuple(changes.first)),
        changes=dict(changes.by_column.most_common()),
        columns=columns,
        part=part,
        least=str(Version.of(ours.manifest.version).raised(part)),
    )


def _columns(before: pa.Schema, after: pa.Schema) -> Columns:
    return Columns(
        added=tuple(name for name in after.names if name not in before.names),
        removed=tuple(name for name in before.names if name not in after.names),
        retyped=tuple(
            name for name in before.names if name in after.names and before.field(name).type != after.field(name).type
        ),
    )


def _side(read: Release) -> Side:
    made = read.manifest
    return Side(
        path=str(read.path),
        release=made.release,
        version=made.version,
        fingerprint=made.fingerprint,
        rows=read.rows,
        outcomes=dict(sorted(read.outcomes.items())),
        kept=read.kept,
    )


def measures(before: Path, after: Path) -> tuple[Measured, ...]:
    """The rates of both, with intervals. Raises StoreError where the rows of one are not those of this rocot."""
    ours, theirs = (summarize(path, Prices()).summary for path in (before, after))
    names = ("acc_first", "acc_last", "delta", "rectification", "corruption", "change")
    rates = [(name, getattr(ours.flips, name), getattr(theirs.flips, name)) for name in names]
    spans = [
        (f"{name}_tiou", getattr(ours.grounding, name), getattr(theirs.grounding, name)) for name in ("first", "last")
    ]
    return tuple(Measured(name=name, before=one, after=other) for name, one, other in (*rates, *spans))
