"""Pulls an iterable in a thread, so that a slow listing (probing videos) does not hold up the calls in flight."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_AHEAD = 256
"""Items that lie ready at most."""


class Feed(Generic[T]):
    """The items of an iterable, one by one, for one consumer in the running event loop.

    A thread that hangs in the iterable is left behind: it is a daemon, and keeps no process alive.
    """

    def __init__(self, items: Iterable[T], look_ahead: int = LOOK_AHEAD) -> None:
        self._items = items
        self._ready: deque[T] = deque()
        self._room = threading.Semaphore(look_ahead)
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
                self._room.release()
                return self._ready.popleft()
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
            found.append(self._ready.popleft())
            self._room.release()
        return found

    def close(self) -> None:
        """Has the thread end, and whoever waits for an item get None."""
        self._closed = True
        self._room.release()
        self._came.set()

    def _pull(self) -> None:
        try:
            for item in self._items:
                self._room.acquire()
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
