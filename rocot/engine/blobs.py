"""Frames by content: `ab/<sha256>.jpg` in a cache folder, which may be deleted at any time.

A quota bounds the folder. Digests spread blobs evenly over 256 shelves, so each shelf is kept to a 256th of the quota
by itself: nobody lists the whole cache, and processes share it without a common count. Each process counts what it
puts, and looks at a shelf itself once that could have filled it: for each eighth of its share that it puts there.
"""

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from rocot.engine.desk import Desk
from rocot.engine.shelf import shrink, tidy
from rocot.errors import StoreError

QUOTA = 20_000_000_000
"""Bytes, unless somebody says otherwise: 1.3 million frames of 15 kB."""
SHELVES = 256
STEP = 8
"""A full shelf makes room for an eighth of its share at once, as looking costs 10 ms where it holds 5000 blobs."""
MOMENT = 60.0
"""Seconds within which a blob that was used counts as used now: telling the disk so takes as long as to open it."""
DIGEST = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Blobs:
    """A folder of blobs. Safe to call from several threads and processes."""

    def __init__(self, folder: Path, quota: int = QUOTA) -> None:
        """`quota` is the bytes that it keeps to, give or take an eighth for each process that puts at the same time.

        Blobs make way in the order in which they were last used. What is gone, its owner makes again.
        """
        self._folder = folder
        self._place = str(folder)
        self._share = quota // SHELVES
        self._room: dict[str, int] = {}
        """Bytes that this process may put on a shelf before it looks."""
        self._unseen = 0
        """The same, of shelves that it never looked at."""
        self._lock = Lock()
        self._desk = Desk(folder / "new")

    def put(self, blob: bytes) -> str:
        """Keeps a blob; returns its sha256. Raises StoreError when the folder cannot be written.

        There is no fsync: what a power loss takes is read from the video again. A torn file does not pass `get`.
        A full disk costs the cache its older half; only where that is not enough, it is an error.
        """
        digest = hashlib.sha256(blob).hexdigest()
        path = self._path_of(digest)
        try:
            if not _used(path):
                self._make_room(path.parent, len(blob))
                self._with_space(lambda: self._desk.write(path, blob))
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}); make room, or choose another cache folder"
            ) from error
        return digest

    def get(self, digest: str) -> bytes | None:
        """The blob, if it is there and its sha256 holds; a damaged file is removed. Raises StoreError."""
        if DIGEST.fullmatch(digest) is None:  # rows come from anywhere, and this is a path in a moment
            return None
        path = f"{self._place}/{digest[:2]}/{digest}.jpg"
        try:
            blob = _read(path)
            if hashlib.sha256(blob).hexdigest() != digest:
                Path(path).unlink(missing_ok=True)
                return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be read ({error.strerror}); delete the cache folder, or mend it"
            ) from error
        return blob

    def remove(self, digest: str) -> bool:
        """Deletes a blob; whether it was there. Raises StoreError."""
        path = self._path_of(digest)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: cannot be deleted ({error.strerror}); delete the cache folder") from error
        return True

    def _path_of(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.jpg"

    def _make_room(self, shelf: Path, size: int) -> None:
        with self._lock:
            room = self._room.get(shelf.name, self._unseen) - size
            self._room[shelf.name] = room
        if room >= 0:
            return
        held = tidy(shelf, self._share - size, self._share - self._share // STEP - size)
        with self._lock:
            self._room[shelf.name] = min(self._share // STEP, self._share - size - held)
            if not self._unseen and held < self._share // 2:  # then no other is near its share either
                self._unseen = self._share // STEP

    def _with_space(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            if error.errno not in _FULL:
                raise
            for shelf in self._folder.iterdir():
                shrink(shelf)
            write()


def _read(path: str) -> bytes:
    """A file's bytes; it counts as used now. By a Path, a buffer or FileIO it takes twice as long, 16 times a clip."""
    handle = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(handle)
        blob = os.read(handle, status.st_size)
        while len(blob) < status.st_size and (more := os.read(handle, status.st_size - len(blob))):
            blob += more
        if time.time() - status.st_mtime > MOMENT:
            with suppress(OSError):  # somebody else's: it was read, and that is what was asked
                os.utime(handle)
    finally:
        os.close(handle)
    return blob


def _used(path: Path) -> bool:
    """Whether a blob is there; if so, it counts as used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:  # another user's
        return True
    return True
