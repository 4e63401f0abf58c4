"""How a run is asked to end: once to finish what is in flight, twice to drop it."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Watched by the runner; told by signals, or by whoever holds it."""

    def __init__(self) -> None:
        self.draining = False
        """Nothing new starts; what is in flight ends and is stored."""
        self.at_once = False
        """What is in flight is dropped."""
        self.failed = False
        """What is in flight ends and is stored, since something has gone wrong."""
        self.signal: int | None = None
        """The number of the signal that asked first; None where none did."""
        self._watchers: list[Callable[[], None]] = []

    @property
    def ending(self) -> bool:
        """Whether nothing new may start."""
        return self.draining or self.failed

    def request(self) -> None:
        """The first time asks to drain, the second time to stop at once."""
        self.at_once = self.draining
        self.draining = True
        for watcher in self._watchers:
            watcher()

    @contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Has `watcher` called at each request; within the block only."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Takes Ctrl-C and SIGTERM as requests, within the block, in the running event loop. POSIX."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._heard, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _heard(self, number: int) -> None:
        if self.signal is None:
            self.signal = number
        self.request()
