"""Where the files of a release lie: in a folder, or in a repository."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, Protocol

from rocot.release.configs import FOLDERS
from rocot.release.manifest import PLOTS

MOVED = frozenset({*FOLDERS.values(), PLOTS})
"""Folders of a release that may be links, as to a larger disk: `datasets` follows them, and no link below."""
LINK = "is a link to a folder, which is not followed"
"""What is said of others."""
NAMELESS = "has a name that is no UTF-8, by which not every reader of Parquet finds it; rename it"
"""What is said of a folder."""


@dataclass(frozen=True)
class Entry:
    """What stands at a path."""

    size: int
    """Bytes of a file."""
    kind: Literal["file", "folder", "link", "other"] = "file"
    """Link: to a folder, which is not followed. Other: a pipe, say, which is not opened."""


class Files(Protocol):
    """A release at some place. Where it cannot be read an OSError or a HubError is raised."""

    def listing(self) -> Mapping[str, Entry]:
        """All that stands there, by its path from the release on; folders may be left out."""

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file to read within the block, forwards and again from its beginning."""


@dataclass(frozen=True)
class OnDisk:
    """A release in a folder of this machine."""

    folder: Path

    def listing(self) -> Mapping[str, Entry]:
        """See `Files.listing`. A link to a file is one."""
        found: dict[str, Entry] = {}
        waiting = [""]
        while waiting:
            inner = waiting.pop()
            for path, entry in self._in(inner):
                found[path] = entry
                if entry.kind == "folder":
                    waiting.append(path)
        return found

    def _in(self, inner: str) -> Iterator[tuple[str, Entry]]:
        with os.scandir(self.folder / inner) as there:
            for one in there:
                path = f"{inner}/{one.name}" if inner else one.name
                yield path, _entry(one, moved=path in MOVED)

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """See `Files.opened`."""
        return (self.folder / path).open("rb")


def _entry(one: "os.DirEntry[str]", *, moved: bool) -> Entry:
    try:
        there = one.stat()
    except OSError:  # a link that leads nowhere, or round in a circle
        return Entry(0, "other")
    if stat.S_ISDIR(there.st_mode):
        return Entry(0, "link" if one.is_symlink() and not moved else "folder")
    return Entry(there.st_size) if stat.S_ISREG(there.st_mode) else Entry(0, "other")


def hidden(path: str) -> bool:
    """Whether nobody loads what lies there: a name on its way from the release begins with a dot."""
    return any(part.startswith(".") for part in PurePosixPath(path).parts)


def utf8(name: str) -> bool:
    """Whether a path is UTF-8; Python has a lone surrogate for each byte that is none."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
