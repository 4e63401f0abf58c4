import asyncio
import hashlib
import signal
import socket
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.engine.tables import sum_spent
from tests.cli.bench import Bench
from tests.servers.chat import ChatServer

ONE = "path,label,start,end\na.mp4,Fighting,1,2\n"
SHARD = "release/data/train-00000-of-00001.parquet"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_rendered_scenes_become_valid_shards_and_a_second_run_asks_nothing(bench: Bench) -> None:
    (bench.folder / "tiny.toml").write_text(
        '[release]\nname = "tiny"\n[[sources]]\nkind = "scenes"\ntrain = 2\n[frames]\ncount = 8\n'
        '[teacher]\nmodel = "scripted"\nrollouts = 2\n'
    )
    first = bench.rocot("generate", "--recipe", "tiny.toml", "--split", "train")
    assert first.returncode == 0, first.stderr
    shard = bench.folder / "runs" / "tiny" / SHARD
    digest = sha256(shard)
    rows = pd.read_parquet(shard)
    assert len(rows) >= 4
    assert "rocot show" in first.stdout
    assert str(shard.relative_to(bench.folder)) in first.stdout

    second = bench.rocot("generate", "--recipe", "tiny.toml", "--split", "train")
    assert second.returncode == 0, second.stderr
    assert " 0 in flight" in second.stderr
    assert "tokens" not in second.stderr
    assert sha256(shard) == digest

    checked = bench.rocot("validate")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_folder_of_films_is_made_shown_told_and_exported(bench: Bench) -> None:
    bench.lay()
    made = bench.rocot("generate", "--recipe", "own.toml")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("own 0.1.0, split train: 2 clips in ")

    told = bench.rocot("status")
    assert told.returncode == 0, told.stderr
    assert "split train: 2 clips" in told.stdout

    shown = bench.rocot("show", "own/a")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("own/a#0")
    assert "Fighting, 1.00-2.00 s" in shown.stdout

    mistaken = bench.rocot("show", "own/aa")
    assert mistaken.returncode == 2
    assert "did you mean own/a?" in mistaken.stderr

    before = sha256(bench.folder / "runs/own" / SHARD)
    exported = bench.rocot("export", "own")
    assert exported.returncode == 0, exported.stderr
    assert sha256(bench.folder / "runs/own" / SHARD) == before


def test_the_flow_of_a_plan_is_that_of_the_run(bench: Bench) -> None:
    bench.lay()
    planned = bench.rocot("plan", "--recipe", "own.toml")
    assert planned.returncode == 0, planned.stderr
    assert not (bench.folder / "runs").exists()
    bench.rocot("generate", "--recipe", "own.toml")
    after = bench.rocot("plan", "--recipe", "own.toml")
    lines = [line.split() for line in after.stdout.splitlines()]
    assert ["judge", "2"] in lines, "what is there is counted as there, and nothing is to do"


def test_a_pilot_takes_the_first_clips_only(bench: Bench) -> None:
    bench.lay(length=0.5)
    made = bench.rocot("generate", "--recipe", "own.toml", "--limit", "3")
    assert made.returncode == 0, made.stderr
    assert len(pd.read_parquet(bench.folder / "runs/own" / SHARD)) == 3


def test_a_target_stops_the_run_once_enough_rows_are_kept(bench: Bench) -> None:
    bench.lay(length=0.1, csv="path,label,start,end\na.mp4,Fighting,0,3\nb.mp4,Normal,,\n")
    made = bench.rocot("generate", "--recipe", "own.toml", "--target-accepted", "2", "--workers", "1")
    assert made.returncode == 0, made.stderr
    rows = pd.read_parquet(bench.folder / "runs/own" / SHARD)
    assert rows["kept"].sum() == 2
    assert len(rows) < 60


def test_a_run_with_shuffled_truth_is_a_control_and_nothing_of_it_is_kept(bench: Bench) -> None:
    bench.lay(length=0.5, csv="path,label,start,end\na.mp4,Fighting,0,3\nb.mp4,Normal,,\n")
    recipe = bench.folder / "own.toml"
    recipe.write_text(recipe.read_text() + 'guided = "shuffled"\n')
    made = bench.rocot("generate", "--recipe", "own.toml", "--limit", "8")
    assert made.returncode == 0, made.stderr
    assert "not kept: control" in made.stdout
    rows = pd.read_parquet(bench.folder / "runs/own" / SHARD)
    assert set(rows["not_kept"]) == {"control"}
    assert not set(zip(rows["handed"], rows["clip"], strict=True)) & set(zip(rows["clip"], rows["clip"], strict=True))
    assert rows["handed"].str.startswith("own/").all()
    assert bench.rocot("validate", "runs/own").returncode == 0
    made_of = (bench.folder / "runs/own" / SHARD).read_bytes()
    again = bench.rocot("generate", "--recipe", "own.toml", "--limit", "8")
    assert again.returncode == 0, again.stderr
    assert (bench.folder / "runs/own" / SHARD).read_bytes() == made_of


def test_the_mix_leaves_rows_out_and_counts_them(bench: Bench) -> None:
    bench.lay(length=0.25, csv="path,label,start,end\na.mp4,Fighting,0,3\nb.mp4,Normal,,\n")
    recipe = bench.folder / "own.toml"
    recipe.write_text(recipe.read_text() + "[mix]\nper_video = 1\n")
    made = bench.rocot("generate", "--recipe", "own.toml")
    assert made.returncode == 0, made.stderr
    rows = pd.read_parquet(bench.folder / "runs/own" / SHARD)
    assert rows[rows["kept"]].groupby("video").size().max() == 1
    counts = rows["not_kept"].value_counts()
    assert counts["mix: video"] > 0
    assert counts.sum() + rows["kept"].sum() == len(rows)
    told = next(line for line in made.stdout.splitlines() if line.startswith("not kept: video"))
    assert f" {counts['mix: video']} " in told
    exported = bench.rocot("export", "runs/own", "--controls")
    assert "control two_pass" in exported.stdout
    assert bench.rocot("validate", "runs/own").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_finishes_what_is_in_flight_and_nothing_is_paid_twice(
    bench: Bench, number: signal.Signals, code: int
) -> None:
    bench.lay(model="openai:m", length=0.125, films="a", csv="path,label,start,end\na.mp4,Fighting,1,2\n")
    async with ChatServer(latency=0.2) as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--workers", "4"]

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
            )

        interrupted = await start()
        while server.counts.total() < 8:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        interrupted.send_signal(number)
        _, told = await interrupted.communicate()
        assert interrupted.returncode == code, told.decode()
        assert b"goes on" in told
        assert b"Traceback" not in told

        again = await start()
        _, told = await again.communicate()
        assert again.returncode == 0, told.decode()
        assert server.counts.total() == 3 * 24
        assert server.repeated == 0


async def test_a_key_that_the_server_refuses_stops_the_run_and_is_never_shown(bench: Bench) -> None:
    bench.lay(model="openai:m")
    keyed = Bench(bench.folder, bench.cache, {"ROCOT_API_KEY": "sk-canary-0123456789"})
    async with ChatServer(["key"] * 20) as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url]
        process = await asyncio.create_subprocess_exec(
            *keyed.command, *words, cwd=keyed.folder, env=keyed.environment, stdout=PIPE, stderr=PIPE
        )
        out, told = await process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in told
    assert b"key" in told.lower()
    written = [path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()]
    assert not [data for data in (out, told, *written) if b"canary" in data]


def test_a_server_that_is_down_stops_the_run_with_what_to_do(bench: Bench) -> None:
    bench.lay(model="openai:m")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    made = bench.rocot("generate", "--recipe", "own.toml", "--base-url", f"http://127.0.0.1:{port}/v1")
    assert made.returncode == 2
    assert "cannot be reached" in made.stderr
    assert "run the same command again" in made.stderr
    assert "Traceback" not in made.stderr


def test_a_teacher_without_a_key_says_which_variable_to_set(bench: Bench) -> None:
    bench.lay(model="openai:m")
    made = bench.rocot("generate", "--recipe", "own.toml")
    assert made.returncode == 2
    assert "ROCOT_API_KEY" in made.stderr


async def test_a_ping_asks_once_and_the_run_does_not_ask_that_again(bench: Bench) -> None:
    bench.lay(model="openai:m")
    async with ChatServer() as server:
        for words, calls in ((["plan", "--ping"], 1), (["generate"], 6)):
            process = await asyncio.create_subprocess_exec(
                *[*bench.command, *words, "--recipe", "own.toml", "--base-url", server.base_url, "--limit", "2"],
                cwd=bench.folder,
                env=bench.environment,
                stdout=PIPE,
                stderr=PIPE,
            )
            out, told = await process.communicate()
            assert process.returncode == 0, told.decode()
            assert server.counts.total() <= calls
            assert b"openai:m on own/a" in out or words == ["generate"]
    assert server.repeated == 0


async def test_a_run_whose_server_goes_down_says_so_and_goes_on_by_itself(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.125)
    async with ChatServer(latency=0.02) as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--workers", "8"]
        process = await asyncio.create_subprocess_exec(
            *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
        )
        while server.counts.total() < 20:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        server.down = "html"
        await asyncio.sleep(4)
        server.down = None
        _, told = await process.communicate()
        assert process.returncode == 0, told.decode()
        assert b"paused: http://127.0.0.1:" in told, told.decode()
        assert server.met["html"] < 8 * 6
    rows = pd.read_parquet(bench.folder / "runs/own" / SHARD)
    assert len(rows) == 48


async def test_a_ceiling_on_calls_ends_the_run_and_a_higher_one_goes_on(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.125, films="a", csv=ONE)
    async with ChatServer() as server:
        for ceiling, code in ((10, 2), (100, 0)):
            process = await asyncio.create_subprocess_exec(
                *[*bench.command, "generate", "--recipe", "own.toml", "--base-url", server.base_url],
                *["--max-calls", str(ceiling)],
                cwd=bench.folder,
                env=bench.environment,
                stdout=PIPE,
                stderr=PIPE,
            )
            _, told = await process.communicate()
            assert process.returncode == code, told.decode()
            assert server.counts.total() == min(ceiling, 72)
            assert (b"--max-calls" in told) == (code == 2)
    assert server.repeated == 0


async def test_a_ceiling_on_cost_wants_a_price_and_holds(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.25, films="a", csv=ONE)
    prices = bench.folder / "prices.toml"
    prices.write_text('[[model]]\nname = "openai:m"\ninput = 10.0\noutput = 10.0\n')
    priced = ["--prices", "prices.toml"]
    async with ChatServer() as server:
        for words, says, code, calls in (
            (["--max-cost", "1"], b"openai:m has no price", 2, 0),
            ([*priced, "--max-cost", "0.1"], b"--max-cost 0.1 is reached: 0 USD were spent", 2, 0),
            ([*priced, "--max-cost", "1"], b"USD", 0, 36),
        ):
            process = await asyncio.create_subprocess_exec(
                *[*bench.command, "generate", "--recipe", "own.toml", "--base-url", server.base_url, *words],
                cwd=bench.folder,
                env=bench.environment,
                stdout=PIPE,
                stderr=PIPE,
            )
            _, told = await process.communicate()
            assert (process.returncode, server.counts.total()) == (code, calls), told.decode()
            assert says in told
    with StoreReader(bench.folder / "runs/own") as store:
        assert 0 < sum(part.cost for part in sum_spent(store)) < 1


async def test_two_servers_of_one_model_share_a_run(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.125, films="a", csv=ONE)
    async with ChatServer(latency=0.01) as one, ChatServer(latency=0.01) as other:
        words = ["generate", "--recipe", "own.toml", "--base-url", one.base_url, "--base-url", other.base_url]
        process = await asyncio.create_subprocess_exec(
            *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
        )
        _, told = await process.communicate()
        assert process.returncode == 0, told.decode()
        assert one.counts.total() + other.counts.total() == 72
        assert min(one.counts.total(), other.counts.total()) > 10


async def test_a_run_whose_replies_parse_now_goes_on_without_a_call(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.5, films="a", csv=ONE)
    async with ChatServer() as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url]
        for spoil in (True, False):
            process = await asyncio.create_subprocess_exec(
                *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
            )
            _, told = await process.communicate()
            assert process.returncode == 0, told.decode()
            if spoil:  # as if an older parser had refused two of the revisions
                with Store(bench.folder / "runs/own") as store:
                    made = [outcome for outcome in store.outcomes_after(0) if outcome.stage == "revise"][:2]
                    for outcome in made:
                        await store.add_outcome(replace(outcome, kind="failed", reason="bad json", payload="{}"))
                read = bench.rocot("reparse")
                assert read.returncode == 0, read.stderr
                assert "18 replies read again, 2 come out otherwise" in read.stdout
                assert "revise: parses now" in read.stdout
        assert server.counts.total() == 18
    assert len(pd.read_parquet(bench.folder / "runs/own" / SHARD)) == 6
