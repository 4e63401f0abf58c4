"""Sheets: what a stretch of a run's samples comes to, laid down until all of its split has come.

Only the whole split tells which rows are kept. Until then the rows of each sheet lie in a file of their own, which goes
once it is read (a file that grows holds 0.1 MB of memory for each group in it), and what the screen has to know of them
in another. How samples are cut into sheets changes no byte of a release.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rocot.arrow import schema_of, table_of_json
from rocot.core.gate import Gate
from rocot.core.record import Record
from rocot.core.reflection import Judged
from rocot.core.row import Edition, Row
from rocot.core.withdrawal import covers
from rocot.engine.harvest import Lost
from rocot.recipe import Mix
from rocot.release.beside import LeftOut
from rocot.release.marks import COLUMNS, Mark, marks
from rocot.release.shards import ROWS_A_GROUP, opened

OPTIONS = {"compression": "lz4", "use_dictionary": False, "write_statistics": False, "write_page_checksum": True}
"""Quick to write and to read; a flipped bit in a page raises, and is never a row."""


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
            pq.write_table(table_of_json([spelt for _, spelt in made], Row), self._rows(number), **OPTIONS)
            pq.write_table(_table(marks(rows, self.gate, self.mix)), self._marks(number), **OPTIONS)
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
        """Those of its rows, once; of a sheet that has any."""
        table = _taken(self._marks(sheet.number))
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def rows(self, sheet: Sheet) -> pa.Table:
        """Its rows, once; of a sheet that has any."""
        return _taken(self._rows(sheet.number)).cast(schema_of(Row))  # without the numbers that Parquet gave its fields

    def _rows(self, number: int) -> Path:
        return self.folder / f"{number:06d}.rows.parquet"

    def _marks(self, number: int) -> Path:
        return self.folder / f"{number:06d}.marks.parquet"


def ascend(keys: Sequence[tuple[str, int]], last: tuple[str, int] = ("", -1)) -> None:
    """Raises ValueError for rows that do not come in the order of their clips and rollouts (a bug)."""
    for before, key in zip([last, *keys], keys, strict=False):
        if key <= before:
            raise ValueError(f"rows must ascend by clip and rollout: {key} came after {before}")


def _table(found: Sequence[Mark]) -> pa.Table:
    arrays = [pa.array(values, kind) for values, kind in zip(zip(*found, strict=True), COLUMNS.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def _taken(path: Path) -> pa.Table:
    with opened(path) as file:
        table = file.read()
    path.unlink()
    return table
