"""The door of a run: who opens it to work on it holds it open that long, and who replaces its store keeps it closed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rocot.engine.claims import held, living
from rocot.errors import StoreError

DOOR = "door"
"""The file in the folder of workers that is locked while a run is opened, or its store is replaced."""
PATIENCE = 600.0
"""Seconds to wait for another process: one that copies sends 5 GB to a slow place in less."""
LOOK = 0.2
"""Seconds between two looks whether it is done."""


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
