import asyncio
import hashlib
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from rocot.engine.reader import StoreReader
from rocot.engine.tables import sum_spent
from tests.cli.bench import RECIPE, Bench
from tests.servers.batches import BatchServer

KEY = "sk-canary-0123456789abcdef"
PRICES = 'currency = "USD"\n[[model]]\nname = "openai:m"\ninput = 100.0\noutput = 100.0\nbatch = 0.5\n'
WORDS = ("generate", "--recipe", "own.toml", "--prices", "prices.toml")


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def digests(run: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((run / "release" / "data").iterdir())]


def laid(bench: Bench, recipe: str | None = None) -> Bench:
    bench.lay(model="openai:m", length=1)
    if recipe is not None:
        (bench.folder / "own.toml").write_text(recipe)
    (bench.folder / "prices.toml").write_text(PRICES)
    return Bench(bench.folder, bench.cache, {"ROCOT_API_KEY": KEY})


async def said(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(bench.rocot, *words)


async def ended_while_waiting(bench: Bench, server: BatchServer, *words: str) -> tuple[int, str]:
    """Sends SIGTERM to a command once it has looked how far its batch is."""
    process = await asyncio.create_subprocess_exec(
        *(*bench.command, *words),
        cwd=bench.folder,
        env=bench.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    await server.looked.wait()
    process.send_signal(signal.SIGTERM)
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.timeout(400)  # six commands, one after another
async def test_a_run_by_batch_gives_the_bytes_of_a_live_one_though_it_was_ended(bench: Bench) -> None:
    keyed, outputs = laid(bench), []
    async with BatchServer() as server:
        at = ("--base-url", server.base_url)
        live = await said(keyed, *WORDS, "--run", "live", *at)
        assert live.returncode == 0, live.stderr
        calls, server.looks = len(server.answered), 10**9
        code, output = await ended_while_waiting(keyed, server, *WORDS, "--run", "by", *at, "--batch")
        outputs.append(output)
        assert code == 128 + signal.SIGTERM
        assert "1 batch is open, with 3 calls. Nothing of them was cancelled" in output
        assert "1 batch is open, with 3 calls" in (await said(keyed, "status", "by")).stdout
        refused = await said(keyed, *WORDS, "--run", "by", *at)
        assert refused.returncode == 2
        assert "run it with --batch, which collects their answers" in refused.stderr
        server.looks = 4  # a line is printed a second after a wait has begun, and waits end by looks
        done = await said(keyed, *WORDS, "--run", "by", *at, "--batch")
        assert done.returncode == 0, done.stderr
        assert "waiting for 1 batch" in done.stderr
        assert server.live == calls, "one by one nothing more was asked"
        assert sum(server.answered.values()) == 2 * calls, "each call once more, by batch"
    assert digests(bench.folder / "by") == digests(bench.folder / "live")
    cost = {run: float(made.stdout.partition("in all")[2].split()[2]) for run, made in (("live", live), ("by", done))}
    assert cost["by"] == pytest.approx(cost["live"] / 2, rel=0.01)
    outputs += [live.stdout, live.stderr, refused.stderr, done.stdout, done.stderr]
    files = contents(bench.folder)
    assert not [data for data in [*files, *(text.encode() for text in outputs)] if KEY.encode() in data]
    assert any(f"bearer {KEY}".lower() in head.lower() for head in server.heads)


@pytest.mark.timeout(240)
async def test_the_sources_are_listed_once_however_many_waves_there_are(bench: Bench) -> None:
    keyed = laid(bench)
    (bench.folder / "videos" / "b.mp4").write_text("no film")
    async with BatchServer() as server:

        def grow(event: str) -> None:
            if event == "after POST /batches":
                shutil.copy(bench.folder / "videos" / "a.mp4", bench.folder / "videos" / f"c{len(server.batches)}.mp4")

        server.events = grow
        done = await said(keyed, *WORDS, "--base-url", server.base_url, "--batch")
        assert done.returncode == 0, done.stderr
        assert {len(batch.lines) for batch in server.batches.values()} == {3}
    assert "split train: 3 clips in" in done.stdout
    assert done.stdout.count("b: not a video") == 1
    assert len(list((bench.folder / "videos").iterdir())) == 2 + len(server.batches) >= 5


async def test_roles_that_cannot_batch_are_asked_call_by_call(bench: Bench) -> None:
    recipe = RECIPE.format(model="openai:student", length=1) + '\n[reflector]\nmodel = "openai:m"\n'
    keyed = laid(bench, recipe + '\n[reviser]\nmodel = "scripted"\n')
    async with BatchServer(batches=False) as near, BatchServer() as far:
        at = ("--base-url", near.base_url, "--base-url", f"reflector={far.base_url}")
        done = await said(keyed, *WORDS, *at, "--batch")
        assert done.returncode == 0, done.stderr
        assert f"{near.base_url} has no batches and is asked call by call" in done.stderr
        assert near.live > 0 == far.live
        assert len(far.batches) == 1
    with StoreReader(bench.folder / "runs" / "own") as store:
        by_batch = {part.stage: part.batched_prompt > 0 for part in sum_spent(store)}
    assert by_batch == {"reason": False, "reflect": True, "revise": False}


async def test_what_batches_cannot_do_is_said(bench: Bench) -> None:
    keyed = laid(bench)
    two = ("--base-url", "http://127.0.0.1:1/v1", "--base-url", "http://127.0.0.1:2/v1")
    asked = [
        await said(keyed, *WORDS, "--batch", *two),
        await said(keyed, *WORDS, "--batch", "--target-accepted", "3"),
        await said(keyed, "generate", "--batch"),
    ]
    assert [one.returncode for one in asked] == [2, 2, 2]
    told = ["openai:m has several base URLs", "--limit or --max-calls", "the teacher runs in this process"]
    for one, words in zip(asked, told, strict=True):
        assert words in one.stderr


def test_a_plan_prices_what_goes_by_batch(bench: Bench) -> None:
    laid(bench)
    words = ("plan", "--recipe", "own.toml", "--prices", "prices.toml")
    costs = [
        float(bench.rocot(*words, *more).stdout.partition("Cost, estimated: ")[2].split()[0])
        for more in ((), ("--batch",))
    ]
    assert costs[1] == pytest.approx(costs[0] / 2, rel=0.01)
