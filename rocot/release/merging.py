"""Two releases read side by side: rows are sorted in both, and merged as they come.

Memory holds some hundred rows of each; what stands on one side alone lies in a database of the disk's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import apsw
import pyarrow as pa
import pyarrow.parquet as pq

from rocot.core.record import Record
from rocot.errors import StoreError
from rocot.release.find import find
from rocot.release.manifest import Manifest

KEY = ("clip", "rollout")
BATCH_ROWS = 512
SHARED = ("fingerprint", "release", "version", "rocot")
"""Fields of `provenance` that all rows of a release share."""
SHOWN = 10
"""Ids of each kind that are named."""
Place: TypeAlias = tuple[str, int]
"""Clip and rollout, by which rows are sorted."""
_STANDING = """
FROM alone WHERE side = ?1
AND ?2 = EXISTS (SELECT 1 FROM alone AS other WHERE other.id = alone.id AND other.side <> ?1)
"""


class Rows(Record):
    """Rows of one kind."""

    count: int
    ids: tuple[str, ...]
    """The first few."""


@dataclass
class Release:
    """One release, row by row."""

    path: Path
    manifest: Manifest
    root: Path
    schema: pa.Schema
    rows: int = 0
    kept: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, path: Path) -> "Release":
        """Raises StoreError for what is no whole release."""
        found = find(path)
        if found.problems:
            told = "; ".join(f"{problem.where}: {problem.what}" for problem in found.problems[:3])
            raise StoreError(f"{path}: cannot be compared: {told}")
        if found.manifest is None:
            raise StoreError(f"{path}: no release (manifest.json is missing); name a run, or the folder of a release")
        files = [file for entry in found.manifest.splits.values() for file in entry.files]
        schema = pq.read_schema(found.root / files[0].path)
        missing = [name for name in ("id", *KEY, "outcome", "kept") if name not in schema.names]
        if missing:
            raise StoreError(f"{path}: its rows have no {', '.join(missing)}, by which rows are compared")
        return cls(path, found.manifest, found.root, schema)

    def tables(self, split: str) -> Iterator[pa.Table]:
        """The rows of a split, some hundred at a time."""
        entry = self.manifest.splits.get(split)
        for listed in entry.files if entry is not None else ():
            try:
                with pq.ParquetFile(self.root / listed.path, page_checksum_verification=True) as file:
                    for batch in file.iter_batches(batch_size=BATCH_ROWS):
                        table = pa.Table.from_batches([batch])
                        self.rows += table.num_rows
                        self.outcomes.update(table["outcome"].to_pylist())
                        self.kept += sum(table["kept"].to_pylist())
                        yield table
            except (pa.ArrowException, OSError) as error:
                raise StoreError(f"{self.root / listed.path}: is no whole Parquet file ({error})"[:300]) from error


class Ends:
    """The rows of a split in their order, and where reading stands in them."""

    def __init__(self, tables: Iterator[pa.Table], path: Path) -> None:
        self._tables, self._path = tables, path
        self.table: pa.Table | None = None
        self.at = 0
        self.keys: list[Place] = []
        self._last: Place | None = None
        self.load()

    def load(self) -> None:
        """The next table that has rows, once the last one is read to its end."""
        while self.table is None or self.at == len(self.keys):
            self.table = next(self._tables, None)
            self.at = 0
            if self.table is None:
                self.keys = []
                return
            self.keys = list(zip(self.table["clip"].to_pylist(), self.table["rollout"].to_pylist(), strict=True))
            before = [self._last, *self.keys] if self._last is not None else self.keys
            if any(one >= other for one, other in pairwise(before)):
                raise StoreError(f"{self._path}: its rows do not ascend by clip and rollout; export it again")
            self._last = self.keys[-1] if self.keys else self._last

    @property
    def key(self) -> Place | None:
        """Of the row where it stands; None at the end."""
        return self.keys[self.at] if self.table is not None else None

    def take(self, count: int) -> pa.Table:
        """The next rows; there must be so many in this table."""
        assert self.table is not None
        taken = self.table.slice(self.at, count)
        self.at += count
        self.load()
        return taken


class Alone:
    """Rows of one side, of all splits: on the disk, since a release may share no row with another."""

    def __init__(self) -> None:
        self._database = apsw.Connection("")
        self._database.execute("CREATE TABLE alone (id TEXT, side INTEGER, gone INTEGER); BEGIN")

    def add(self, table: pa.Table, side: int, withdrawn: Sequence[str]) -> None:
        """Rows that only this side has."""
        rows = table.select(["id", "clip", "source", "video"] if withdrawn else ["id"]).to_pylist()
        gone = set(withdrawn)
        self._database.executemany(
            "INSERT INTO alone VALUES (?, ?, ?)",
            [
                (row["id"], side, bool(gone & {row.get("clip"), f"{row.get('source')}/{row.get('video')}"}))
                for row in rows
            ],
        )

    def index(self) -> None:
        """Once all have come."""
        self._database.execute("CREATE INDEX by_id ON alone (id, side)")

    def only(self, side: int) -> Rows:
        """Rows that the other side has in no split."""
        return self._rows(side, elsewhere=False)

    def both(self) -> Rows:
        """Rows that each side has, in another split."""
        return self._rows(0, elsewhere=True)

    def withdrawn(self) -> int:
        """Of the rows that only the first side has."""
        query = "SELECT count(*) FROM alone WHERE gone AND side = 0"
        return int(str(self._database.execute(query).get))

    def _rows(self, side: int, *, elsewhere: bool) -> Rows:
        count = self._database.execute(f"SELECT count(*) {_STANDING}", (side, elsewhere)).get
        first = self._database.execute(f"SELECT id {_STANDING} ORDER BY id LIMIT {SHOWN}", (side, elsewhere))
        return Rows(count=int(str(count)), ids=tuple(str(name) for (name,) in first))


@dataclass
class Changes:
    """Rows that both sides have, and whose columns differ."""

    columns: Sequence[str]
    count: int = 0
    first: list[str] = field(default_factory=list)
    by_column: Counter[str] = field(default_factory=Counter)

    def compare(self, before: pa.Table, after: pa.Table) -> None:
        """The same rows of both."""
        differ: dict[int, set[str]] = {}
        for name in self.columns:
            ours, theirs = before[name], after[name]
            if not ours.equals(theirs):
                for at, (one, other) in enumerate(zip(ours.to_pylist(), theirs.to_pylist(), strict=True)):
                    for which in _unlike(name, one, other):
                        differ.setdefault(at, set()).add(which)
        ids = before["id"].to_pylist()
        for at in sorted(differ):
            self.count += 1
            self.by_column.update(differ[at])
            if len(self.first) < SHOWN:
                self.first.append(ids[at])


def _unlike(name: str, one: object, other: object) -> Iterator[str]:
    if name == "provenance" and isinstance(one, dict) and isinstance(other, dict):
        fields = [key for key in one if key in other and key not in SHARED]
        yield from (f"{name}.{key}" for key in fields if one[key] != other[key])
    elif one != other:
        yield name


def merge(before: Ends, after: Ends, alone: Alone, changes: Changes, withdrawn: Sequence[str]) -> None:
    """Reads one split of both to its end. `withdrawn` are the ids that the later release names as such."""
    while before.table is not None or after.table is not None:
        if after.key is None or (before.key is not None and before.key < after.key):
            alone.add(before.take(_until(before, after.key)), 0, withdrawn)
        elif before.key is None or after.key < before.key:
            alone.add(after.take(_until(after, before.key)), 1, ())
        else:
            count = _alike(before, after)
            changes.compare(before.take(count), after.take(count))


def _until(ends: Ends, key: Place | None) -> int:
    """How many rows of the table come before a key."""
    left = ends.keys[ends.at :]
    return len(left) if key is None else next((at for at, one in enumerate(left) if one >= key), len(left))


def _alike(before: Ends, after: Ends) -> int:
    """How many rows stand in both tables from here on."""
    pairs = zip(before.keys[before.at :], after.keys[after.at :], strict=False)
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count
