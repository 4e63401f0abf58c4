"""Spool: rows wait on the disk until all of their split have come, since only the whole split tells which are kept.

They lie there as tables of a row group each, and what training is to have of each row beside it: made once, while the
row is at hand, for rows that may be kept. Reading them back as tables takes no row apart. Every group has files of its
own, which go once it is read: a file that grows holds 0.1 MB of memory for each group in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rocot.arrow import schema_of, table_of
from rocot.core.record import Record
from rocot.core.row import Row
from rocot.release.configs import TRAINING
from rocot.release.shards import ROWS_A_GROUP, opened

OPTIONS = {"compression": "lz4", "use_dictionary": False, "write_statistics": False, "write_page_checksum": True}
"""Quick to write and to read; a flipped bit in a page raises, and is never a row."""
ROWS = "rows"


@dataclass(frozen=True)
class Group:
    """A row group of the split, and what training is to have of it."""

    rows: pa.Table
    """Of `Row`: `ROWS_A_GROUP` of them, of the last group fewer."""
    made: Mapping[str, pa.Table]
    """By config, in the order of the rows; those of one row have its `id`."""

    def settled(self, rows: pa.Table) -> "Group":
        """With the rows as the whole split has them, and of what is made of them that of the kept ones alone."""
        kept = rows.filter(rows["kept"])["id"].combine_chunks()
        return Group(rows, {name: table.filter(pc.is_in(table["id"], kept)) for name, table in self.made.items()})


@dataclass
class Spool:
    """Takes rows in, then gives them back in groups, once."""

    folder: Path
    _rows: list[Row] = field(default_factory=list)
    _made: dict[str, list[Record]] = field(default_factory=lambda: {one.name: [] for one in TRAINING})
    _count: int = 0
    """Groups on the disk."""

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def add(self, row: Row) -> None:
        """One more row. What is not kept by what it says itself is kept by no split."""
        self._rows.append(row)
        for one in TRAINING if row.kept else ():
            self._made[one.name].extend(one.made(row))
        if len(self._rows) == ROWS_A_GROUP:
            self._lay_down()

    def groups(self) -> Iterator[Group]:
        """All of them in their order; with the last one the folder goes. No row may be added any more."""
        if self._rows:
            self._lay_down()
        for number in range(self._count):
            made: dict[str, pa.Table] = {one.name: self._taken(number, one.name, one.kind) for one in TRAINING}
            yield Group(self._taken(number, ROWS, Row), made)
        self.folder.rmdir()

    def _lay_down(self) -> None:
        self._write(ROWS, table_of(self._rows, Row))
        self._rows.clear()
        for one in TRAINING:
            self._write(one.name, table_of(self._made[one.name], one.kind))
            self._made[one.name].clear()
        self._count += 1

    def _write(self, name: str, table: pa.Table) -> None:
        pq.write_table(table, self._place(self._count, name), **OPTIONS)

    def _taken(self, number: int, name: str, kind: type[Record]) -> pa.Table:
        path = self._place(number, name)
        with opened(path) as file:
            table = file.read().cast(schema_of(kind))  # without the numbers that Parquet gave its fields
        path.unlink()
        return table

    def _place(self, number: int, name: str) -> Path:
        return self.folder / f"{number:06d}.{name}.parquet"
