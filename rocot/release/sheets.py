"""Sheets: what a stretch of a run's samples comes to, laid down until all of its split has come.

Only the whole split tells which rows are kept. Until then the rows of each sheet lie in a file of their own, which goes
once it is read (a file that grows holds 0.1 MB of memory for each group in it), and what the screen has to know of them
in another. How samples are cut into sheets changes no byte of a release.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pyarrow as pa

from rocot.arrow import table_of_json
from rocot.core.gate import Gate
from rocot.core.record import Record
from rocot.core.reflection import Judged
from rocot.core.row import Edition, Row
from rocot.core.withdrawal import covers
from rocot.engine.harvest import Lost
from rocot.errors import StoreError
from rocot.recipe import Mix
from rocot.release.beside import LeftOut
from rocot.release.marks import COLUMNS, Mark, marks
from rocot.release.shards import ROWS_A_GROUP

OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""A quarter of the time that Parquet takes to be written and read, and a third more bytes. Arrow sums up nothing in
such a file, so its sha256 stands before it."""
DIGEST = 32
"""Bytes of a sha256."""


class Sheet(Record):
    """Some samples of a split, in their order."""

    number: int
    """Its place among the sheets."""
    rows: int
    first: tuple[str, int] | None
    """Clip and rollout of the first row; None where there is none."""
    last: tuple[str, int] | None
    partial: int
    """Rows for which frames are missing."""
    outcomes: dict[str, int]
    lost: tuple[LeftOut, ...]
    """Samples that are no rows, and why."""
    withdrawn: int
    """Samples that are in nobody's count, since they were withdrawn."""


@dataclass(frozen=True)
class Maker:
    """Makes sheets, in a folder, and reads them back."""

    folder: Path
    edition: Edition
    gate: Gate
    mix: Mix
    gone: Collection[str]
    """What is withdrawn."""

    def sheets(self, ends: Iterable[Judged | Lost]) -> Iterator[Sheet]:
        """All samples, a sheet in memory at a time."""
        left, number = iter(ends), 0
        while page := list(islice(left, ROWS_A_GROUP)):
            yield self.sheet(number, page)
            number += 1

    def sheet(self, number: int, ends: Iterable[Judged | Lost]) -> Sheet:
        """Lays down one sheet. Raises ValueError for rows that do not ascend by clip and rollout."""
        made, lost, withdrawn = list[tuple[Row, str]](), list[LeftOut](), 0
        for end in ends:
            if end.kind == "withheld" if isinstance(end, Lost) else covers(self.gone, end.source, end.video, end.id):
                withdrawn += 1
            elif isinstance(end, Lost):
                lost.append(LeftOut.of(end))
            else:
                made.append(Row.spelt(end, self.edition))
        rows = [row for row, _ in made]
        keys = [(row.clip, row.rollout) for row in rows]
        ascend(keys)
        if rows:
            _lay(table_of_json([spelt for _, spelt in made], Row), self._rows(number))
            _lay(_table(marks(rows, self.gate, self.mix)), self._marks(number))
        return Sheet(
            number=number,
            rows=len(rows),
            first=keys[0] if keys else None,
            last=keys[-1] if keys else None,
            partial=sum(bool(row.lost_times) for row in rows),
            outcomes=Counter(row.outcome for row in rows),
            lost=tuple(lost),
            withdrawn=withdrawn,
        )

    def marks(self, sheet: Sheet) -> Sequence[Mark]:
        """Those of its rows, once; of a sheet that has any. Raises StoreError."""
        table = _taken(self._marks(sheet.number))
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def rows(self, sheet: Sheet) -> pa.Table:
        """Its rows, once; of a sheet that has any. Raises StoreError."""
        return _taken(self._rows(sheet.number))

    def _rows(self, number: int) -> Path:
        return self.folder / f"{number:06d}.rows"

    def _marks(self, number: int) -> Path:
        return self.folder / f"{number:06d}.marks"


def ascend(keys: Sequence[tuple[str, int]], last: tuple[str, int] = ("", -1)) -> None:
    """Raises ValueError for rows that do not come in the order of their clips and rollouts (a bug)."""
    for before, key in zip([last, *keys], keys, strict=False):
        if key <= before:
            raise ValueError(f"rows must ascend by clip and rollout: {key} came after {before}")


def _table(found: Sequence[Mark]) -> pa.Table:
    arrays = [pa.array(values, kind) for values, kind in zip(zip(*found, strict=True), COLUMNS.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def _lay(table: pa.Table, path: Path) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=OPTIONS) as writer:
        writer.write_table(table)
    octets = sink.getvalue()
    with path.open("wb") as file:
        file.write(sha256(octets).digest())
        file.write(octets)


def _taken(path: Path) -> pa.Table:
    """The table that was laid down, once. A flipped bit raises StoreError, and is never a row."""
    octets = memoryview(path.read_bytes())
    if sha256(octets[DIGEST:]).digest() != octets[:DIGEST]:
        raise StoreError(
            f"{path}: not as it was written a moment ago; see to the health of the disk, then export again"
        )
    with pa.ipc.open_stream(pa.py_buffer(octets[DIGEST:])) as reader:
        table = reader.read_all()
    path.unlink()
    return table
