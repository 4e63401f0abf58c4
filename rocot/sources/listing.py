"""A folder of videos that somebody names: checked once, then looked through several files at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rocot.errors import ConfigError
from rocot.sources.names import is_there
from rocot.url import spelt_as_path

T = TypeVar("T")
U = TypeVar("U")


class Counted(Iterator[T]):
    """Items of which it is known how many they are: `operator.length_hint` tells how many are still to come."""

    def __init__(self, items: Iterator[T], count: int) -> None:
        self._items, self._left = items, count

    def __next__(self) -> T:
        item = next(self._items)
        self._left -= 1
        return item

    def __length_hint__(self) -> int:
        return max(0, self._left)


def root_of(folder: Path) -> Path:
    """The folder, resolved. Raises ConfigError where it is none."""
    if is_there(folder) and folder.is_dir():
        return folder.resolve()
    if not is_there(folder) and (url := spelt_as_path(str(folder))):
        raise ConfigError(f"{url}: a folder of this machine is wanted, and no URL; copy or mount it (docs/scale.md)")
    what = "is a file, not a folder" if is_there(folder) else "no such folder"
    raise ConfigError(f"{folder}: {what}; `videos` must be a folder of videos")


def ahead(look: Callable[[T], U], things: Iterable[T]) -> Iterator[U]:
    """Looks at several things at once, a bounded number ahead of who asks, and keeps their order."""
    threads = min(8, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="probe")
    under_way: deque[Future[U]] = deque()
    try:
        for thing in things:
            under_way.append(pool.submit(look, thing))
            if len(under_way) > 4 * threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
