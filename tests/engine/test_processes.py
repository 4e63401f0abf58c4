"""What holds when processes are killed, stopped, or work side by side: with real processes and real signals."""

import ast
import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import rocot.engine
from rocot.engine import blobs, door
from rocot.engine.door import DOOR
from rocot.engine.reader import StoreReader
from tests.engine.toys import Making, Workshop, fail_passing
from tests.engine.worker import WORKERS
from tests.warm.command import warm

COUNT = 40
CALLS = 2 * COUNT

ACKNOWLEDGING = """
import asyncio, sys
from pathlib import Path
from rocot.engine.store import Store
from tests.engine.toys import attempt

async def ask(store, number):
    while True:
        await store.add_attempt(attempt(str(number), b"%d" % number))
        print(number, flush=True)
        number += 8

async def main():
    with Store(Path(sys.argv[1])) as store:
        await asyncio.gather(*(ask(store, number) for number in range(8)))

asyncio.run(main())
"""


def begin(folder: Path, seconds: float = 0.01, count: int = COUNT) -> "subprocess.Popen[str]":
    command = [*warm(), "tests.engine.worker", str(folder), str(count), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def paid(folder: Path) -> Counter[str]:
    log = folder / "paid.log"
    return Counter(log.read_text().split()) if log.exists() else Counter()


def wait_until_paid(folder: Path, calls: int) -> None:
    for _ in range(3000):
        if paid(folder).total() >= calls:
            return
        time.sleep(0.01)
    pytest.fail(f"fewer than {calls} calls in 30 s")


def harvest_of(folder: Path) -> list[str]:
    graded, lost = Workshop(folder / "run").harvest(Making(count=COUNT))
    assert not lost
    return [item.model_dump_json() for item in graded]


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ACKNOWLEDGING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(300)]
        process.kill()
        told += process.stdout.readlines()
    acknowledged = [line.strip() for line in told if line.endswith("\n")]
    assert len(acknowledged) >= 300
    with StoreReader(tmp_path) as store:
        assert all(store.reply_to(number) == number.encode() for number in acknowledged)


def test_kills_cost_no_more_than_what_was_in_flight(tmp_path: Path) -> None:
    kills = 5
    for kill in range(kills):
        process = begin(tmp_path)
        wait_until_paid(tmp_path, (kill + 1) * CALLS // (kills + 2))
        process.kill()
        process.communicate()
    assert end(begin(tmp_path)) == "finished"
    calls = paid(tmp_path)
    assert len(calls) == CALLS
    assert calls.total() - CALLS <= kills * WORKERS
    unkilled = tmp_path / "unkilled"
    unkilled.mkdir()
    assert end(begin(unkilled, 0)) == "finished"
    assert harvest_of(tmp_path) == harvest_of(unkilled)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_repays_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process = begin(tmp_path)
    wait_until_paid(tmp_path, 20)
    process.send_signal(number)
    assert end(process) == "interrupted"
    assert paid(tmp_path).total() < CALLS
    assert end(begin(tmp_path)) == "finished"
    assert set(paid(tmp_path).values()) == {1}
    assert len(harvest_of(tmp_path)) == CALLS


def test_two_processes_share_the_work_and_pay_once(tmp_path: Path) -> None:
    both = [begin(tmp_path, 0.03), begin(tmp_path, 0.03)]
    assert [end(process) for process in both] == ["finished", "finished"]
    calls = paid(tmp_path)
    assert len(calls) == CALLS
    assert set(calls.values()) == {1}
    assert len(harvest_of(tmp_path)) == CALLS
    assert [path.name for path in (tmp_path / "run" / "workers").iterdir()] == [DOOR]


def test_the_survivor_takes_over_from_a_killed_process(tmp_path: Path) -> None:
    killed, survivor = begin(tmp_path, 0.1), begin(tmp_path, 0.03)
    wait_until_paid(tmp_path, CALLS // 3)
    killed.kill()
    killed.communicate()
    assert end(survivor) == "finished"
    calls = paid(tmp_path)
    assert len(calls) == CALLS
    assert calls.total() - CALLS <= WORKERS
    assert len(harvest_of(tmp_path)) == CALLS


async def test_a_process_waits_for_what_another_one_works_on(tmp_path: Path) -> None:
    """Two stores in one process are two workers: the second has nothing to claim, and ends when the first is done."""
    first, second = Workshop(tmp_path), Workshop(tmp_path)
    holds, let_go = asyncio.Semaphore(0), asyncio.Event()

    async def hold(_: object) -> None:
        holds.release()
        await let_go.wait()

    held = asyncio.create_task(first.work(Making(count=2, during=hold)))
    for _ in range(4):
        await holds.acquire()
    waiting = asyncio.create_task(second.work(Making(count=2)))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert second.tally.elsewhere == 2
    let_go.set()
    assert await held == await waiting == "finished"
    assert second.speaks == []
    assert second.tally.stages["grade"].reused == 4


async def test_a_failure_that_another_process_met_meanwhile_is_not_tried_again(tmp_path: Path) -> None:
    first, second = Workshop(tmp_path), Workshop(tmp_path)
    holds, let_go = asyncio.Semaphore(0), asyncio.Event()

    async def hold(item: object) -> None:
        holds.release()
        await let_go.wait()
        await fail_passing(item)

    held = asyncio.create_task(first.work(Making(count=1, during=hold)))
    for _ in range(2):
        await holds.acquire()
    waiting = asyncio.create_task(second.work(Making(count=1)))
    await asyncio.sleep(0.1)
    let_go.set()
    assert await held == await waiting == "finished"
    assert second.speaks == []
    assert dict(second.tally.stages["speak"].failed) == {"timeout": 2}


def test_no_clock_decides_anything() -> None:
    """The dates in the store are SQLite's and are never read back; so a clock that jumps changes nothing.

    But for the cache of frames: which of them makes way goes by dates of files, and what is gone is made again. And
    how long one process waits until another has copied goes by a clock that cannot jump.
    """
    for path in {*Path(rocot.engine.__path__[0]).glob("*.py")} - {Path(blobs.__file__), Path(door.__file__)}:
        tree = ast.parse(path.read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not names & {"time", "datetime"}, path.name
