"""The files of a source's videos, in a folder of this machine or at a URL."""

import os
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from rocot.errors import ConfigError, VideoError
from rocot.sources.listing import root_of
from rocot.sources.names import SUFFIXES, is_there, printable
from rocot.storage.mirror import Mirror, can_lie
from rocot.video.mark import MARKED_BYTES, mark_by, mark_of


class Footage(Protocol):
    """Where the videos of a source lie. Safe to call from several threads at once."""

    @property
    def root(self) -> Path:
        """The folder that paths start at, absolute, links resolved. Raises ConfigError."""

    def found(self) -> Collection[str]:
        """Paths of videos from the root (POSIX), and of links to folders; names with a dot in front are left out.

        Raises ConfigError for a folder that cannot be listed, StorageError for a URL.
        """

    def holds(self, path: str) -> bool:
        """Whether anything lies there."""

    def mark(self, path: str) -> str:
        """The content mark of a file; see `mark_of`. Raises VideoError, StorageError."""

    def bring(self, path: str) -> Path:
        """The file on this machine's disk, or where it would lie. Raises VideoError, StorageError."""


class Here:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    @cached_property
    def root(self) -> Path:
        """See `Footage`."""
        return root_of(self._folder)

    def found(self) -> Collection[str]:
        """See `Footage`."""

        def stop(error: OSError) -> None:
            raise ConfigError(f"{error.filename}: cannot be listed ({error.strerror})") from error

        found: set[str] = set()
        for place, folders, files in os.walk(self.root, onerror=stop):
            folders[:] = [folder for folder in folders if not folder.startswith(".")]
            links = (folder for folder in folders if (Path(place) / folder).is_symlink())
            found.update((Path(place) / name).relative_to(self.root).as_posix() for name in (*links, *_videos(files)))
        return found

    def holds(self, path: str) -> bool:
        """See `Footage`."""
        return is_there(self.root / path)

    def mark(self, path: str) -> str:
        """See `Footage`."""
        return mark_of(self.root / path)

    def bring(self, path: str) -> Path:
        """See `Footage`."""
        return self.root / path


class There:
    """A folder at a URL. Marks are told by both ends of a file; all of it comes here when it is to be opened."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def __str__(self) -> str:
        return str(self._mirror)

    @property
    def root(self) -> Path:
        """See `Footage`."""
        return self._mirror.root

    def found(self) -> Collection[str]:
        """See `Footage`."""
        return {path for path in _videos(self._mirror.files) if "/." not in path}

    def holds(self, path: str) -> bool:
        """See `Footage`."""
        return path in self._mirror.files

    def mark(self, path: str) -> str:
        """See `Footage`."""
        self._check(path)
        here = self._mirror.here(path)
        if here is not None:
            return mark_of(here)
        size = self._mirror.files[path]
        head = self._mirror.part(path, 0, min(size, MARKED_BYTES))
        tail = head if size <= MARKED_BYTES else self._mirror.part(path, size - MARKED_BYTES, size)
        return mark_by(size, head, tail)

    def bring(self, path: str) -> Path:
        """See `Footage`."""
        self._check(path)
        return self._mirror.bring(path)

    def _check(self, path: str) -> None:
        """Raises VideoError for what can be no video."""
        if not self.holds(path):
            raise VideoError("missing file", f"{printable(path)} is not at {self._mirror}")
        if not can_lie(path):
            raise VideoError("unusable name", f"{printable(path)} cannot lie in a folder; give it another name")
        if not self._mirror.files[path]:
            raise VideoError("not a video", f"{printable(path)}: the file is empty")


def _videos(names: Iterable[str]) -> list[str]:
    """Those that are no hidden names and end as videos do."""
    return [name for name in names if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
