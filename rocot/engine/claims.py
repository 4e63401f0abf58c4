"""Who works on what: a claim belongs to a worker that holds a file lock, so a dead worker's claims are void at once.

No clock takes part, so a clock that jumps can hurt nothing. The lock is `flock`: POSIX, a local disk, not Windows.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from rocot.errors import StoreError

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
        raise StoreError(
            f"{path}: cannot be made ({error.strerror}); make the run folder writable, or choose another run folder"
        ) from error
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
