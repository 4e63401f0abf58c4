"""A folder that is the old one or the new one, whole, at every instant."""

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rocot.errors import StoreError
from rocot.release.shards import sync

_UNFINISHED = ".unfinished-"
_RETIRED = ".retired"
_AT_CWD = -100
_EXCHANGE = 2
"""Linux renameat2(2): AT_FDCWD and RENAME_EXCHANGE."""


@contextmanager
def replacing(folder: Path, *, then: str = "export again: nothing is asked again") -> Iterator[Path]:
    """A new folder to fill that takes the place of `folder` when the block ends, and vanishes when it raises.

    One process at a time: a second one waits. What a killed one left behind is removed by the next.
    Raises StoreError where the disk is full or the place cannot be written; it says what to do `then`.
    """
    with writing(folder, then), _alone(folder):
        _recover(folder)
        fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}{_UNFINISHED}", dir=folder.parent))
        try:
            fresh.chmod(0o755)  # mkdtemp makes it private; a release is as readable as its neighbours
            yield fresh
            for inner in [path for path in fresh.rglob("*") if path.is_dir()]:
                sync(inner)
            sync(fresh)
            _swap(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    retired = folder.with_name(folder.name + _RETIRED)
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(fresh, folder):
        folder.rename(retired)  # between these two a reader finds neither; both are whole, and _recover knows
        fresh.rename(folder)
        shutil.rmtree(retired)
    sync(folder.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step, where the system can (Linux; most file systems)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE) == 0


def _recover(folder: Path) -> None:
    retired = folder.with_name(folder.name + _RETIRED)
    if retired.exists():
        if folder.exists():
            shutil.rmtree(retired)
        else:
            retired.rename(folder)
    for left in folder.parent.glob(f"{folder.name}{_UNFINISHED}*"):
        shutil.rmtree(left)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A file lock, which dies with its process and needs no clock."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take(old: Path, new: Path) -> None:
    """The same bytes under another name: a hard link, or a copy where the file system has none."""
    try:
        os.link(old, new)
    except OSError:
        if old.exists():
            shutil.copyfile(old, new)


@contextmanager
def writing(folder: Path, then: str) -> Iterator[None]:
    """Within the block something is written for a folder; raises StoreError where the disk refuses."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror or error}); what stood there before is untouched."
            f" Free some space or make the folder writable, then {then}"
        ) from error
