"""A release at a URL: file by file, with the manifest last, and back again with every byte checked.

A folder at a URL cannot be swapped in one step, so it is no release while it changes: where a file of the last one has
to give way, its manifest goes first. Whoever reads meanwhile finds no manifest, or bytes that it does not name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rocot.errors import ConfigError, StorageError
from rocot.release.manifest import NAME, Manifest, damage, manifest_of
from rocot.release.ready import Release
from rocot.release.shards import Listed
from rocot.release.swap import replacing, take
from rocot.storage.place import Place

AGAIN = "try again"


class Telling(Protocol):
    """Told of a transfer as it goes."""

    def expect(self, files: Sequence[Listed]) -> None:
        """What there is to do."""

    def storing(self, file: Listed) -> None:
        """A file's upload begins."""

    def stored(self, file: Listed) -> None:
        """It is there."""

    def fetching(self, file: Listed) -> None:
        """A file is on its way."""

    def fetched(self, file: Listed) -> None:
        """It is here, and right."""


@dataclass(frozen=True)
class Placing:
    """What is to be done at a URL."""

    send: tuple[Listed, ...]
    there: tuple[Listed, ...]
    """Files that it holds already."""
    gone: tuple[str, ...]
    """Files of the last release there that the new one has not."""
    done: bool
    """Whether it holds the release."""


def placing(release: Release, place: Place) -> Placing:
    """Looks, and changes nothing. Raises StorageError, StoreError for a manifest there that cannot be read."""
    text = place.read(NAME)
    last = {} if text is None else {file.path: file for file in manifest_of(text, f"{place}/{NAME}").listed}
    *files, _ = release.files
    send = tuple(file for file in files if not _holds(place, last, file))
    gone = tuple(sorted(last.keys() - {file.path for file in files}))
    same = text == (release.folder / NAME).read_bytes()
    return Placing(send, tuple(file for file in files if file not in send), gone, done=same and not send)


def put(release: Release, place: Place, seen: Placing, telling: Telling) -> None:
    """Makes a URL hold a release. Raises StorageError; the same again goes on, as sending is by file."""
    if seen.done:
        return
    place.remove(NAME)
    telling.expect(seen.send)
    for file in seen.send:
        telling.storing(file)
        place.send(release.folder / file.path, file.path)
        telling.stored(file)
    place.write(NAME, (release.folder / NAME).read_bytes())
    for path in seen.gone:
        place.remove(path)


def fetch(place: Place, to: Path, telling: Telling) -> Manifest:
    """Makes a folder the release at a URL, in one step. Raises ConfigError, StorageError, StoreError."""
    if to.exists() and not to.is_dir():
        raise ConfigError(f"{to} is no folder; name another one with --to")
    if to.is_dir() and any(to.iterdir()) and not (to / NAME).is_file():
        raise ConfigError(f"{to} holds something else than a release; name another folder with --to")
    text = place.read(NAME)
    if text is None:
        raise StorageError(f"{place} is no release of rocot: it has no {NAME}")
    manifest = manifest_of(text, f"{place}/{NAME}")
    telling.expect(manifest.listed)
    with replacing(to, then=AGAIN) as fresh:
        for file in manifest.listed:
            telling.fetching(file)
            _bring(place, file, to, fresh)
            telling.fetched(file)
        (fresh / NAME).write_bytes(text)
    return manifest


def _bring(place: Place, file: Listed, old: Path, fresh: Path) -> None:
    (fresh / file.path).parent.mkdir(parents=True, exist_ok=True)
    if damage(old, file) is None:
        take(old / file.path, fresh / file.path)
        return
    place.fetch(file.path, fresh / file.path)
    wrong = damage(fresh, file)
    if wrong is not None:
        raise StorageError(f"{place}/{file.path} {wrong}; nothing was changed here. Is it being replaced just now?")


def _holds(place: Place, last: Mapping[str, Listed], file: Listed) -> bool:
    """Whether a file lies there as the last release was listed to have it; its bytes are the puller's to check."""
    known = last.get(file.path)
    return known is not None and known.sha256 == file.sha256 and place.size(file.path) == file.bytes
