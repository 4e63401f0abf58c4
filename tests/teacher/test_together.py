"""Work in a thread, batch by batch."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from rocot.teacher.together import Together


class Slow:
    """Doubles numbers; holds each batch until it is let go, or nobody waits."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.forsaken = False
        self.at_once = 0
        self.most = 0

    def __call__(self, items: Sequence[int], forsaken: Callable[[], bool]) -> Sequence[int]:
        self.batches.append(list(items))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        while not self.go.wait(0.005):
            if forsaken():
                self.forsaken = True
                break
        self.at_once -= 1
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


async def test_what_waits_is_done_together_one_batch_at_a_time() -> None:
    work = Slow()
    together = Together(work, lambda _: None, 3)
    calls = [asyncio.create_task(together.do(item)) for item in range(5)]
    await asyncio.sleep(0.1)
    assert work.batches == [[0, 1, 2]]
    work.go.set()
    assert await asyncio.gather(*calls) == [0, 2, 4, 6, 8]
    assert (work.batches, work.most) == ([[0, 1, 2], [3, 4]], 1)


async def test_only_what_is_of_a_kind_is_done_together() -> None:
    work = Slow()
    work.go.set()
    together = Together(work, lambda item: item % 2, 8)
    assert await asyncio.gather(*map(together.do, range(5))) == [0, 2, 4, 6, 8]
    assert work.batches == [[0, 2, 4], [1, 3]]


async def test_who_gives_up_spoils_nothing_for_the_others() -> None:
    work = Slow()
    together = Together(work, lambda _: None, 8)
    one, two = (asyncio.create_task(together.do(item)) for item in (1, 2))
    await asyncio.sleep(0.1)
    one.cancel()
    await asyncio.sleep(0.05)
    assert not work.forsaken
    work.go.set()
    assert await two == 4
    assert one.cancelled()


async def test_a_batch_that_nobody_waits_for_ends_at_once() -> None:
    work = Slow()
    together = Together(work, lambda _: None, 8)
    calls = [asyncio.create_task(together.do(item)) for item in (1, 2)]
    await asyncio.sleep(0.1)
    for call in calls:
        call.cancel()
    await together.close()
    assert work.forsaken


async def test_what_a_batch_raises_is_told_to_all_of_it_and_to_no_other() -> None:
    work = Slow()
    work.go.set()
    together = Together(work, lambda item: item > 9, 8)
    found = await asyncio.gather(*map(together.do, (1, 12, 13)), return_exceptions=True)
    assert found[0] == 2
    assert [str(error) for error in found[1:]] == ["thirteen", "thirteen"]
    with pytest.raises(ValueError, match="thirteen"):
        await together.do(13)
