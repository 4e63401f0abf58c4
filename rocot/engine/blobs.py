"""Frames by content: `ab/<sha256>.jpg` in a cache folder, which may be deleted at any time."""

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from uuid import uuid4

from rocot.errors import StoreError

MEMORY = 32 * 1024 * 1024
"""Bytes of blobs that are kept in memory: a clip's frames (16 of 15 kB) go into three asks a rollout, close in time."""


class Blobs:
    """A folder of blobs, and the last few in memory. Safe to call from several threads and processes."""

    def __init__(self, folder: Path, *, memory: int = MEMORY) -> None:
        self._folder = folder
        self._memory = memory
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def put(self, blob: bytes) -> str:
        """Keeps a blob; returns its sha256. Raises StoreError when the folder cannot be written.

        There is no fsync: what a power loss takes is read from the video again. A torn file does not pass `get`.
        """
        digest = hashlib.sha256(blob).hexdigest()
        path = self._path_of(digest)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                made = path.with_name(f"{uuid4().hex}.new")
                try:
                    made.write_bytes(blob)
                    made.replace(path)  # at once: no reader ever sees half a file
                finally:
                    made.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}); make room, or choose another cache folder"
            ) from error
        self._remember(digest, blob)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The blob, if it is there and its sha256 holds; a damaged file is removed. Raises StoreError."""
        with self._lock:
            blob = self._recent.get(digest)
            if blob is not None:
                self._recent.move_to_end(digest)
                return blob
        path = self._path_of(digest)
        try:
            blob = path.read_bytes()
            if hashlib.sha256(blob).hexdigest() != digest:
                path.unlink(missing_ok=True)
                return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be read ({error.strerror}); delete the cache folder, or mend it"
            ) from error
        self._remember(digest, blob)
        return blob

    def _path_of(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.jpg"

    def _remember(self, digest: str, blob: bytes) -> None:
        with self._lock:
            if digest not in self._recent and len(blob) <= self._memory:
                self._recent[digest] = blob
                self._held += len(blob)
            while self._held > self._memory:
                self._held -= len(self._recent.popitem(last=False)[1])
