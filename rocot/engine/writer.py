"""The one writer of a process: all that is queued becomes one transaction and one fsync.

A commit costs milliseconds of disk whatever is in it; writers in several connections starve each other. So coroutines
queue their writes, a thread gathers what has come since its last commit, and all are told once it is on disk.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias, TypeVar

import apsw

from rocot.engine.database import translated
from rocot.errors import StoreError

T = TypeVar("T")
Write: TypeAlias = Callable[[apsw.Connection], T]
"""Changes the store within a transaction; it may be run again after a rollback."""

LARGEST_BATCH = 512
"""Writes in one transaction at most, so that another process gets its turn."""


@dataclass(frozen=True)
class _Queued:
    """A write that waits for its commit, and how to tell whoever waits for it."""

    loop: asyncio.AbstractEventLoop
    run: Callable[[apsw.Connection], Callable[[], None]]
    """Does the write; what it returns tells, in the event loop, that it is on disk."""
    fail: Callable[[Exception], None]


class Writer:
    """Owns the writing connection, in a thread of its own."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._queue: SimpleQueue[_Queued | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="rocot-store", daemon=True)
        self._closed = False
        self._thread.start()

    def write(self, write: Write[T]) -> "asyncio.Future[T]":
        """Queues a write; the future is done once it is on disk. Raises StoreError there."""
        if self._closed:
            raise StoreError(f"{self._path} is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run(connection: apsw.Connection) -> Callable[[], None]:
            result = write(connection)
            return lambda: None if future.done() else future.set_result(result)

        def fail(error: Exception) -> None:
            if not future.done():  # given up on: the write stands all the same
                future.set_exception(error)

        self._queue.put(_Queued(loop, run, fail))
        return future

    def close(self) -> None:
        """Commits what is queued, and lets go of the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            if first is None:
                break
            batch = [first]
            while len(batch) < LARGEST_BATCH:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    going = False
                    break
                batch.append(more)
            self._commit(batch)
        self._connection.close()

    def _commit(self, batch: Sequence[_Queued]) -> None:
        """One transaction. A write that fails by itself takes no other down with it: then each gets its own."""
        try:
            done = self._transaction(batch)
        except StoreError as error:
            _tell(batch, [partial(queued.fail, error) for queued in batch])
        except Exception as error:  # noqa: BLE001  # not ours to judge: it is raised where the write was queued
            if len(batch) > 1:
                for queued in batch:
                    self._commit([queued])
            else:
                _tell(batch, [partial(batch[0].fail, error)])
        else:
            _tell(batch, done)

    def _transaction(self, batch: Sequence[_Queued]) -> list[Callable[[], None]]:
        with translated(self._path):
            try:
                self._connection.execute("BEGIN IMMEDIATE")  # a deferred one fails when two processes upgrade at once
                done = [queued.run(self._connection) for queued in batch]
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise
        return done


def _tell(batch: Sequence[_Queued], settling: Sequence[Callable[[], None]]) -> None:
    """Wakes each event loop once a commit and not once a write."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}
    for queued, settle in zip(batch, settling, strict=True):
        by_loop.setdefault(queued.loop, []).append(settle)
    for loop, calls in by_loop.items():
        try:
            loop.call_soon_threadsafe(_call_all, calls)
        except RuntimeError:  # the loop is closed: nobody waits any more, and what is written is written
            if not loop.is_closed():
                raise


def _call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()
