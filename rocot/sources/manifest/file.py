"""A manifest on disk: one Parquet file a dataset, its header in the file's metadata."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from rocot.arrow import schema_of, table_of
from rocot.core.record import Record
from rocot.errors import ConfigError, StoreError
from rocot.sources.manifest.entry import Entry

FORMAT = 1
HEADER = b"rocot-manifest"
MOST_ROWS = 10_000_000
BATCH_ROWS = 256
"""Unpacked at a time."""
MOST_BYTES = 1024**3
"""Of a manifest's columns, uncompressed. All known datasets together have some 100 MB."""


class SplitHeader(Record):
    """A split as the dataset draws it."""

    native: str
    common: str
    official: bool
    """Whether others must not train on it, where it is a test split."""


class Header(Record):
    """What all records of a manifest share."""

    format: int = FORMAT
    dataset: str
    title: str
    rocot: str
    """Version that imported it."""
    classes: tuple[str, ...]
    """The dataset's labels, Normal first."""
    common: tuple[str, ...]
    """The common classes that they belong to, Normal first."""
    splits: tuple[SplitHeader, ...]
    terms: str
    licence: str
    redistribute_frames: bool
    citation: str
    stated: str
    """What the dataset states of how it counts, and what was chosen."""
    notes: tuple[str, ...] = ()
    """What of the annotation files became no record, and why."""

    def official_tests(self) -> frozenset[str]:
        """Native names of the splits that nobody should train on."""
        return frozenset(split.native for split in self.splits if split.official and split.common == "test")


@dataclass(frozen=True)
class Manifest:
    """A header and its records."""

    header: Header
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Streamed:
    """A manifest whose records are read each time that somebody goes over them: none is held."""

    path: Path

    @property
    def header(self) -> Header:
        """Its header. Raises ConfigError, as `read`."""
        return read_header(self.path)

    @property
    def entries(self) -> Iterator[Entry]:
        """Its records. Raises ConfigError, as `read`."""
        with streaming(self.path) as (_, entries):
            yield from entries


def write(path: Path, manifest: Manifest) -> None:
    """Writes the file, whole or not at all. The same records give the same bytes. Raises StoreError."""
    table = table_of(manifest.entries, Entry)
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    metadata = {HEADER: manifest.header.model_dump_json().encode(), **(table.schema.metadata or {})}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(
                table.replace_schema_metadata(metadata),
                made,
                compression="zstd",
                write_page_checksum=True,
                write_statistics=False,
            )
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}); name another file or make room"
        ) from error


def write_jsonl(path: Path, entries: Iterable[Record]) -> None:
    """One record a line, for eyes and other programs; whole or not at all. Raises StoreError."""
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with made.open("w", encoding="utf-8") as file:
                for entry in entries:
                    file.write(json.dumps(entry.model_dump(mode="json"), ensure_ascii=False) + "\n")
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}); name another file or make room"
        ) from error


def read(path: Path) -> Manifest:
    """The manifest in a file. Raises ConfigError where it is none, is damaged or was made by a later rocot."""
    with streaming(path) as (header, entries):
        return Manifest(header, tuple(entries))


@contextmanager
def streaming(path: Path) -> Iterator[tuple[Header, Iterator[Entry]]]:
    """The header, and the records one by one, within the block. Raises ConfigError, as `read`."""
    _check_there(path)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            header = _header(path, file)
            _check_size(path, file)
            yield header, (Entry.model_validate(row) for row in _rows(path, file))
    except (pa.ArrowException, OSError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ConfigError(f"{path}: no manifest, or a damaged one ({said}); import the dataset again") from error
    except ValidationError as error:
        told = error.errors(include_url=False)[0]
        where = ".".join(map(str, told["loc"]))
        raise ConfigError(
            f"{path}: a record is not what rocot writes ({where}: {told['msg']}); import again"
        ) from error


def _rows(path: Path, file: pq.ParquetFile) -> Iterator[dict[str, object]]:
    """The records, few at a time: a dictionary of a few kilobytes can stand for gigabytes, whatever the footer says."""
    size = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        size += batch.nbytes
        if size > MOST_BYTES:
            raise ConfigError(
                f"{path}: its records unpack to over {MOST_BYTES // 1024**2} MiB; no manifest is so large"
            )
        yield from batch.to_pylist()


def read_header(path: Path) -> Header:
    """The header alone. Raises ConfigError, as `read`."""
    _check_there(path)
    try:
        with pq.ParquetFile(path) as file:
            return _header(path, file)
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{path}: no manifest, or a damaged one; import the dataset again") from error


def _check_there(path: Path) -> None:
    try:
        if path.is_file():
            return
        what = "is a folder" if path.is_dir() else "no such file"
    except OSError as error:  # a name too long for the file system, a folder that may not be entered
        what = f"cannot be read ({error.strerror})"
    raise ConfigError(f"{str(path)[:400]}: {what}; a manifest is what `rocot import` writes")


def _header(path: Path, file: pq.ParquetFile) -> Header:
    metadata = file.schema_arrow.metadata or {}
    if HEADER not in metadata:
        raise ConfigError(f"{path}: Parquet, and no manifest; a manifest is what `rocot import` writes")
    try:
        header = Header.model_validate_json(metadata[HEADER])
    except ValidationError as error:
        raise ConfigError(f"{path}: its header is not what this rocot writes; import the dataset again") from error
    if header.format != FORMAT or not file.schema_arrow.equals(schema_of(Entry), check_metadata=False):
        raise ConfigError(f"{path}: made by another version of rocot ({header.rocot}); import the dataset again")
    return header


def _check_size(path: Path, file: pq.ParquetFile) -> None:
    footer = file.metadata
    size = sum(footer.row_group(index).total_byte_size for index in range(footer.num_row_groups))
    if footer.num_rows > MOST_ROWS or size > MOST_BYTES:
        raise ConfigError(f"{path}: {footer.num_rows:,} rows of {size:,} bytes are no manifest that rocot writes")
