import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import apsw
import pytest

from rocot.engine.clip_rows import Listed
from rocot.engine.ended import Chart, Passed, Told
from rocot.engine.job import Job
from rocot.engine.page import Met
from rocot.engine.reader import FILE
from rocot.engine.stage import Plan, Step, start
from rocot.engine.store import Store
from rocot.engine.tellers import ENOUGH, Tellers
from rocot.engine.walk import erased
from tests.engine.toys import Graded, Making, Toy, Wind, Workshop, Wound, fail_passing, toys

MAKING = Making(count=20)
BROKEN = (3, 17)
"""Clips with a flipped bit somewhere."""
OTHER = 11
"""A clip with another truth."""
CHANGED = Making(count=20, truth=lambda key: 99 if key == f"toy/{OTHER:05d}" else len(key))
LEFT = [3, 11, 17]
MANY = ENOUGH + 2_000
LONG = Making(count=MANY)


def flip(folder: Path, column: str, where: str) -> None:
    """Changes the last bit of a column of outcomes, and nothing else."""
    connection = apsw.Connection(str(folder / FILE))
    for seq, value in list(connection.execute(f"SELECT seq, CAST({column} AS BLOB) FROM outcome WHERE {where}")):
        changed = value[:-1] + bytes([value[-1] ^ 1])
        connection.execute(f"UPDATE outcome SET {column} = ? WHERE seq = ?", (changed, seq))
    connection.close()


async def met(store: Store, steps: Sequence[Step]) -> list[Met]:
    listed = [Listed(toy.key, "train", place, toy.model_dump_json()) for place, toy in enumerate(toys(MAKING.count))]
    await store.start_listing()
    links = await store.list_clips(listed)
    return [
        Met(toy, row.record, link, [erased(step).context(toy) for step in steps], row.sha256)
        for toy, row, link in zip(toys(MAKING.count), listed, links, strict=True)
    ]


def counts(told: Told) -> list[tuple[Sequence[Passed], int, int]]:
    return sorted((ended.outcomes, ended.finished, count) for ended, count in told.ended)


async def damaged(shop: Workshop) -> None:
    """A finished run in which a payload and a seal are not as they were."""
    await shop.work(MAKING)
    flip(shop.folder, "payload", f"item = 'toy/{BROKEN[0]:05d}#1' AND stage = 'speak'")
    flip(shop.folder, "seal", f"item = 'toy/{BROKEN[1]:05d}#0' AND stage = 'grade'")


async def test_a_process_beside_tells_the_same(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "run")
    await damaged(shop)
    with Store(shop.folder) as store:
        steps = tuple(shop.plan(store, CHANGED))
        page = await met(store, steps)
        alone, beside = Tellers(store, steps, 0), Tellers(store, steps, 1, enough=0)
        try:
            told, here = await beside.of(page), await alone.of(page)
            assert (len(beside.pids), alone.pids) == (1, [])
            assert told.left == here.left == LEFT
            assert counts(told) == counts(here)
            assert [(count, ended.finished) for ended, count in told.ended] == [(17, 2)]
        finally:
            await beside.close()


async def test_what_a_killed_process_had_at_hand_is_told_here(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "run")
    await damaged(shop)
    with Store(shop.folder) as store:
        steps = tuple(shop.plan(store, CHANGED))
        page = await met(store, steps)
        beside = Tellers(store, steps, 1, enough=0)
        try:
            await beside.of(page)
            (pid,) = beside.pids
            os.kill(pid, signal.SIGSTOP)
            waiting = asyncio.create_task(beside.of(page))
            await asyncio.sleep(0.1)
            assert not waiting.done(), "it is at hand"
            os.kill(pid, signal.SIGKILL)
            assert (await waiting).left == LEFT
            assert (await beside.of(page)).left == LEFT
        finally:
            await beside.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_nothing_is_started_before_enough_clips_have_ended(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "run")
    await shop.work(Making(count=20, during=fail_passing))
    with Store(shop.folder) as store:
        steps = tuple(shop.plan(store, MAKING))
        page = await met(store, steps)
        tellers = Tellers(store, steps, 1, enough=1)
        assert (await tellers.of(page)).left == (await tellers.of(page)).left == list(range(20))
        assert tellers.pids == []


@dataclass
class Straight(Workshop):
    """One stage: thousands of clips are made at once."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def plan(self, store: Store, making: Making) -> Plan[Graded]:
        return cast(
            "Plan[Graded]", start(toys(making.count)).then(Held(self.winds, begun=self.begun, let_go=self.let_go))
        )


@dataclass(frozen=True)
class Held(Wind):
    begun: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    let_go: asyncio.Event = field(default_factory=asyncio.Event, compare=False)

    async def __call__(self, item: Toy, /) -> Wound:
        self.begun.set()
        await self.let_go.wait()
        return await super().__call__(item)


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished one, for `Straight`."""
    shop = Straight(tmp_path_factory.mktemp("long") / "run")
    shop.let_go.set()
    asyncio.run(shop.work(LONG, Job("train", workers=64)))
    assert len(shop.winds) == LONG.count
    return shop.folder


def spoilt(long_run: Path, folder: Path, places: Sequence[int]) -> list[str]:
    """Copies the long run, and changes what is stored of some clips. Names them."""
    shutil.copytree(long_run, folder)
    names = [f"toy/{place:05d}" for place in places]
    flip(folder, "payload", f"item IN (SELECT value FROM json_each('{json.dumps(names)}'))")
    return names


async def test_a_long_run_goes_over_its_clips_with_a_process_beside(long_run: Path, tmp_path: Path) -> None:
    shop, making = Straight(tmp_path / "run"), LONG
    wanted = spoilt(long_run, shop.folder, (0, ENOUGH - 1, *range(ENOUGH + 600, MANY, 7)))
    shop.let_go.set()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert await shop.work(making, Job("train", workers=4, beside=1)) == "finished"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before
    assert sorted(shop.winds) == wanted
    tally = shop.tally.stages["wind"]
    assert (tally.done, tally.reused) == (MANY, MANY - len(wanted))
    assert (shop.tally.ended, shop.tally.accepted, shop.tally.clips) == (MANY, MANY, MANY)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert await shop.work(making, Job("train", workers=4, beside=1, limit=ENOUGH)) == "finished"
    assert (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, shop.winds) == (before, [])


async def test_a_long_run_that_is_stopped_goes_on_where_it_ended(long_run: Path, tmp_path: Path) -> None:
    shop = Straight(tmp_path / "run")
    wanted = spoilt(long_run, shop.folder, range(ENOUGH, MANY))  # more than may be on their way: the listing waits
    stopped = asyncio.create_task(shop.work(LONG, Job("train", workers=2, beside=1)))
    await shop.begun.wait()
    await asyncio.sleep(0.2)
    shop.stop.request()
    shop.let_go.set()
    assert await stopped == "interrupted"
    made = [*shop.winds]
    assert len(made) == 2, "what was in flight"
    assert await shop.work(LONG, Job("train", workers=64, beside=1)) == "finished"
    assert sorted([*made, *shop.winds]) == wanted


async def test_a_process_whose_run_is_killed_ends(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(Making(count=1))
    with Store(shop.folder) as store:
        chart = Chart.of(tuple(shop.plan(store, MAKING)))
    first = json.dumps({"folder": str(tmp_path), "chart": asdict(chart)}).encode() + b"\n"
    for line in (b"", first):
        command = [sys.executable, "-P", "-m", "rocot.engine.teller"]
        ended = await asyncio.to_thread(subprocess.run, command, input=line, capture_output=True, check=True)
        assert (ended.stdout, ended.stderr) == (b"", b"")
