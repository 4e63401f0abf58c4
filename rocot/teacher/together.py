"""Work that a thread does for many who wait: one batch at a time, each as large as what waits by then."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

GATHERING = 0.02
"""Seconds before a batch begins: those whose last batch has ended come back within it."""

Work: TypeAlias = Callable[[Sequence[T], Callable[[], bool]], Sequence[R]]
"""Does a batch; blocking. The second argument says that nobody waits for it any more: then it may end at once."""


@dataclass
class _Waiting(Generic[T, R]):
    """One who waits."""

    item: T
    kind: Hashable
    done: "asyncio.Future[R]"
    gone: bool = False


class Together(Generic[T, R]):
    """Batches of a kind, at most so many at once. What one batch raises, all of it are told."""

    def __init__(self, work: "Work[T, R]", kind: Callable[[T], Hashable], most: int) -> None:
        """Items of one `kind` may be done together."""
        self._work = work
        self._kind = kind
        self._most = most
        self._queue: deque[_Waiting[T, R]] = deque()
        self._going: asyncio.Task[None] | None = None
        self._batch: Sequence[_Waiting[T, R]] = ()

    async def do(self, item: T) -> R:
        """What the work makes of an item. Whoever is cancelled waits no more; the others of its batch do."""
        waiting = _Waiting[T, R](item, self._kind(item), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go())
        try:
            return await waiting.done
        finally:
            waiting.gone = True

    async def close(self) -> None:
        """Waits for the batch that is under way, which may end at once."""
        for waiting in (*self._queue, *self._batch):
            waiting.gone = True
        if self._going is not None:
            await asyncio.wait({self._going})

    async def _go(self) -> None:
        while self._queue:
            await asyncio.sleep(GATHERING)
            self._batch = batch = self._next()
            if batch:
                await self._through(batch)

    def _next(self) -> Sequence[_Waiting[T, R]]:
        """Those of the first one's kind, in their order."""
        left = [waiting for waiting in self._queue if not waiting.gone]
        batch = [waiting for waiting in left if waiting.kind == left[0].kind][: self._most]
        self._queue = deque(waiting for waiting in left if waiting not in batch)
        return batch

    async def _through(self, batch: Sequence[_Waiting[T, R]]) -> None:
        def forsaken() -> bool:
            return all(waiting.gone for waiting in batch)

        try:
            made = await asyncio.to_thread(self._work, [waiting.item for waiting in batch], forsaken)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and raises it
            for waiting in batch:
                if not waiting.done.done():
                    waiting.done.set_exception(error)
        else:
            for waiting, one in zip(batch, made, strict=True):
                if not waiting.done.done():
                    waiting.done.set_result(one)
