"""Frames by content: `ab/<sha256>.jpg` in a cache folder, which may be deleted at any time."""

import hashlib
from pathlib import Path
from uuid import uuid4

from rocot.errors import StoreError


class Blobs:
    """A folder of blobs. Safe to call from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
        return digest

    def get(self, digest: str) -> bytes | None:
        """The blob, if it is there and its sha256 holds; a damaged file is removed. Raises StoreError."""
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
        return blob

    def _path_of(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.jpg"
