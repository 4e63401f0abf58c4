"""Spool: rows wait on the disk until all of their split have come, since only the whole split tells which are kept.

They lie there as tables of a row group each. Reading them back as tables takes no row apart. Every group has a file of
its own, which goes once it is read: a file that grows holds 0.1 MB of memory for each group in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rocot.arrow import schema_of, table_of
from rocot.core.row import Row
from rocot.release.shards import ROWS_A_GROUP, opened

OPTIONS = {"compression": "lz4", "use_dictionary": False, "write_statistics": False, "write_page_checksum": True}
"""Quick to write and to read; a flipped bit in a page raises, and is never a row."""


@dataclass
class Spool:
    """Takes rows in, then gives them back in groups, once."""

    folder: Path
    _rows: list[Row] = field(default_factory=list)
    _count: int = 0
    """Groups on the disk."""

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def add(self, row: Row) -> None:
        """One more row."""
        self._rows.append(row)
        if len(self._rows) == ROWS_A_GROUP:
            self._lay_down()

    def groups(self) -> Iterator[pa.Table]:
        """Of `Row`: `ROWS_A_GROUP` of them, of the last group fewer; with it the folder goes.

        No row may be added any more.
        """
        if self._rows:
            self._lay_down()
        for number in range(self._count):
            path = self._place(number)
            with opened(path) as file:
                table = file.read().cast(schema_of(Row))  # without the numbers that Parquet gave its fields
            path.unlink()
            yield table
        self.folder.rmdir()

    def _lay_down(self) -> None:
        pq.write_table(table_of(self._rows, Row), self._place(self._count), **OPTIONS)
        self._rows.clear()
        self._count += 1

    def _place(self, number: int) -> Path:
        return self.folder / f"{number:06d}.parquet"
