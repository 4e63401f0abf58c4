"""Which file on this machine is the video that a row speaks of."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from rocot.errors import ConfigError, VideoError
from rocot.sources.listing import root_of
from rocot.sources.names import SUFFIXES, stem
from rocot.video.mark import mark_of


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

    def __init__(self, folders: Sequence[Path]) -> None:
        """Raises ConfigError for a folder that is none, cannot be listed, or has no video."""
        self._named: dict[str, list[Path]] = {}
        for folder in folders:
            found = list(_videos(root_of(folder)))
            if not found:
                raise ConfigError(f"{folder}: no videos in it (looked for {', '.join(SUFFIXES)})")
            for path in found:
                self._named.setdefault(stem(path.name), []).append(path)
        self._unread = iter([path for paths in self._named.values() for path in paths])
        self._marked: dict[str, Path] = {}
        self._lock = Lock()

    def path(self, video: str, mark: str) -> Path | None:
        """See `Places.path`."""
        named = self._by_name(video)
        with self._lock:
            for path in named:
                if mark not in self._marked:
                    self._read(path)
            while mark not in self._marked and (other := next(self._unread, None)) is not None:
                self._read(other)
            return self._marked.get(mark, named[0] if named else None)

    def _by_name(self, video: str) -> list[Path]:
        """The files that may be meant, those first that share most of the id's folders."""
        parts = video.split("/")
        names = dict.fromkeys((parts[-1], stem(parts[-1])))
        found = [path for name in names for path in self._named.get(name, ())]
        return sorted(dict.fromkeys(found), key=lambda path: (-_shared(path, parts[:-1]), str(path)))

    def _read(self, path: Path) -> None:
        with suppress(VideoError):  # told where it is opened because of its name
            self._marked.setdefault(mark_of(path), path)


def places(folders: Mapping[str, Sequence[Path]], made: Mapping[str, Made]) -> dict[str, Places]:
    """By source: what is made again, and the folders that were named. Raises ConfigError, as `Folders`."""
    return {
        **{name: Rendered(one) for name, one in made.items()},
        **{name: Folders(named) for name, named in folders.items()},
    }


def _videos(root: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise ConfigError(f"{error.filename}: cannot be listed ({error.strerror})") from error

    for place, folders, names in os.walk(root, onerror=stop):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        yield from (
            Path(place, name) for name in sorted(names) if not name.startswith(".") and name.lower().endswith(SUFFIXES)
        )


def _shared(path: Path, folders: Sequence[str]) -> int:
    """Folders that two paths share, counted from the file up."""
    count = 0
    for one, other in zip(reversed(path.parts[:-1]), reversed(folders), strict=False):
        if one != other:
            break
        count += 1
    return count
