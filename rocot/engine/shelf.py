"""One folder of the frame cache: what lies there, and what goes when there is too much."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class _Blob(NamedTuple):
    used: int
    """When it was last used, nanoseconds."""
    size: int
    """Bytes."""
    path: str


def tidy(shelf: Path, most: int, goal: int) -> int:
    """Bytes on a shelf, where they were over `most` after the longest unused blobs are gone down to `goal`.

    Raises OSError.
    """
    blobs = list(_blobs(shelf))
    held = sum(blob.size for blob in blobs)
    return held if held <= most else _drop(blobs, held, goal)


def shrink(shelf: Path) -> None:
    """Drops the half that was not used for longest. Raises OSError."""
    blobs = list(_blobs(shelf))
    held = sum(blob.size for blob in blobs)
    _drop(blobs, held, held // 2)


def _blobs(shelf: Path) -> Iterator[_Blob]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(shelf) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process was quicker
                if entry.name.endswith(".jpg"):
                    status = entry.stat(follow_symlinks=False)
                    yield _Blob(status.st_mtime_ns, status.st_size, entry.path)


def _drop(blobs: list[_Blob], held: int, goal: int) -> int:
    for blob in sorted(blobs):
        if held <= goal:
            break
        with suppress(FileNotFoundError):
            Path(blob.path).unlink()
        held -= blob.size
    return held
