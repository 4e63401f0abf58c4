"""Where files of the frame cache are written, before they take their places."""

import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

LITTER = 3600.0
"""Seconds after which a half-written file belongs to a process that was killed."""


class Desk:
    """A folder on the disk of those to which its files go. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept = False

    def write(self, path: Path, data: bytes) -> None:
        """Writes a file, all at once as far as readers can see. Raises OSError."""
        if not self._swept:
            self._sweep()
            self._swept = True
        try:
            self._write(path, data)
        except FileNotFoundError:  # a new folder, or one that was deleted just now
            self._folder.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, data)

    def _write(self, path: Path, data: bytes) -> None:
        made = self._folder / uuid4().hex
        try:
            made.write_bytes(data)
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)

    def _sweep(self) -> None:
        for left in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):  # another process was quicker
                if left.stat().st_mtime < time.time() - LITTER:
                    left.unlink()
