"""A release on the Hub, for commands that read one: verified without being kept, or brought here whole to be compared.

To verify it, each file is fetched anew, held against the manifest of its commit and removed again, so that neither the
client's cache is believed nor the disk needs more room than one shard. To compare it, its files go into the client's
cache, where the next comparison finds them, each held against the manifest every time.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from rocot.errors import HubError
from rocot.release.configs import FOLDERS
from rocot.release.files import Entry
from rocot.release.hub import Hub, Stored
from rocot.release.manifest import CARD, MOST_BYTES, NAME, PLOTS, Manifest, damage, read_manifest
from rocot.release.verify import Verification, verify

MAIN = "main"


@dataclass(frozen=True)
class Coming:
    """A file that is to be fetched."""

    path: str
    bytes: int


class Telling(Protocol):
    """Told of files as they come."""

    def expect(self, files: Sequence[Coming]) -> None:
        """All that may be fetched."""

    def fetching(self, file: Coming) -> None:
        """A file is on its way."""

    def fetched(self, file: Coming) -> None:
        """It has come, and was looked at."""


@dataclass(frozen=True)
class Held:
    """What a commit holds."""

    commit: str
    files: Mapping[str, Stored]
    folder: Path
    """Where its manifest lies, in the client's cache."""
    manifest: Manifest


def held(hub: Hub, revision: str) -> Held:
    """The release of a branch, tag or commit. Raises HubError, and StoreError for a manifest that cannot be used."""
    seen = hub.at(revision)
    files = hub.files(seen.head)
    if NAME not in files:
        raise HubError(f"{hub.name} at {revision} is no release of rocot: it has no {NAME}")
    folder = hub.manifest(seen.head, NAME, files[NAME]).parent
    manifest = read_manifest(folder)
    assert manifest is not None
    return Held(seen.head, files, folder, manifest)


@dataclass
class OnHub:
    """The release of a commit, a file at a time. Other files of the repository, such as a licence, are none of it."""

    hub: Hub
    commit: str
    folder: Path
    """Where a file lies while it is looked at."""
    telling: Telling
    stored: dict[str, Stored] = field(default_factory=dict)

    def listing(self) -> Mapping[str, Entry]:
        """See `Files.listing`."""
        found = self.hub.files(self.commit)
        self.stored = {path: one for path, one in found.items() if _belongs(path)}
        self.telling.expect([Coming(path, one.size) for path, one in self.stored.items()])
        return {path: Entry(one.size) for path, one in self.stored.items()}

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """See `Files.opened`. Raises HubError where it does not come."""
        coming = Coming(path, self.stored[path].size)
        if path == NAME and coming.bytes > MOST_BYTES:
            raise HubError(f"{self.hub.name}: its {NAME} has {coming.bytes} bytes, and is none of rocot's")
        self.telling.fetching(coming)
        here = self._fetched(path)
        try:
            with here.open("rb") as source:
                yield source
        finally:
            here.unlink(missing_ok=True)
        self.telling.fetched(coming)

    def _fetched(self, path: str) -> Path:
        """Once more where what came is not what the Hub itself lists: damage on the way is none of the release.

        The client copies what its cache holds, unless it is told that this is not what is wanted.
        """
        here = self.hub.fetch(path, self.commit, self.folder, again=True)
        with here.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if self.stored[path].holds(here, digest):
            return here
        return self.hub.fetch(path, self.commit, self.folder, again=True)


def _belongs(path: str) -> bool:
    return path in {NAME, CARD} or path.split("/", maxsplit=1)[0] in {*FOLDERS.values(), PLOTS}


def verify_hub(hub: Hub, revision: str, folder: Path, telling: Telling) -> Verification:
    """The release of a branch, tag or commit; `folder` is empty, and holds one file of it at a time.

    Raises HubError where the Hub cannot be asked.
    """
    commit = hub.at(revision).head
    return verify(OnHub(hub, commit, folder, telling), f"{hub.name} at {revision}, commit {commit[:7]}")


def borrowed(hub: Hub, revision: str, telling: Telling) -> Path:
    """The folder of the client's cache in which the release of a branch, tag or commit now lies, every byte checked.

    Raises HubError, and StoreError for a manifest that cannot be used.
    """
    found = held(hub, revision)
    coming = [Coming(file.path, file.bytes) for file in found.manifest.listed]
    telling.expect(coming)
    for file, one in zip(found.manifest.listed, coming, strict=True):
        telling.fetching(one)
        if file.path not in found.files:
            raise HubError(f"{hub.name} lacks {file.path}, which its manifest lists: it is no whole release")
        hub.fetch(file.path, found.commit)
        if damage(found.folder, file) is not None:
            hub.fetch(file.path, found.commit, again=True)
        if (what := damage(found.folder, file)) is not None:
            raise HubError(f"{file.path} of {hub.name} {what}; `rocot verify {hub.name}@{revision}` tells all")
        telling.fetched(one)
    return found.folder
