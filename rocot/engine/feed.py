"""Pulls an iterable in a thread, so that a slow listing (probing videos) does not hold up the calls in flight."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_AHEAD = 512
"""Items that lie ready at most."""


class Feed(Generic[T]):
    """The items of an iterable, one by one, for one consumer in the running event loop.

    A thread that hangs in the iterable is left behind: it is a daemon, and keeps no process alive.
    """

    def __init__(self, items: Iterable[T], look_ahead: int = LOOK_AHEAD) -> None:
        self._items = items
        self._ready: deque[T] = deque()
        self._most = look_ahead
        self._drained = threading.Event()
        """Set when half of what may lie ready is gone: two threads that wake each other item by item do little else."""
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._asked = False
        """Whether somebody may wait: waking the loop costs more than the item does."""
        self._ended = False
        self._closed = False
        self._fault: BaseException | None = None
        threading.Thread(target=self._pull, name="rocot-feed", daemon=True).start()

    async def next(self) -> T | None:
        """The next item; None at the end, and once closed. What the iterable raises is raised here."""
        while not self._closed:
            self._came.clear()
            self._asked = True
            ended = self._ended  # looked at first: what came before the end still lies ready
            if self._ready:
                self._asked = False
                return self._taken()
            if ended:
                if self._fault is not None:
                    raise self._fault
                return None
            await self._came.wait()
        return None

    async def some(self, most: int) -> list[T]:
        """The next item and those that lie ready behind it, `most` at most; none at the end, and once closed."""
        first = await self.next()
        found = [] if first is None else [first]
        while found and len(found) < most and self._ready:
            found.append(self._taken())
        return found

    def close(self) -> None:
        """Has the thread end, and whoever waits for an item get None."""
        self._closed = True
        self._drained.set()
        self._came.set()

    def _taken(self) -> T:
        item = self._ready.popleft()
        if len(self._ready) <= self._most // 2 and not self._drained.is_set():
            self._drained.set()
        return item

    def _pull(self) -> None:
        try:
            for item in self._items:
                while len(self._ready) >= self._most and not self._closed:
                    self._drained.clear()
                    if len(self._ready) >= self._most and not self._closed:  # both may have changed before it was clear
                        self._drained.wait()
                if self._closed:
                    return
                self._ready.append(item)
                if self._asked:
                    self._wake()
        except BaseException as error:  # noqa: BLE001  # it is raised where the items are awaited
            self._fault = error
        finally:
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._came.set)
        except RuntimeError:  # the loop is closed: nobody waits any more
            if not self._loop.is_closed():
                raise
