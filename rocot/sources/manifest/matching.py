"""Which file in a folder is which annotated video."""

import filecmp
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from rocot.errors import ConfigError, VideoError
from rocot.sources.footage import Footage, Here
from rocot.sources.manifest.finding import Finding
from rocot.sources.names import LONGEST, SUFFIXES, printable, stem

MOST_FILES = 2_000_000
"""Looked at. All known datasets together have some 15,000 videos."""


class Named(Protocol):
    """What of an annotated video tells its file."""

    @property
    def id(self) -> str:
        """The dataset's name of it."""

    @property
    def video(self) -> str:
        """Its identity."""

    @property
    def file(self) -> str:
        """Where the annotations say that it lies, relative; its last part is enough."""


@dataclass(frozen=True)
class Matching:
    """The files of a folder, by the videos that they are."""

    root: Path
    """The folder, absolute, links resolved."""
    paths: Mapping[str, str]
    """Relative to the root (POSIX), by `video`."""
    findings: Sequence[Finding]


def match(said: Iterable[Named], footage: Footage) -> Matching:
    """Finds each video by its path in the folder, else anywhere in it by its name, whatever the suffix of a video.

    Names are compared exactly, but for the suffix. Of several files of one name the one is taken that shares most
    folders with the annotation, then the one with its suffix; of equals the first, if they are the same byte for byte.

    Nothing outside the folder is looked at: annotated names are only compared with those of the files that were
    found, links to folders are not followed, and links to files not out of it. Names with a dot in front are left
    out. Raises ConfigError for a folder that cannot be listed, or that holds none of the videos, and StorageError.
    """
    shelf, wanted = _Shelf(footage), _once(said)
    paths: dict[str, str] = {}
    findings: list[Finding] = []
    for video, one in sorted(wanted.items()):
        found = shelf.find(one)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            paths[video] = found
    if wanted and not paths:
        raise ConfigError(_nothing(footage, shelf, wanted.values()))
    return Matching(footage.root, paths, (*findings, *shelf.outside, *shelf.extra()))


def _once(said: Iterable[Named]) -> dict[str, Named]:
    """The first that names each video."""
    made: dict[str, Named] = {}
    for one in said:
        made.setdefault(one.video, one)
    return made


class _Shelf:
    """The videos in a folder, by name."""

    def __init__(self, footage: Footage) -> None:
        self.footage, self.root = footage, footage.root
        self.outside: list[Finding] = []
        self.files: dict[str, list[PurePosixPath]] = {}
        self._asked: set[str] = set()
        for path in self._listed() if isinstance(footage, Here) else self._told():
            self.files.setdefault(stem(path.name), []).append(path)

    def find(self, one: Named) -> str | Finding:
        wanted = PurePosixPath(one.file)
        for name in dict.fromkeys((stem(wanted.name), wanted.name, stem(PurePosixPath(one.id).name))):
            if name in self.files:
                self._asked.add(name)
                return self._chosen(wanted, self.files[name])
        return Finding(kind="missing", video=printable(one.file), detail="no such video in the folder")

    def extra(self) -> Iterator[Finding]:
        """The videos that nobody asked for."""
        for path in sorted(path for name, paths in self.files.items() if name not in self._asked for path in paths):
            yield Finding(kind="extra", video=printable(str(path)), detail="no annotation names it")

    def _chosen(self, wanted: PurePosixPath, found: Sequence[PurePosixPath]) -> str | Finding:
        if wanted in found:
            return str(wanted)
        fits = {path: (_shared(path, wanted), path.suffix == wanted.suffix) for path in found}
        best = max(fits.values())
        first, *others = sorted(path for path in found if fits[path] == best)
        for other in others:
            if not self._same(first, other):
                said = f"two files of this name differ: {printable(str(first))} and {printable(str(other))}"
                return Finding(kind="ambiguous", video=printable(str(wanted)), detail=said)
        return str(first)

    def _same(self, first: PurePosixPath, second: PurePosixPath) -> bool:
        try:
            one, two = self.footage.bring(str(first)), self.footage.bring(str(second))
            return one.is_file() and two.is_file() and filecmp.cmp(one, two, shallow=False)
        except (OSError, VideoError):  # neither is known to be the other, then
            return False

    def _told(self) -> Iterator[PurePosixPath]:
        """Where somebody else lists them."""
        return (PurePosixPath(path) for path in sorted(self.footage.found()) if self._kept(path))

    def _listed(self) -> Iterator[PurePosixPath]:
        def stop(error: OSError) -> None:
            raise ConfigError(f"{error.filename}: cannot be listed ({error.strerror})") from error

        seen = 0
        for place, folders, names in os.walk(self.root, onerror=stop):
            folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
            seen += len(names) + len(folders)
            if seen > MOST_FILES:
                raise ConfigError(f"{self.root}: over {MOST_FILES:,} files in it; name the folder of the videos")
            videos = (name for name in sorted(names) if not name.startswith(".") and name.lower().endswith(SUFFIXES))
            for name in (*folders, *videos):
                path = Path(place, name)
                if self._usable(path) and name not in folders:
                    yield PurePosixPath(path.relative_to(self.root))

    def _usable(self, path: Path) -> bool:
        """Whether it lies in the folder and has a name that can be kept; what has not is told."""
        name = path.relative_to(self.root).as_posix()
        if path.is_symlink() and not _resolved(path).is_relative_to(self.root):
            said = "a link that leads out of the folder of videos; such links are not followed"
            self.outside.append(Finding(kind="outside", video=printable(name), detail=said))
            return False
        return path.is_dir() or self._kept(name)

    def _kept(self, name: str) -> bool:
        if printable(name) == name:
            return True
        said = f"at most {LONGEST} characters of UTF-8, no control characters"
        self.outside.append(Finding(kind="unusable name", video=printable(name), detail=said))
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return Path("/")


def _shared(path: PurePosixPath, wanted: PurePosixPath) -> int:
    """Folders that two paths share, counted from the file up."""
    count = 0
    for one, other in zip(reversed(path.parts[:-1]), reversed(wanted.parts[:-1]), strict=False):
        if one != other:
            break
        count += 1
    return count


def _nothing(folder: Footage, shelf: _Shelf, wanted: Iterable[Named]) -> str:
    first = printable(next(iter(wanted)).file)
    if not shelf.files:
        return f"{folder}: no videos in it (looked for {', '.join(SUFFIXES)}); name the folder of the dataset's videos"
    other = printable(str(next(iter(shelf.files.values()))[0]))
    return f"{folder}: none of the dataset's videos is in it (want {first}, say; got {other}, say); name their folder"
