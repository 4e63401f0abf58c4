import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from rocot.engine.feed import Feed


async def test_items_come_in_order_and_then_none() -> None:
    feed = Feed(range(1000), look_ahead=3)
    assert [await feed.next() for _ in range(1002)] == [*range(1000), None, None]


async def test_the_listing_runs_ahead_only_so_far() -> None:
    pulled: list[int] = []

    def pulling() -> Iterator[int]:
        for number in range(100):
            pulled.append(number)
            yield number

    feed = Feed(pulling(), look_ahead=5)
    await feed.next()
    await asyncio.sleep(0.05)
    assert len(pulled) <= 8
    feed.close()


async def test_what_the_listing_raises_comes_after_what_it_gave() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    feed = Feed(failing())
    assert await feed.next() == 1
    with pytest.raises(ZeroDivisionError):
        await feed.next()


async def test_closing_wakes_who_waits_and_ends_the_thread() -> None:
    gate = threading.Event()

    def stuck() -> Iterator[int]:
        gate.wait(30)
        yield 1
        yield 2

    feed = Feed(stuck())
    waiting = asyncio.create_task(feed.next())
    await asyncio.sleep(0)
    feed.close()
    assert await waiting is None
    gate.set()
    deadline = time.monotonic() + 5
    while any(thread.name == "rocot-feed" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
