"""A run by batch that dies at every request it makes, and by SIGKILL at any moment, and is begun again."""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import pytest

from rocot.errors import RunError
from tests.servers.batches import BatchServer
from tests.teacher.batch_bench import Bench, paid_once
from tests.warm.command import warm

ROOT = Path(__file__).parents[2]


class Deadly(BatchServer):
    """Ends its client at the nth event."""

    fuse = 0
    delay = 0.0
    met = ""
    seen = 0
    process: "asyncio.subprocess.Process | asyncio.Task[object] | None" = None

    def arm(self, fuse: int, delay: float = 0.0) -> None:
        self.fuse, self.delay, self.seen, self.met = fuse, delay, 0, ""
        self.events = self.count

    def count(self, event: str) -> None:
        self.seen += 1
        if self.seen == self.fuse:
            self.met = event
            asyncio.get_running_loop().call_later(self.delay, self.end) if self.delay else self.end()

    def end(self) -> None:
        if isinstance(self.process, asyncio.Task):
            self.process.cancel()
        elif self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)


async def killed(server: Deadly, folder: Path, count: int) -> bool:
    """One life in a process of its own; whether it was cut short."""
    server.process = process = await asyncio.create_subprocess_exec(
        *(*warm(), "tests.teacher.batch_bench", str(folder), server.base_url, str(count)),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), output.decode()
    return process.returncode != 0


async def test_a_run_that_ends_at_any_request_pays_for_nothing_twice(tmp_path: Path) -> None:
    met: set[str] = set()
    fuse, whole = 0, False
    async with Deadly() as calm:
        bench = Bench(tmp_path / "calm", calm.base_url, 1)
        await bench.made()
        texts, number = bench.texts(), len(calm.answered)
    while not whole:
        fuse += 1
        async with Deadly() as server:
            server.arm(fuse)
            bench = Bench(tmp_path / str(fuse), server.base_url, 1)
            server.process = asyncio.create_task(bench.made())
            try:
                await server.process
                whole = True
            except asyncio.CancelledError:
                met.add(server.met)
                server.arm(0)
                assert await Bench(tmp_path / str(fuse), server.base_url, 1).made() == "finished"
            assert bench.texts() == texts, server.met
            paid_once(server, number)
            assert len(server.batches) == 3, server.met
    routes = ("GET /batches", "POST /files", "POST /batches", "GET /batches/ID", "GET /files/ID/content")
    assert met == {f"{when} {route}" for when in ("before", "after") for route in routes}


async def survive(folder: Path, *, count: int, kills: int, most: int, seed: int) -> str:
    """Kills one run so often. What came of it, in words."""
    dice = Random(seed)
    async with Deadly() as calm:
        bench = Bench(folder / "calm", calm.base_url, count)
        await bench.made()
        texts, number = bench.texts(), len(calm.answered)
    async with Deadly() as server:
        done, recorded = 0, 0
        while done < kills:
            server.arm(dice.randint(2, most), dice.choice([0.0, dice.uniform(0, 0.2)]))
            if not await killed(server, folder / "run", count):
                break
            done += 1
            bench = Bench(folder / "run", server.base_url, count)
            [(now,)] = bench.rows()
            assert isinstance(now, int)
            assert now >= recorded, "what was recorded is kept"
            recorded = now
        server.arm(0)
        assert not await killed(server, folder / "run", count)
        bench = Bench(folder / "run", server.base_url, count)
        assert bench.texts() == texts
        paid_once(server, number)
        assert bench.rows("count(*)", "kind = 'ok'") == [(number,)]
        assert not list((folder / "run" / "batches").iterdir())
        begun = len([batch for batch in server.batches.values() if batch.told["status"] == "completed"])
    return f"| {done} SIGKILL | {number} | {begun} batches | 0 lost | 0 duplicated | 0 paid again |"


@pytest.mark.timeout(400)
async def test_sigkills_lose_nothing_and_repay_nothing(tmp_path: Path) -> None:
    assert (await survive(tmp_path, count=40, kills=5, most=9, seed=5)).startswith("| 5 ")


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_a_hundred_sigkills_lose_nothing_and_repay_nothing(tmp_path: Path) -> None:
    print(await survive(tmp_path, count=2000, kills=100, most=6, seed=6))  # noqa: T201  # the figure to quote


async def test_a_service_that_is_down_is_waited_for_and_then_told(tmp_path: Path) -> None:
    async with BatchServer(looks=10**9) as server:
        bench = Bench(tmp_path, server.base_url, 1)
        making = asyncio.create_task(bench.made())
        await server.looked.wait()
    with pytest.raises(RunError, match=r"does not tell how far they are .*; the batches go on there"):
        await making
    assert any("does not tell how far they are" in remark for remark in bench.remarks)
