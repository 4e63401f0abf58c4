"""Backups while a run goes on: every so many minutes from a thread, and once when it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rocot.errors import RunError
from rocot.storage.backup import BackedUp, OvertakenError, back_up
from rocot.storage.place import Place

SHARE = 9
"""A backup that took a minute is not begun again for nine, however short the time between them is to be."""


@dataclass(frozen=True)
class Keeping:
    """Where and how often."""

    run: Path
    place: Place
    every: float
    """Seconds."""
    said: Callable[[str], None]
    """Told, in the thread, of a backup that failed and will be tried again."""

    @contextmanager
    def going(self, overtaken: Callable[[], None]) -> Iterator[None]:
        """Backs up within the block. `overtaken` is called, in the thread, when the URL belongs to another process."""
        over = threading.Event()
        thread = threading.Thread(target=self._keep, args=(over, overtaken), name="rocot-backup", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def last(self) -> BackedUp:
        """The one when the run has ended. Raises StoreError, StorageError."""
        return back_up(self.run, self.place)

    def _keep(self, over: threading.Event, overtaken: Callable[[], None]) -> None:
        pause = self.every
        while not over.wait(pause):
            begun = time.monotonic()
            try:
                back_up(self.run, self.place)
            except OvertakenError:
                overtaken()
                return
            except RunError as error:
                self.said(f"backup failed, and is tried again: {error}")
            pause = max(self.every, SHARE * (time.monotonic() - begun))
