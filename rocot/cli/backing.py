"""What the commands do and say of backups: `rocot backup`, `rocot restore`, `rocot generate --backup`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rocot.cli.screen import out, size
from rocot.cli.telling import Telling
from rocot.core.part import Part
from rocot.engine.stop import Stop
from rocot.errors import RunError, StorageError
from rocot.storage.backup import BackedUp, Restored, Saved, Was, back_up, newest, restore
from rocot.storage.keeping import Keeping
from rocot.storage.place import Place

_FOUND: dict[Was, str] = {
    "nothing": "restored",
    "behind": "restored, in the place of an earlier state of it",
    "same": "it is that already",
    "ahead": "it holds all of that and more, and stays as it is",
}


@dataclass(frozen=True)
class Backup:
    """What is asked of one call of `rocot generate`."""

    url: str
    minutes: float
    """Between two backups."""


def back_up_run(run: Path, url: str) -> None:
    """Backs up, and tells. Raises StoreError, StorageError."""
    out().print(_sent(run, Place(url), back_up(run, Place(url))))


def restore_run(url: str, run: Path) -> None:
    """Restores, and tells what it met. Raises StoreError, StorageError."""
    place = Place(url)
    console, done = out(), restore(place, run)
    console.print(_fetched(run, place, done))
    if done.was in {"nothing", "behind"}:
        console.print(f"\nNext\n  rocot status {run}")


def begin(backup: Backup | None, run: Path, part: Part | None, telling: Telling) -> Keeping | None:
    """Brings to a run's folder what is kept of the run, and says how it will be kept; None where nobody asked.

    Raises StoreError, StorageError; StorageError, too, for a backup of another part.
    """
    if backup is None:
        return None
    place = Place(backup.url)
    place.check()
    saved = newest(place)
    if saved is not None:
        kept = saved.history.part
        if kept not in {None, "" if part is None else str(part)}:
            there = f"part {kept.replace('/', ' of ')}" if kept else "a whole run"
            raise StorageError(
                f"{place}: holds {there}, and {part.words if part else 'a whole run'} was asked for; give each its own"
                " URL"
            )
        done = restore(place, run)
        if done.was in {"nothing", "behind"}:
            telling.remark(_fetched(run, place, done))
    return Keeping(run, place, 60 * backup.minutes, telling.remark)


@contextmanager
def going(keeping: Keeping | None, stop: Stop) -> Iterator[None]:
    """Backs up within the block, in the running event loop; the run is asked to end where it was overtaken."""
    if keeping is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def overtaken() -> None:
        loop.call_soon_threadsafe(stop.request)

    with keeping.going(overtaken):
        yield


@contextmanager
def ended(keeping: Keeping | None, telling: Telling) -> Iterator[None]:
    """Backs up once more when the block ends, however it does. Raises StoreError, StorageError."""
    if keeping is None:
        yield
        return
    try:
        yield
    except RunError:
        try:
            keeping.last()
        except RunError as error:
            telling.remark(f"backup failed: {error}")
        raise
    telling.remark(_sent(keeping.run, keeping.place, keeping.last()))


def _sent(run: Path, place: Place, done: BackedUp) -> str:
    what = "backed up to" if done.sent else "nothing new since the backup at"
    return f"{run}: {what} {place} ({_told(done.saved)})"


def _fetched(run: Path, place: Place, done: Restored) -> str:
    return f"{run}: {_FOUND[done.was]} (from {place}, {_told(done.saved)})"


def _told(saved: Saved) -> str:
    calls = f"{saved.history.attempts:,} calls"
    return f"number {saved.sequence}, {saved.made}, {size(saved.bytes)}, {calls}"
