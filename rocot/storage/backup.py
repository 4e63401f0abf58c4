"""The store of a run at a URL: kept there while the run goes on, and brought back on another machine.

    00000007-<token>.sqlite   a copy of the store
    00000007-<token>.json     its manifest, written once all of the copy is there

Nothing is ever written over: the highest manifest that can be read is the backup, and what a killed upload has left
counts for nothing. Two kinds of loss are refused. A backup takes the place of one that its store goes on from, and of
no other, so a process that was given up for lost and lives cannot undo what its successor did. A restore never takes
away what a run holds and the backup does not.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias
from uuid import uuid4

from pydantic import Field, ValidationError

from rocot import __version__
from rocot.core.record import Record
from rocot.engine.copying import arriving, check_store, copied, take_place, untouched
from rocot.engine.history import History, goes_on_from, history_of
from rocot.engine.reader import FILE, StoreReader
from rocot.errors import StorageError, StoreError
from rocot.storage.place import MissingError, Place

KEPT = 2
"""Backups that stay: the newest, and the one that somebody may be reading."""
_NAME = re.compile(r"([0-9]{8})-([0-9a-f]{32})\.(json|sqlite)", re.ASCII)


class Saved(Record):
    """The manifest of a backup."""

    format: Literal[1, 2] = 2
    """1 knows nothing of parts, recipes and purges."""
    sequence: int = Field(ge=1)
    token: str = Field(pattern=r"^[0-9a-f]{32}$")
    """Tells it from any other of the same number."""
    bytes: int
    """Of the copy."""
    sha256: str
    history: History
    fingerprint: str
    """Of the flow that the run was made with last; empty for a run that was never started."""
    made: str
    """ISO 8601, UTC."""
    rocot: str

    @property
    def stem(self) -> str:
        """What its two files are called, without their suffixes."""
        return f"{self.sequence:08d}-{self.token}"

    @property
    def file(self) -> str:
        """What the copy is called."""
        return f"{self.stem}.sqlite"


class OvertakenError(StorageError):
    """What is kept there is not what this run goes on from."""


@dataclass(frozen=True)
class BackedUp:
    """What came of a backup."""

    saved: Saved
    sent: bool
    """False where it was there already."""


Was: TypeAlias = Literal["nothing", "behind", "same", "ahead"]
"""How a run's folder stood to the backup: it held no store, less, the same, or all of it and more."""


@dataclass(frozen=True)
class Restored:
    """What came of a restore."""

    saved: Saved
    was: Was


def newest(place: Place) -> Saved | None:
    """The backup that lies there; None for none. Raises StorageError."""
    manifests = sorted(
        (name for name in place.names() if name.endswith(".json") and _NAME.fullmatch(name)), reverse=True
    )
    for name in manifests:
        saved = _read(place, name)
        if saved is not None:
            return saved
    return None


def back_up(run: Path, place: Place) -> BackedUp:
    """Keeps a copy of a run's store, as it is at this moment. Others may go on writing it.

    Raises StoreError, StorageError, and OvertakenError where the store does not go on from what lies there.
    """
    with StoreReader(run) as store:
        before = _predecessor(place, store)
        if before is not None and history_of(store) == before.history and place.size(before.file) == before.bytes:
            return BackedUp(before, sent=False)
    with copied(run) as folder:
        with StoreReader(folder, touch=False) as store:
            before = _predecessor(place, store)  # once more: another process may have worked on this run, and kept it
        saved = _describe(folder, 1 + max(map(_sequence, place.names()), default=0))
        try:
            place.send(folder / FILE, saved.file)
        except StorageError:
            with suppress(StorageError):  # half of it takes the room that the next try needs
                place.remove(saved.file)
            raise
    if newest(place) == before:
        place.write(f"{saved.stem}.json", saved.model_dump_json(indent=2).encode())
    if newest(place) != saved:
        raise OvertakenError(f"{place}: another process has written a backup meanwhile; give each run its own URL")
    _tidy(place, saved)
    return BackedUp(saved, sent=True)


def restore(place: Place, run: Path) -> Restored:
    """Brings the newest backup to a run's folder, unless all of it is there. Raises StoreError, StorageError."""
    saved = newest(place)
    if saved is None:
        raise StorageError(f"{place}: no backup lies there; look at the URL, or make one by rocot backup")
    mine = _history(run)
    if mine is not None:
        with StoreReader(run) as store:
            if goes_on_from(store, saved.history):
                return Restored(saved, "same" if mine == saved.history else "ahead")
    with arriving(run) as folder:
        _fetch(place, saved, folder)
        check_store(folder)
        if mine is not None:
            with StoreReader(folder) as store:
                if not goes_on_from(store, mine):
                    raise StoreError(_apart(place, run))
        with untouched(run):
            if _history(run, touch=False) != mine:
                raise StoreError(f"{run}: somebody has worked on it meanwhile, and nothing was changed; try again")
            take_place(folder, run)
    return Restored(saved, "nothing" if mine is None else "behind")


def _history(run: Path, *, touch: bool = True) -> History | None:
    """How far the store in a run's folder is; None where there is none. Raises StoreError."""
    if not (run / FILE).is_file():
        return None
    with StoreReader(run, touch=touch) as store:
        return history_of(store)


def _predecessor(place: Place, store: StoreReader) -> Saved | None:
    """The backup that a store goes on from; None where there is none. Raises OvertakenError for another one."""
    found = newest(place)
    if found is not None and not goes_on_from(store, found.history):
        raise OvertakenError(_overtaken(place, found))
    return found


def _describe(folder: Path, sequence: int) -> Saved:
    """The manifest of a copy."""
    with StoreReader(folder, touch=False) as store:
        history, recipe = history_of(store), store.recipe()
    digest, size = _digest(folder / FILE)
    return Saved(
        sequence=sequence,
        token=uuid4().hex,
        bytes=size,
        sha256=digest,
        history=history,
        fingerprint="" if recipe is None else recipe.fingerprint,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        rocot=__version__,
    )


def _fetch(place: Place, saved: Saved, folder: Path) -> None:
    """Brings the copy, every byte checked."""
    try:
        place.fetch(saved.file, folder / FILE)
        digest, size = _digest(folder / FILE)
    except MissingError as error:
        raise StorageError(
            f"{place}/{saved.file} is gone, and {saved.stem}.json tells of it. Nothing was changed; back up again where"
            " the run still lies, or remove the .json: the backup before it is then the newest"
        ) from error
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}); make room and try again") from error
    if (digest, size) != (saved.sha256, saved.bytes):
        raise StorageError(
            f"{place}/{saved.file} is not the file that was sent: {size:,} bytes, sha256 {digest[:12]};"
            f" {saved.bytes:,} and {saved.sha256[:12]} were. Nothing was changed; try again, and if it stays so, remove"
            " this file and its .json: the backup before it is then the newest"
        )


def _read(place: Place, name: str) -> Saved | None:
    """A manifest; None for one that is torn, as a killed upload may leave it. Raises StorageError for a newer one."""
    text = place.read(name)
    try:
        return None if text is None else Saved.model_validate_json(text)
    except ValidationError as error:
        if any(fault["loc"] == ("format",) for fault in error.errors(include_url=False)):
            raise StorageError(f"{place}/{name}: a backup of another format; upgrade rocot") from error
        return None


def _tidy(place: Place, saved: Saved) -> None:
    """Removes backups of before, manifests first, and what killed uploads have left."""
    old = sorted(name for name in place.names() if 0 < _sequence(name) <= saved.sequence - KEPT)
    for name in sorted(old, key=lambda name: not name.endswith(".json")):
        place.remove(name)


def _sequence(name: str) -> int:
    """The number of a backup's file; 0 for any other file."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else 0


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _overtaken(place: Place, saved: Saved) -> str:
    return (
        f"{place}: the backup there (number {saved.sequence}, of {saved.made}) holds what this run does not: another"
        " process has gone on from an earlier backup, or it is of another run. Nothing was sent. Bring it here with"
        f" rocot restore {place} into a new folder, or keep this run under another URL"
    )


def _apart(place: Place, run: Path) -> str:
    return (
        f"{run}: neither it nor the backup at {place} goes on from the other, and restoring would lose what was asked"
        " here; restore into another folder, or move this one away"
    )
