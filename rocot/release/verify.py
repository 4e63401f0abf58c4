"""Verify: whether a release is, byte for byte, what was written. It reads files, and judges no row: `validate` does.

Every listed file is held against its size and its sha256, every shard is read through with the checksums of its pages
and held against its rows and its columns, and whatever is in the release and not listed is told. Without a manifest
only the pages' checksums, where they have any, and today's columns are left: they find damage in pages, which is nearly
all of a large shard, and most of it in footers, and cannot tell what is missing or was exchanged.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import computed_field

from rocot.arrow import columns_digest, schema_digest
from rocot.core.record import Record
from rocot.errors import StoreError
from rocot.release.checksums import summed
from rocot.release.configs import KINDS, config_of
from rocot.release.files import LINK, NAMELESS, Entry, Files, OnDisk, hidden, utf8
from rocot.release.manifest import MOST_BYTES, NAME, Manifest, SplitEntry, manifest_of
from rocot.release.report import Named, Problem
from rocot.release.shards import Listed, Written

CHUNK = 1024**2
"""Bytes that are hashed at a time."""
BESIDE = ("left_out", "usage")
"""Folders of a release that no manifest lists."""


class Verification(Record):
    """What came of it."""

    path: Named
    release: str | None
    """Name and version, None where no manifest tells them."""
    files: int
    """That are listed; without a manifest, Parquet files that were found."""
    bytes: int
    """Theirs."""
    rows: int
    """That were read, in all configs together."""
    damage: tuple[Problem, ...]
    """What is not as it was written: exit code 1."""
    unusable: tuple[Problem, ...]
    """Why nothing, or not all, can be told: exit code 2 where there is no damage."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic's own advice
    @property
    def exit_code(self) -> Literal[0, 1, 2]:
        """0: all is as it was written. 1: something is not. 2: it cannot be told."""
        if self.damage:
            return 1
        return 2 if self.unusable else 0


class _Fault(Exception):  # noqa: N818  # it never leaves this module
    """What is wrong with one file."""


def verify_folder(folder: Path) -> Verification:
    """A release on this machine."""
    if not folder.is_dir():
        return _cannot(str(folder), "is no folder" if folder.exists() else "is not there")
    if not utf8(str(folder)):
        return _cannot(str(folder), NAMELESS)
    return verify(OnDisk(folder), str(folder))


def verify(files: Files, name: str) -> Verification:
    """A release wherever its files lie; `name` is what the result calls it.

    Bad input raises nothing; a Hub that cannot be asked raises HubError. Memory holds a row group; each shard is opened
    once, and read twice: for its sha256, then its pages.
    """
    try:
        there = files.listing()
    except OSError as error:
        return _cannot(name, f"cannot be read ({error})"[:300])
    try:
        manifest = _manifest(files, there)
    except (StoreError, OSError) as error:
        return _pages_alone(files, there, str(error), name)
    if manifest is None:
        why = f"{NAME} is not there: what is missing or was exchanged cannot be told"
        return _pages_alone(files, there, why, name)
    return _held_against(files, there, manifest, name)


def _cannot(name: str, what: str) -> Verification:
    problem = Problem(where=name, what=what)
    return Verification(path=name, release=None, files=0, bytes=0, rows=0, damage=(), unusable=(problem,))


def _manifest(files: Files, there: Mapping[str, Entry]) -> Manifest | None:
    if NAME not in there or there[NAME].kind != "file":
        return None
    with files.opened(NAME) as stream:
        return manifest_of(stream.read(MOST_BYTES + 1), NAME)


def _held_against(files: Files, there: Mapping[str, Entry], manifest: Manifest, name: str) -> Verification:
    damage: list[Problem] = []
    rows = 0
    for file in manifest.listed:
        try:
            rows += _check(files, there.get(file.path), file, manifest)
        except _Fault as fault:
            damage.append(Problem(where=file.path, what=str(fault)))
    damage += _strays(there, {file.path for file in manifest.listed})
    damage += (problem for split, entry in manifest.splits.items() for problem in _sums(split, entry))
    return Verification(
        path=name,
        release=f"{manifest.release} {manifest.version}",
        files=len(manifest.listed),
        bytes=sum(file.bytes for file in manifest.listed),
        rows=rows,
        damage=tuple(damage),
        unusable=(),
    )


def _pages_alone(files: Files, there: Mapping[str, Entry], why: str, name: str) -> Verification:
    shards = {path: entry for path, entry in sorted(there.items()) if path.endswith(".parquet") and not hidden(path)}
    damage: list[Problem] = []
    rows = bare = 0
    for path, entry in shards.items():
        try:
            more, checked = _read_alone(files, path, entry)
        except _Fault as fault:
            damage.append(Problem(where=path, what=str(fault)))
        else:
            rows, bare = rows + more, bare + (not checked)
    links = [
        Problem(where=path, what=LINK)
        for path, entry in sorted(there.items())
        if entry.kind == "link" and not hidden(path)
    ]
    return Verification(
        path=name,
        release=None,
        files=len(shards),
        bytes=sum(entry.size for entry in shards.values()),
        rows=rows,
        damage=tuple(damage),
        unusable=(Problem(where=name, what=why + ("" if damage else _held(len(shards) - bare, bare))), *links),
    )


def _held(checked: int, bare: int) -> str:
    """What holds of files whose pages have checksums, and of those that have none."""
    told = f"; the pages of {_parquet(checked)} hold against their checksums" if checked else ""
    if bare:
        were, their = ("was", "its") if bare == 1 else ("were", "their")
        told += f"; {_parquet(bare)} {were} written without checksums: a change in {their} pages cannot be told"
    return told


def _parquet(count: int) -> str:
    return "1 Parquet file" if count == 1 else f"{count:,} Parquet files"


def _check(files: Files, entry: Entry | None, file: Listed, manifest: Manifest) -> int:
    """Holds one file against what is listed, and gives its rows. Raises _Fault."""
    if entry is None:
        raise _Fault("is listed in the manifest and not there")
    if entry.kind != "file":
        raise _Fault("is no plain file")
    if entry.size != file.bytes:
        raise _Fault(f"has {entry.size:,} bytes, and {file.bytes:,} were written")
    with _reading(files, file.path) as source:
        if _sha256(source) != file.sha256:
            raise _Fault(f"has other bytes than were written (sha256), as many: {file.bytes:,}")
        if not isinstance(file, Written):
            return 0
        source.seek(0)
        rows, columns = _read_through(source)
    if rows != file.rows:
        raise _Fault(f"has {rows:,} rows, the manifest says {file.rows:,}")
    config = config_of(file.path)
    if config is None or columns != getattr(manifest.columns, config):
        raise _Fault(f"has other columns than the manifest says of config {config}")
    return rows


def _read_alone(files: Files, path: str, entry: Entry) -> tuple[int, bool]:
    """Reads a shard that nothing answers for; its rows, and whether its pages have checksums. Raises _Fault."""
    if entry.kind != "file":
        raise _Fault("is no plain file")
    with _reading(files, path) as source:
        rows, columns = _read_through(source)
        checked = summed(source)
    config = config_of(path)
    if config is not None and columns != schema_digest(KINDS[config]):
        raise _Fault(f"has other columns than this rocot writes in config {config}: damaged, or of another version")
    return rows, checked


@contextmanager
def _reading(files: Files, path: str) -> Iterator[BinaryIO]:
    """A file within the block. Raises _Fault where it cannot be read."""
    try:
        with files.opened(path) as source:
            yield source
    except OSError as error:
        raise _Fault(f"cannot be read ({error})"[:300]) from error


def _sha256(source: BinaryIO) -> str:
    found = hashlib.sha256()
    while chunk := source.read(CHUNK):
        found.update(chunk)
    return found.hexdigest()


def _read_through(source: BinaryIO) -> tuple[int, str]:
    """Reads every page of a shard against its checksum; gives the rows that came, and the digest of the columns."""
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as shard:
            # Without Arrow's threads: one that still holds a file of Python's as the process ends brings it down.
            groups = range(shard.num_row_groups)
            rows = sum(shard.read_row_group(index, use_threads=False).num_rows for index in groups)
            if rows != shard.metadata.num_rows:
                raise _Fault(f"tells of {shard.metadata.num_rows:,} rows and has {rows:,}")
            return rows, columns_digest(shard.schema_arrow)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        told = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise _Fault(f"is no whole Parquet file ({told})") from error


def _strays(there: Mapping[str, Entry], listed: set[str]) -> Iterator[Problem]:
    """What is there and not listed; folders beside, and hidden files, which nobody loads, are none of it."""
    for path, entry in sorted(there.items()):
        known = path in listed or path == NAME or PurePosixPath(path).parts[0] in BESIDE
        if known or hidden(path) or entry.kind == "folder":
            continue
        if entry.kind == "link":
            yield Problem(where=path, what=LINK)
            continue
        loaded = ", and would be loaded with the others" if config_of(path) and path.endswith(".parquet") else ""
        yield Problem(where=path, what=f"is not in the manifest{loaded}")


def _sums(split: str, entry: SplitEntry) -> Iterator[Problem]:
    """Where the manifest contradicts itself."""
    pairs = [("rows", entry.rows, entry.files), ("kept", entry.kept, entry.rft)]
    if entry.controls is not None:
        pairs += [
            (f"controls {name}", control.rows, control.files)
            for name, control in (("plain", entry.controls.plain), ("two_pass", entry.controls.two_pass))
        ]
    for what, told, shards in pairs:
        if told != (found := sum(file.rows for file in shards)):
            yield Problem(where=NAME, what=f"split {split}, {what}: says {told:,}, its shards have {found:,}")
