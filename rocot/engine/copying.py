"""A copy of a run store, whole and of one moment, while others write: by SQLite's backup API.

A file that is copied byte by byte under a writer is torn, and lacks what lies in the log beside it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rocot.engine.database import open_to_read, open_to_write, translated
from rocot.engine.disk import make_folder
from rocot.engine.door import PATIENCE, awaited, closed
from rocot.engine.reader import FILE, WORKERS, StoreReader
from rocot.errors import StoreError

LOCK = "workers/copying"
"""Who copies a run's store holds it alone."""


@contextmanager
def copied(run: Path, patience: float = PATIENCE) -> Iterator[Path]:
    """A folder, within the block, that holds a copy of the run's store. Raises StoreError.

    It lies in the run's folder: as much disk again is needed for as long. One process copies at a time; another one is
    waited for, `patience` seconds at most.
    """
    with _aside(run, "copy", patience) as folder, translated(run / FILE):
        source, target = open_to_read(run / FILE), apsw.Connection(str(folder / FILE))
        try:
            with target.backup("main", source, "main") as backup:
                backup.step()  # all of it at once: between two steps a writer would have it begin anew
            target.pragma("journal_mode", "delete")  # the copy is one file, with no log beside it
        finally:
            target.close()
            source.close()
        yield folder


@contextmanager
def arriving(run: Path) -> Iterator[Path]:
    """A folder within a run's, which is made where it is missing, to write a store to. Raises StoreError."""
    make_folder(run)
    with _aside(run, "restored", PATIENCE) as folder:
        yield folder


@contextmanager
def untouched(run: Path) -> Iterator[None]:
    """Nobody works on a run, nor begins to before the block ends. Raises StoreError where somebody does."""
    with closed(run / WORKERS):
        yield


def take_place(folder: Path, run: Path) -> None:
    """Puts the store of a folder in the place of the run's, in one step, within `untouched`. Raises StoreError.

    What lies in the old store's log is folded into it first, so that no log is taken for the new one's.
    """
    if (run / FILE).exists():
        with translated(run / FILE):
            open_to_write(run / FILE).close()
    try:
        handle = os.open(folder / FILE, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        (folder / FILE).replace(run / FILE)
    except OSError as error:
        raise StoreError(
            f"{run / FILE}: cannot be replaced ({error.strerror}); what stood there is untouched"
        ) from error


def check_store(folder: Path) -> None:
    """Raises StoreError for what is no run store that this rocot can read; an older layout is brought up to date."""
    StoreReader(folder).close()


@contextmanager
def _aside(run: Path, name: str, patience: float) -> Iterator[Path]:
    """A folder within the run's for one copy at a time; what a process that was killed has left there is removed."""
    said = f"{run}: another process copies it just now; try again when that is done"
    with awaited(run / LOCK, said, patience, alone=True):
        for left in run.glob(f".{name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=run))
        except OSError as error:
            raise StoreError(f"{run}: cannot be written ({error.strerror}); make room, or make it writable") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
