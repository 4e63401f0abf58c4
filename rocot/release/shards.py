"""Rows as Parquet shards whose bytes depend on the rows alone."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from rocot.arrow import schema_of, table_of
from rocot.core.record import Record

ROWS_A_GROUP = 512
"""Rows of a row group: some 5 MB of text, far under the 286 MiB that the Hub's viewer takes."""
SHARD_BYTES = 100_000_000
"""Where a shard ends: at the first row group after so many bytes on disk. `datasets` aims at the same size."""
GROUPS = 128
"""Row groups of a shard at most, 65,536 rows. pyarrow holds 0.09 MB of each group of 125 columns until the file is
closed, and half as much again as it closes: 20 MB at most."""

QUERIED = ("id", "split", "source", "clip", "outcome", "graded_on", "kept", "item", "stage", "reason", "status")
"""Columns whose least and greatest values are written, so that readers can skip row groups."""

R = TypeVar("R", bound=Record)


class Listed(Record):
    """One file of a release, byte for byte."""

    path: str
    """Relative to the release folder."""
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, root: Path) -> Self:
        """A file of a release as it lies on the disk."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path=path.relative_to(root).as_posix(), bytes=path.stat().st_size, sha256=digest)


class Written(Listed):
    """A shard."""

    rows: int


class Shards(Generic[R]):
    """Shards of one table that is being written, `<stem>-00000.part`, ...: rows in, a row group in memory at a time."""

    def __init__(self, folder: Path, stem: str, kind: type[R], shard_bytes: int) -> None:
        self._folder, self._stem, self._kind = folder, stem, kind
        self._most, self._groups = shard_bytes, 0
        self._parts: list[Path] = []
        self._sink: pa.OSFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[R] = []
        self._cut: list[pa.Table] = []
        """Of fewer rows than a group has."""

    def add(self, row: R) -> None:
        """One more row."""
        self._waiting.append(row)
        if len(self._waiting) == ROWS_A_GROUP:
            self._flush()

    def extend(self, rows: pa.Table) -> None:
        """As many more rows. Not to be mixed with `add`."""
        self._cut.append(rows)
        most = ROWS_A_GROUP
        if sum(table.num_rows for table in self._cut) >= most:
            whole = pa.concat_tables(self._cut)
            groups = whole.num_rows // most
            for index in range(groups):
                self._write(whole.slice(index * most, most))
            self._cut = [whole.slice(groups * most)]

    def finish(self) -> list[Path]:
        """Ends and syncs the last shard, and gives all their names; one of no rows where there are none."""
        self._flush()
        if (rest := pa.concat_tables(self._cut) if self._cut else None) is not None and rest.num_rows:
            self._write(rest)
        if not self._parts:
            self._next()
        self.close()
        count = len(self._parts)
        names = [self._folder / f"{self._stem}-{index:05d}-of-{count:05d}.parquet" for index in range(count)]
        for part, name in zip(self._parts, names, strict=True):
            part.rename(name)
        return names

    def close(self) -> None:
        """Ends the shard that is open, if any."""
        writer, sink = self._writer, self._sink
        self._writer = self._sink = None
        if writer is not None and sink is not None:
            with sink:
                writer.close()
            sync(self._parts[-1])

    def _flush(self) -> None:
        if self._waiting:
            self._write(table_of(self._waiting, self._kind))
            self._waiting.clear()

    def _write(self, group: pa.Table) -> None:
        """A row group: all of as many rows, the last one of fewer."""
        full = self._groups == GROUPS or (self._sink is not None and self._sink.tell() >= self._most)
        if self._writer is None or full:
            self._writer = self._next()
        self._writer.write_table(group.combine_chunks(), row_group_size=ROWS_A_GROUP)
        self._groups += 1

    def _next(self) -> pq.ParquetWriter:
        self.close()
        self._groups = 0
        self._parts.append(self._folder / f"{self._stem}-{len(self._parts):05d}.part")
        self._sink = pa.OSFile(str(self._parts[-1]), "wb")
        self._writer = _writer(self._sink, self._kind)
        return self._writer


@contextmanager
def sharding(folder: Path, stem: str, kind: type[R], *, shard_bytes: int = SHARD_BYTES) -> Iterator[Shards[R]]:
    """Shards to fill; `finish` names them `<stem>-00000-of-0000N.parquet`, .... Makes the folder.

    The same rows in the same order give the same bytes with one version of pyarrow. What is not finished is a `.part`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = Shards(folder, stem, kind, shard_bytes)
    try:
        yield shards
    finally:
        shards.close()


def write_shards(
    folder: Path, stem: str, rows: Iterable[R], kind: type[R], *, shard_bytes: int = SHARD_BYTES
) -> list[Path]:
    """All rows as shards, finished."""
    with sharding(folder, stem, kind, shard_bytes=shard_bytes) as shards:
        for row in rows:
            shards.add(row)
        return shards.finish()


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A file to read whose pages are held against their checksums: a flipped bit in one raises, and is never a row."""
    # By the bytes of its name: as a text it would have to be UTF-8.
    with pa.OSFile(os.fsencode(path)) as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
        yield file


@contextmanager
def growing(path: Path, kind: type[Record]) -> Iterator[Callable[[pa.Table], None]]:
    """One file that tables are added to, each a row group of it, written in the same way and synced at the end."""
    with pa.OSFile(str(path), "wb") as sink, _writer(sink, kind) as writer:
        yield writer.write_table
    sync(path)


@contextmanager
def growing_table(path: Path, kind: type[R]) -> Iterator[Callable[[R], None]]:
    """As `growing`, one row after the other."""
    waiting: list[R] = []
    with growing(path, kind) as write:

        def add(row: R) -> None:
            waiting.append(row)
            if len(waiting) == ROWS_A_GROUP:
                write(table_of(waiting, kind))
                waiting.clear()

        yield add
        if waiting:
            write(table_of(waiting, kind))


def written(path: Path, root: Path) -> Written:
    """What a shard of a release holds, read back from the disk."""
    return Written(**dict(Listed.of(path, root)), rows=pq.read_metadata(path).num_rows)


def sync(path: Path) -> None:
    """Forces a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def options(kind: type[Record]) -> dict[str, object]:
    """How Parquet is written.

    zstd 3: 3.8 times smaller text at full speed. Without page checksums 43 of 60 flipped bits read back silently. Pages
    end where the content says so: a row put in front changes 3 % of the bytes, and else all.

    No checksum covers page headers and the footer, so they stay small: no Arrow schema beside Parquet's own, no page
    index (row groups are small), and least and greatest values only where a query would use them. 40 rows take 18 KB
    instead of 37.
    """
    return {
        "compression": "zstd",
        "compression_level": 3,
        "store_schema": False,
        "write_statistics": [name for name in QUERIED if name in kind.model_fields],
        "write_page_checksum": True,
        "use_content_defined_chunking": True,
    }


def _writer(sink: pa.OSFile, kind: type[Record]) -> pq.ParquetWriter:
    writer = pq.ParquetWriter(sink, schema_of(kind), **options(kind))
    writer.add_key_value_metadata(schema_of(kind).metadata)
    return writer
