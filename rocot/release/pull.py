"""Pull: a release on the Hub becomes a folder here, whole and with every byte checked, or nothing changes.

Files gather in a folder beside the target, where a pull that was ended finds them again; what the target itself, of
another version, holds already is not fetched. Then the target is swapped for the new release in one step.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rocot.errors import ConfigError, HubError
from rocot.release.hub import Hub, Stored
from rocot.release.manifest import NAME, Manifest, damage
from rocot.release.remote import held
from rocot.release.shards import Listed, sync
from rocot.release.swap import replacing, take, writing

AGAIN = "pull again: what has arrived is kept"


class Telling(Protocol):
    """Told of a pull as it goes."""

    def expect(self, files: Sequence[Listed]) -> None:
        """What the release is made of."""

    def fetching(self, file: Listed) -> None:
        """A file is on its way."""

    def fetched(self, file: Listed) -> None:
        """It is here, and right; perhaps it was already."""


@dataclass(frozen=True)
class Pulled:
    """What came."""

    folder: Path
    commit: str
    manifest: Manifest
    files: int
    """That the manifest lists."""
    size: int
    """Bytes of all of them."""
    fetched: int
    """Of these bytes, those that came over the network; the others were here."""


def pull(hub: Hub, to: Path, telling: Telling, revision: str) -> Pulled:
    """Fetches the release of a branch, tag or commit.

    Raises ConfigError, HubError and StoreError; the target is then what it was.
    """
    if to.exists() and not to.is_dir():
        raise ConfigError(f"{to} is no folder; name another one with --to")
    if to.is_dir() and any(to.iterdir()) and not (to / NAME).is_file():
        raise ConfigError(f"{to} holds something else than a release; name another folder with --to")
    there = held(hub, revision)
    manifest = there.manifest
    gathering = _Gathering(hub, there.commit, to, telling)
    telling.expect(manifest.listed)
    with writing(to, AGAIN):
        gathering.keep(there.folder / NAME)
        fetched = sum(file.bytes for file in manifest.listed if gathering.gather(file, there.files))
        gathering.put([*(file.path for file in manifest.listed), NAME])
    return Pulled(
        folder=to,
        commit=there.commit,
        manifest=manifest,
        files=len(manifest.listed),
        size=sum(file.bytes for file in manifest.listed),
        fetched=fetched,
    )


@dataclass(frozen=True)
class _Gathering:
    """Gathers the files of one commit beside the target."""

    hub: Hub
    commit: str
    to: Path
    telling: Telling

    @property
    def folder(self) -> Path:
        return self.to.with_name(f".{self.to.name}.pulling")

    def keep(self, manifest: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(manifest, self.folder / NAME)

    def gather(self, file: Listed, there: Mapping[str, Stored]) -> bool:
        """Has the file in the folder, every byte checked; whether it had to be fetched."""
        self.telling.fetching(file)
        found = self._is_here(file)
        if not found:
            self._fetch(file, there)
        self.telling.fetched(file)
        return not found

    def _is_here(self, file: Listed) -> bool:
        if damage(self.folder, file) is None:
            return True
        if damage(self.to, file) is not None:
            return False
        here = self.folder / file.path
        here.unlink(missing_ok=True)
        here.parent.mkdir(parents=True, exist_ok=True)
        take(self.to / file.path, here)
        return True

    def _fetch(self, file: Listed, there: Mapping[str, Stored]) -> None:
        if file.path not in there:
            raise HubError(f"{self.hub.name} lacks {file.path}, which its manifest lists: it is no whole release")
        for again in ((self.folder / file.path).exists(), True):
            self.hub.fetch(file.path, self.commit, self.folder, again=again)
            if damage(self.folder, file) is None:
                return
        raise HubError(f"{file.path} of {self.hub.name} is not the file that its manifest lists (sha256)")

    def put(self, paths: list[str]) -> None:
        """Puts the gathered files in the place of what the target holds."""
        with replacing(self.to, then=AGAIN) as fresh:
            for path in paths:
                sync(self.folder / path)
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                take(self.folder / path, fresh / path)
        shutil.rmtree(self.folder)
