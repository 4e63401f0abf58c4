"""Where the files of a release lie: in a folder, on a file system of pyarrow's, or in a repository."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import pyarrow.fs as pa_fs


@dataclass(frozen=True)
class Entry:
    """What stands at a path."""

    size: int
    """Bytes of a file."""
    kind: Literal["file", "folder", "other"] = "file"
    """Other: a pipe, say, which is not opened."""


class Files(Protocol):
    """A release at some place. Where it cannot be read an OSError or a HubError is raised."""

    def listing(self) -> Mapping[str, Entry]:
        """All that stands there, by its path from the release on; folders may be left out."""

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file to read within the block, forwards and again from its beginning."""


@dataclass(frozen=True)
class OnDisk:
    """A release at the root of a file system, whichever that is."""

    system: pa_fs.FileSystem

    @classmethod
    def of(cls, folder: Path) -> "OnDisk":
        """In a folder of this machine."""
        return cls(pa_fs.SubTreeFileSystem(str(folder.resolve()), pa_fs.LocalFileSystem()))

    def listing(self) -> Mapping[str, Entry]:
        """See `Files.listing`."""
        found = self.system.get_file_info(pa_fs.FileSelector("", recursive=True))
        kinds: dict[object, Literal["file", "folder"]] = {
            pa_fs.FileType.File: "file",
            pa_fs.FileType.Directory: "folder",
        }
        return {info.path: Entry(info.size or 0, kinds.get(info.type, "other")) for info in found}

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """See `Files.opened`."""
        opened: AbstractContextManager[BinaryIO] = self.system.open_input_file(path)
        return opened
