"""Who works on what: a claim belongs to a worker that holds a file lock, so a dead worker's claims are void at once.

No clock takes part, so a clock that jumps can hurt nothing. The lock is `flock`: POSIX, a local disk, not Windows.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from rocot.errors import StoreError

DOOR = "door"
"""The file in the folder of workers that is locked while a run is opened, or its store is replaced."""
PATIENCE = 600.0
"""Seconds to wait for another process: one that copies sends 5 GB to a slow place in less."""
LOOK = 0.2
"""Seconds between two looks whether it is done."""

_held: set[int] = set()
"""Descriptors of the locks of this process."""


def _let_go() -> None:
    # A forked child shares the lock. It would keep the claims alive after its parent's death.
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


class Owner:
    """A worker that may own claims for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        """Makes and locks `<folder>/<id>.lock`. Raises StoreError."""
        self.id = uuid4().hex
        self._path = _lock_of(folder, self.id)
        made = self._path.with_suffix(".new")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            made.rename(self._path)  # under its real name it is never seen unlocked
        except OSError as error:
            raise StoreError(
                f"{made}: cannot be made and locked ({error.strerror});"
                " make the run folder writable, or choose another run folder"
            ) from error
        _held.add(self._descriptor)

    def close(self) -> None:
        """Gives up all claims."""
        if self._descriptor in _held:
            self._path.unlink(missing_ok=True)
            _held.discard(self._descriptor)
            os.close(self._descriptor)


def lives(folder: Path, owner: str) -> bool:
    """Whether a worker still holds its lock."""
    try:
        descriptor = os.open(_lock_of(folder, owner), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look at once do not see each other
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def living(folder: Path) -> dict[str, float]:
    """The workers that live, and when each began: seconds since 1970, by the clock that dates files."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*.lock")):
        with suppress(FileNotFoundError):  # it has ended meanwhile
            begun = path.stat().st_mtime
            if lives(folder, path.stem):
                found[path.stem] = begun
    return found


def sweep(folder: Path) -> list[str]:
    """Removes the lock files of dead workers, and names these workers."""
    dead = [path.stem for path in folder.glob("*.lock") if not lives(folder, path.stem)]
    for owner in dead:
        _lock_of(folder, owner).unlink(missing_ok=True)
    return dead


def _lock_of(folder: Path, owner: str) -> Path:
    return folder / f"{owner}.lock"


@contextmanager
def held(path: Path, *, alone: bool) -> Iterator[bool]:
    """A lock on a file within the block: `alone`, or with all others who do not want it alone.

    Whether it was got: nobody is waited for. A process that dies lets go of it. Raises StoreError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: cannot be made ({error.strerror}); make the run folder writable") from error
    _held.add(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        got = True
    except BlockingIOError:
        got = False
    try:
        yield got
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


@contextmanager
def awaited(path: Path, said: str, patience: float = PATIENCE, *, alone: bool) -> Iterator[None]:
    """As `held`, once those who hold it let go. Raises StoreError, as it is `said`, after so many seconds."""
    latest = time.monotonic() + patience
    while True:
        with held(path, alone=alone) as got:
            if got:
                yield
                return
        if time.monotonic() >= latest:
            raise StoreError(said)
        time.sleep(LOOK)


@contextmanager
def entering(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """The time that it takes to open a run, by its folder of workers: no other store takes its place meanwhile.

    A worker that was made within is seen by whoever wants to replace the store. Raises StoreError.
    """
    said = f"{folder.parent}: another process is bringing back a backup of it; try again when that is done"
    with awaited(folder / DOOR, said, patience, alone=False):
        yield


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Nobody works on a run, by its folder of workers, and nobody opens it until the block ends.

    Raises StoreError where somebody does; nobody is waited for.
    """
    with held(folder / DOOR, alone=True) as got:
        if not got or living(folder):
            raise StoreError(f"{folder.parent}: somebody works on it; end that first")
        yield
