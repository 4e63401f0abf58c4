"""What the commands do and say of backups: `rocot backup`, `rocot restore`, `rocot generate --backup`."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rocot.cli.screen import next_steps, out, pasted, size
from rocot.cli.telling import Telling
from rocot.core.part import Part
from rocot.engine.stop import Stop
from rocot.errors import BackupError, RunError, StorageError
from rocot.storage.backup import BackedUp, OvertakenError, Restored, Saved, Was, back_up, newest, restore
from rocot.storage.keeping import Keeping
from rocot.storage.place import HERE, PassingError, Place
from rocot.url import scheme_of

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
    """Backs up, and tells. Raises StorageError for a URL that cannot be used, OvertakenError, BackupError."""
    place = Place(url)
    with _kept(run, place):
        done = back_up(run, place)
    out().print(_sent(run, place, done))


def restore_run(url: str, run: Path) -> None:
    """Restores, and tells what it met. Raises StoreError, StorageError."""
    place = Place(url)
    console, done = out(), restore(place, run)
    console.print(_fetched(run, place, done))
    if done.was in {"nothing", "behind"}:
        next_steps(console, [(f"rocot status {pasted(run)}", "how all samples stand")])


def begin(backup: Backup | None, run: Path, part: Part | None, telling: Telling) -> Keeping | None:
    """Brings to a run's folder what is kept of the run, and says how it will be kept; None where nobody asked.

    Raises StoreError, StorageError, also for a backup of another part; BackupError where the URL cannot be reached, and
    may be later.
    """
    if backup is None:
        return None
    place = Place(backup.url)
    try:
        place.check()
        done = _brought(place, run, part)
    except PassingError as error:
        if scheme_of(place.url) in HERE:
            raise
        raise BackupError(str(error)) from error
    if done is not None and done.was in {"nothing", "behind"}:
        telling.remark(_fetched(run, place, done))
    return Keeping(run, place, 60 * backup.minutes, telling.remark)


def _brought(place: Place, run: Path, part: Part | None) -> Restored | None:
    """Restores what is kept there; None for nothing. Raises StorageError, also for what is kept of another part."""
    saved = newest(place)
    if saved is None:
        return None
    kept = saved.history.part
    if kept not in {None, "" if part is None else str(part)}:
        there = f"part {kept.replace('/', ' of ')}" if kept else "a whole run"
        wanted = part.words if part else "a whole run"
        raise StorageError(f"{place}: holds {there}, and {wanted} was asked for; give each its own URL")
    return restore(place, run)


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
    """Backs up once more when the block ends, however it does. Raises OvertakenError, BackupError."""
    if keeping is None:
        yield
        return
    try:
        yield
    except RunError as failure:
        try:
            with _kept(keeping.run, keeping.place):
                keeping.last()
        except BackupError as error:
            raise BackupError(f"{failure}\n{error}") from failure
        except RunError as error:
            telling.remark(f"backup failed: {error}")
        raise
    with _kept(keeping.run, keeping.place):
        done = keeping.last()
    telling.remark(_sent(keeping.run, keeping.place, done))


@contextmanager
def _kept(run: Path, place: Place) -> Iterator[None]:
    """Raises BackupError for a backup that fails within, but for one that another process has overtaken."""
    try:
        yield
    except OvertakenError:
        raise
    except RunError as error:
        words = shlex.join(("rocot", "backup", str(run), place.url))
        raise BackupError(
            f"{run}: not backed up, and stays as it is: {error}\nonce that is mended, `{words}` sends it, and so"
            " does the command that made it"
        ) from error


def _sent(run: Path, place: Place, done: BackedUp) -> str:
    what = "backed up to" if done.sent else "nothing new since the backup at"
    return f"{run}: {what} {place} ({_told(done.saved)})"


def _fetched(run: Path, place: Place, done: Restored) -> str:
    return f"{run}: {_FOUND[done.was]} (from {place}, {_told(done.saved)})"


def _told(saved: Saved) -> str:
    calls = f"{saved.history.attempts:,} calls"
    return f"number {saved.sequence}, {saved.made}, {size(saved.bytes)}, {calls}"
