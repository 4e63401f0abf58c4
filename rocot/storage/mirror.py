"""Folders at URLs, of which this machine's disk has the files that somebody opened.

    <folder>/<digest>/url.txt      the URL that the digest is of
    <folder>/<digest>/new/         files that are on their way
    <folder>/<digest>/files/...    those that are here, under their paths there

Which files there are is asked at the URL. One that is here has the size that is told there, and stays until somebody
deletes it; then it is brought again. Several processes may share the folder: it may happen that two bring one file.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Lock

from rocot.engine.desk import Desk
from rocot.errors import StorageError, VideoError
from rocot.storage.place import PATIENT, MissingError, Place

_DIGITS = 16
_URL, _NEW, _FILES = "url.txt", "new", "files"


class Mirror:
    """One folder. Safe to use from several threads.

    What goes wrong at the URL is a StorageError that names it, and a VideoError where it is one file that is gone
    (`missing file`), or changed (`file changed`), since the files were listed.
    """

    def __init__(self, place: Place, folder: Path) -> None:
        """`folder` is for this one alone."""
        self.place = place
        self._patient = Place(place.url, pauses=PATIENT)
        """For what a run waits for that is under way; one that begins is told at once of a mistyped address."""
        self.root = folder / _FILES
        """Where files are once they were brought."""
        self._folder = folder
        self._desk = Desk(folder / _NEW)
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def __str__(self) -> str:
        return str(self.place)

    @cached_property
    def files(self) -> Mapping[str, int]:
        """Bytes of all files, by their paths (POSIX); asked once. Raises StorageError."""
        return self.place.files()

    def here(self, path: str) -> Path | None:
        """The file on this machine's disk, whole; None where it has to be brought. Raises StorageError."""
        file = self.root / path
        try:
            return file if file.is_file() and file.stat().st_size == self.files[path] else None
        except OSError as error:
            raise StorageError(f"{file}: cannot be read ({error.strerror}); delete the cache folder") from error

    def part(self, path: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of a file, without bringing it. Raises StorageError, VideoError."""
        with self._of_one(path):
            return self._patient.part(path, start, end)

    def bring(self, path: str) -> Path:
        """The file on this machine's disk. Raises StorageError, VideoError; KeyError for one that is not listed."""
        if not can_lie(path):
            raise StorageError(f"{self.place}/{path}: cannot lie under this path in a folder here; give it another")
        with self._lock:
            lock = self._locks.setdefault(path, Lock())
        with lock:
            return self.here(path) or self._brought(path)

    def _brought(self, path: str) -> Path:
        file, size = self.root / path, self.files[path]

        def fetch(made: Path) -> None:
            made.parent.mkdir(parents=True, exist_ok=True)
            with self._of_one(path):
                self._patient.fetch(path, made)
            if made.stat().st_size != size:
                raise VideoError(
                    "file changed", f"{path}: {size:,} bytes were listed, and {made.stat().st_size:,} came"
                )

        try:
            note = self._folder / _URL
            if not note.is_file():
                self._desk.write(note, self.place.url.encode())
            file.parent.mkdir(parents=True, exist_ok=True)  # where it is missing all would be brought again
            self._desk.fill(file, fetch)
        except OSError as error:
            raise StorageError(
                f"{file}: cannot be written ({error.strerror}); make room, or choose another cache folder"
            ) from error
        return file

    @contextmanager
    def _of_one(self, path: str) -> Iterator[None]:
        try:
            yield
        except MissingError as error:
            raise VideoError("missing file", f"{path} was listed at {self.place}, and is not there any more") from error


class Mirrors:
    """All that lie in one folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._made: dict[str, Mirror] = {}
        self._lock = Lock()

    def of(self, url: str) -> Mirror:
        """The one of a URL. Reaches nothing yet. Raises StorageError for a URL that cannot be used."""
        place = Place(url)
        name = hashlib.sha256(place.url.encode()).hexdigest()[:_DIGITS]
        with self._lock:
            if name not in self._made:
                self._made[name] = Mirror(place, self._folder / name)
            return self._made[name]

    def bring(self, file: Path) -> None:
        """Brings a file to where it lies in one of those that were asked for here, unless it is there.

        Of any other file nothing is done. Raises StorageError, VideoError.
        """
        with self._lock:
            holding = [mirror for mirror in self._made.values() if file.is_relative_to(mirror.root)]
        for mirror in holding:
            path = file.relative_to(mirror.root).as_posix()
            if not file.is_file() and path in mirror.files:
                mirror.bring(path)


def can_lie(path: str) -> bool:
    """Whether a file may lie in a folder under its path: one that leads out of it must not, and others cannot."""
    parts = path.split("/")
    return PurePosixPath(path).as_posix() == path and ".." not in parts and parts[0] != "" and "\0" not in path
