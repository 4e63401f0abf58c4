"""Where files of a cache are written, before they take their places."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

LITTER = 3600.0
"""Seconds after which a half-written file belongs to a process that was killed."""
ATTEMPTS = 100
"""At a file whose folders somebody deletes meanwhile."""


class Desk:
    """A folder on the disk of those to which its files go. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept = False

    def write(self, path: Path, data: bytes) -> None:
        """Writes a file, all at once as far as readers can see. Raises OSError."""
        self.fill(path, lambda made: made.write_bytes(data))

    def fill(self, path: Path, write: Callable[[Path], object]) -> None:
        """The same, of a file that `write` writes where it is told; it may be called again. Raises OSError."""
        for _ in range(ATTEMPTS):
            with suppress(FileNotFoundError):  # a new folder, or one that is being deleted, or a file swept by mistake
                self._fill(path, write)
                return
            with suppress(FileNotFoundError):
                self._folder.mkdir(parents=True, exist_ok=True)
                path.parent.mkdir(parents=True, exist_ok=True)
        self._fill(path, write)

    def _fill(self, path: Path, write: Callable[[Path], object]) -> None:
        made = self._folder / uuid4().hex
        try:
            write(made)
            if not self._swept:
                self._swept = True
                self._sweep(made.stat().st_mtime - LITTER)  # by the clock that dates the files, whichever that is
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)

    def _sweep(self, before: float) -> None:
        for left in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process was quicker
                if left.stat().st_mtime < before:
                    left.unlink()
