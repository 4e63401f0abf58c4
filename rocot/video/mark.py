"""A cheap mark of a file's content, and the check that a path is a plain file at all."""

import hashlib
import os
import stat
from pathlib import Path

from rocot.errors import VideoError

MARKED_BYTES = 64 * 1024
"""Read at each end of a file. The sample tables of an MP4 stand at one of them: another encoding, another mark."""


def check_plain(path: Path) -> int:
    """The size in bytes of a regular file with something in it.

    Raises VideoError: `unreadable` (missing, no permission), `not a video` (a directory, FIFO, socket, device, or
    empty). Asked before anything is opened, as opening a FIFO waits for ever.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise VideoError("unreadable", f"{path.name}: {_cause(error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise VideoError("not a video", f"{path.name}: {_kind(status.st_mode)}, where a file was expected")
    if not status.st_size:
        raise VideoError("not a video", f"{path.name}: the file is empty")
    return status.st_size


def mark_of(path: Path) -> str:
    """A cheap content mark: sha256 over the size and both ends of the file, 64 KiB each.

    Raises VideoError (`unreadable`, `not a video`) when the file cannot be read.
    """
    check_plain(path)
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(MARKED_BYTES)
            file.seek(max(0, size - MARKED_BYTES))
            tail = file.read(MARKED_BYTES)
    except OSError as error:
        raise VideoError("unreadable", f"{path.name}: {_cause(error)}") from error
    return mark_by(size, head, tail)


def mark_by(size: int, head: bytes, tail: bytes) -> str:
    """The mark of a file, by its size in bytes and up to `MARKED_BYTES` of each end."""
    return hashlib.sha256(b"%d\n" % size + head + tail).hexdigest()


def _cause(error: OSError | ValueError) -> str:
    return str(getattr(error, "strerror", None) or error)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")
