"""Which file on this machine is the video that a row speaks of."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Protocol

from rocot.errors import ConfigError, VideoError
from rocot.sources.footage import Footage
from rocot.sources.names import SUFFIXES, stem


class Places(Protocol):
    """Finds the videos of one source. Safe to call from several threads at once."""

    def path(self, video: str, mark: str) -> Path | None:
        """The file of a video, by its id in the source and its content mark; None where it is not there.

        Raises VideoError for what is there and cannot be used.
        """


class Made(Protocol):
    """What makes the videos of a source again."""

    def path(self, video: str) -> Path:
        """The file. Raises VideoError."""


class Rendered:
    """Videos that need no folder."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def path(self, video: str, mark: str) -> Path | None:
        """See `Places.path`."""
        return self._made.path(video)


class Folders:
    """Folders of videos, with their sub-folders; hidden names are left out, links to folders are not followed.

    A video is the file of its name whose content mark is the recorded one, else any file with this mark, else the file
    of its name: its frames tell whether it is the one. 128 KiB are read of a file that is looked at, and all files are
    only where names do not settle it.
    """

    def __init__(self, folders: Sequence[Footage]) -> None:
        """Raises ConfigError for a folder that is none, cannot be listed, or has no video, and StorageError."""
        self._named: dict[str, list[_File]] = {}
        for footage in folders:
            found = sorted(path for path in footage.found() if path.lower().endswith(SUFFIXES))
            if not found:
                raise ConfigError(f"{footage}: no videos in it (looked for {', '.join(SUFFIXES)})")
            for path in found:
                self._named.setdefault(stem(PurePosixPath(path).name), []).append(_File(footage, path))
        self._unread = iter([file for files in self._named.values() for file in files])
        self._marked: dict[str, _File] = {}
        self._lock = Lock()

    def path(self, video: str, mark: str) -> Path | None:
        """See `Places.path`."""
        named = self._by_name(video)
        with self._lock:
            for file in named:
                if mark not in self._marked:
                    self._read(file)
            while mark not in self._marked and (other := next(self._unread, None)) is not None:
                self._read(other)
            chosen = self._marked.get(mark, named[0] if named else None)
        return None if chosen is None else chosen.footage.bring(chosen.path)

    def _by_name(self, video: str) -> list["_File"]:
        """The files that may be meant, those first that share most of the id's folders."""
        parts = video.split("/")
        names = dict.fromkeys((parts[-1], stem(parts[-1])))
        found = [file for name in names for file in self._named.get(name, ())]
        return sorted(dict.fromkeys(found), key=lambda file: (-_shared(file.path, parts[:-1]), file.path))

    def _read(self, file: "_File") -> None:
        with suppress(VideoError):  # told where it is opened because of its name
            self._marked.setdefault(file.footage.mark(file.path), file)


@dataclass(frozen=True)
class _File:
    """One of a folder."""

    footage: Footage
    path: str
    """From its root (POSIX)."""


def places(folders: Mapping[str, Sequence[Footage]], made: Mapping[str, Made]) -> dict[str, Places]:
    """By source: what is made again, and the folders that were named. Raises ConfigError, as `Folders`."""
    return {
        **{name: Rendered(one) for name, one in made.items()},
        **{name: Folders(named) for name, named in folders.items()},
    }


def _shared(path: str, folders: Sequence[str]) -> int:
    """Folders that two paths share, counted from the file up."""
    count = 0
    for one, other in zip(reversed(PurePosixPath(path).parts[:-1]), reversed(folders), strict=False):
        if one != other:
            break
        count += 1
    return count
