import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rocot.engine.bulk import Bulk
from rocot.engine.job import Job
from rocot.engine.outcome import Outcome
from rocot.engine.page import Met, Pages, Ripe
from rocot.engine.pressing import line, setting
from rocot.engine.stage import Instant, Step
from rocot.engine.store import Store
from rocot.engine.walk import erased
from tests.engine.toys import Graded, Making, Toy, Workshop, toys

MAKING = Making(count=20)
JUDGED = Making(count=20, accent="tin", truth=lambda _: 7)


async def ripe_of(shop: Workshop, making: Making) -> tuple[tuple[Step, ...], list[list[Ripe]]]:
    """What a run with other grades would put through."""
    await shop.work(making)
    with Store(shop.folder) as store:
        steps = tuple(shop.plan(store, JUDGED))
        met = [
            Met(toy, toy.model_dump_json(), clip.link, [erased(step).context(toy) for step in steps])
            for toy, clip in zip(toys(making.count), store.clips("train"), strict=True)
        ]
        found = Pages(store, steps, 0, ripens=True).follow(met)
        assert all(one.whole for one in found)
        return steps, [one.ripe for one in found]


def stamp_of(steps: Sequence[Step]) -> Instant:
    stage = steps[-1].stage
    assert isinstance(stage, Instant)
    return stage


def flat(made: Sequence[Sequence[Outcome | None]]) -> list[Outcome | None]:
    return [outcome for outcomes in made for outcome in outcomes]


async def test_a_process_beside_makes_the_same_outcomes(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "run")
    steps, ripe = await ripe_of(shop, MAKING)
    alone, beside = Bulk(steps, stamp_of(steps), 0), Bulk(steps, stamp_of(steps), 1, enough=0)
    shop.grades.clear()
    try:
        told = await beside.through(ripe)
        assert shop.grades == []
        assert told == await alone.through(ripe)
        assert len(shop.grades) == 40
        assert all(outcome is not None and outcome.payload == '{"grade":7}' for outcome in flat(told))
    finally:
        await beside.close()


async def test_what_a_killed_process_had_at_hand_is_made_here(tmp_path: Path) -> None:
    shop = Workshop(tmp_path / "run")
    steps, ripe = await ripe_of(shop, MAKING)
    beside = Bulk(steps, stamp_of(steps), 1, enough=0)
    shop.grades.clear()
    try:
        await beside.through(ripe[:1])  # starts it
        os.kill(beside.pids[0], signal.SIGKILL)
        told = await beside.through(ripe)
        assert len(shop.grades) == 40
        assert None not in flat(told)
        assert await beside.through(ripe) == told
    finally:
        await beside.close()


async def test_a_process_ends_with_its_run(tmp_path: Path) -> None:
    steps, ripe = await ripe_of(Workshop(tmp_path / "run"), MAKING)
    beside = Bulk(steps, stamp_of(steps), 1, enough=0)
    await beside.through(ripe)
    (pid,) = beside.pids
    await beside.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_whole_run_with_a_process_beside_counts_as_one_without(tmp_path: Path) -> None:
    shop, making = Workshop(tmp_path / "run"), Making(count=1200)
    await shop.work(making, Job("train", workers=64))
    again = Making(count=1200, truth=lambda _: 7)
    job: Job[Graded] = Job("train", workers=64, beside=1)
    assert await shop.work(again, job) == "finished"
    assert shop.speaks == []
    assert 0 < len(shop.grades) < 2400  # the others were given beside
    tally = shop.tally.stages["grade"]
    assert (tally.done, tally.reused, shop.tally.ended, shop.tally.accepted) == (2400, 0, 1200, 2400)
    graded, lost = shop.harvest(again)
    assert (len(graded), {item.grade for item in graded}, lost) == (2400, {7}, [])
    assert await shop.work(again) == "finished"
    assert (shop.grades, shop.tally.stages["grade"].reused) == ([], 2400)


async def test_two_runs_at_once_grade_each_item_into_one_row(tmp_path: Path) -> None:
    shop, other = Workshop(tmp_path / "run"), Workshop(tmp_path / "run")
    making = Making(count=300)
    await shop.work(making)
    again = Making(count=300, truth=lambda _: 7)
    assert {*await asyncio.gather(shop.work(again), other.work(again))} == {"finished"}
    assert shop.tally.ended == other.tally.ended == 300
    with Store(shop.folder) as store:
        query = "SELECT count(*) FROM outcome WHERE stage = 'grade'"
        assert store.rows(int, query) == [1200]  # those of before, and one each
        assert store.rows(int, "SELECT count(*) FROM claim") == [0]


async def test_a_process_whose_run_is_killed_ends(tmp_path: Path) -> None:
    steps, _ = await ripe_of(Workshop(tmp_path / "run"), Making(count=1))
    command = [sys.executable, "-P", "-m", "rocot.engine.presser"]
    for first in (b"", line(setting(steps, stamp_of(steps), Toy))):
        ended = await asyncio.to_thread(subprocess.run, command, input=first, capture_output=True, check=True)
        assert (ended.stdout, ended.stderr) == (b"", b"")
