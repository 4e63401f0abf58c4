import asyncio
import json
import re
import signal
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import apsw
import pandas as pd
import pytest

from rocot.cli.figures import Standing
from rocot.core.record import Json, Record
from tests.cli.bench import ROOT, Bench
from tests.servers.batches import BatchServer
from tests.servers.chat import ChatServer

ONE = "path,label,start,end\na.mp4,Fighting,1,2\n"
PRICES = '[[model]]\nname = "openai:m"\ninput = 10.0\noutput = 40.0\n'
Run = asyncio.subprocess.Process


async def start(bench: Bench, *words: str) -> Run:
    return await asyncio.create_subprocess_exec(
        *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
    )


async def told(bench: Bench, *words: str) -> str:
    process = await start(bench, *words)
    out, said = await process.communicate()
    assert (process.returncode, said) == (0, b""), said.decode()
    return out.decode()


def events(lines: bytes) -> list[dict[str, Json]]:
    """Every line of a log is one JSON object; its time and event come first."""
    found = [json.loads(line) for line in lines.decode().splitlines()]
    assert all(list(event)[:2] == ["time", "event"] for event in found)
    return found


def documented(heading: str) -> Iterator[tuple[str, set[str]]]:
    """The first column of a table of docs/cli.md, and the words in code in the second."""
    section = (ROOT / "docs" / "cli.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    for name, fields in re.findall(r"^\| `([a-z_.0-9]+)` \|([^|]*)\|", section, re.MULTILINE):
        yield name, set(re.findall(r"`([a-z_0-9]+)`", fields))


def keys(kind: type[Record], prefix: str = "") -> Iterator[str]:
    for name, field in kind.model_fields.items():
        parts = [field.annotation, *get_args(field.annotation)]
        inner = [part for part in parts if isinstance(part, type) and issubclass(part, Record)]
        yield f"{prefix}{name}"
        for record in inner:
            yield from keys(record, f"{prefix}{name}.")


def test_every_key_of_the_figures_is_documented_and_no_other() -> None:
    assert {name for name, _ in documented("Status as JSON")} == set(keys(Standing))


async def test_a_run_is_told_while_it_goes_on_and_the_figures_are_those_of_its_rows(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.125)
    (bench.folder / "prices.toml").write_text(PRICES)
    async with ChatServer(latency=0.05, faults={"length": 0.1, "rate": 0.05}) as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--prices", "prices.toml"]
        run = await start(bench, *words, "--workers", "4")
        while server.counts.total() < 20:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        server.latency = 8  # so that it still works however long the looks at it take
        live = Standing.model_validate_json(await told(bench, "status", "--json"))
        while live.eta_seconds is None:  # no sample has been judged yet
            live = Standing.model_validate_json(await told(bench, "status", "--json"))
        words_told = await told(bench, "status")
        server.latency = 0
        _, said = await run.communicate()
        assert run.returncode == 0, said.decode()
    assert live.work.processes == 1
    assert 1 <= live.work.in_flight <= 4
    assert live.work.splits == ("train",)
    assert live.window is not None
    assert live.window.calls >= 19
    assert live.eta_seconds is not None
    assert live.projected_cost is not None
    assert live.cost is not None
    assert live.projected_cost > live.cost > 0
    (split,) = live.splits
    assert (split.expected, split.listed) == (48, False)
    assert "at work    1 process, 4 clips in flight\n" in words_told
    assert re.search(r"^time left  about .*, for \d+ samples$", words_told, re.MULTILINE)

    before = sorted(path.name for path in (bench.folder / "runs/own").iterdir())
    over = Standing.model_validate_json(await told(bench, "status", "--json"))
    assert sorted(path.name for path in (bench.folder / "runs/own").iterdir()) == before
    recount(over, bench.folder / "runs/own")


def recount(standing: Standing, run: Path) -> None:
    """Holds figures against the rows that they stand for."""
    rows = pd.concat(pd.read_parquet(path) for path in (run / "release/data").glob("*.parquet"))
    (split,) = standing.splits
    assert split.outcomes == dict(Counter(rows["outcome"]))
    assert split.kept == standing.kept == rows["kept"].sum() > 0
    assert (split.clips, split.expected, split.samples_left, split.listed) == (48, 48, 0, True)
    assert split.stages[-1].done == len(rows)
    assert sum(sum(stage.failed.values()) for stage in split.stages) == 48 - len(rows)
    connection = apsw.Connection(str(run / "run.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    made = pd.DataFrame(
        connection.execute("SELECT stage, kind, reason, latency, prompt_tokens, completion_tokens, cost FROM attempt"),
        columns=["stage", "kind", "reason", "latency", "prompt", "reply", "cost"],
    )
    connection.close()
    assert standing.cost == pytest.approx(made["cost"].sum())
    assert standing.cost_per_kept == pytest.approx(made["cost"].sum() / rows["kept"].sum())
    assert standing.window is not None
    for told in standing.calls:
        here = made[made["stage"] == told.stage]
        assert (told.calls, told.failed) == (len(here), (here["kind"] == "failed").sum())
        assert told.failures == dict(Counter(here[here["kind"] == "failed"]["reason"]))
        assert (told.prompt_tokens, told.completion_tokens) == (here["prompt"].sum(), here["reply"].sum())
        (pace,) = (pace for pace in standing.window.stages if pace.stage == told.stage)
        fine = here[here["kind"] == "ok"]["latency"]
        assert pace.p50 == fine.quantile(0.5, interpolation="lower")
        assert fine.median() <= (pace.p95 or 0) <= fine.max()
    assert standing.work.processes == 0
    assert standing.eta_seconds is None


async def test_a_run_is_told_to_machines_line_by_line(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.25, films="a", csv=ONE)
    async with ChatServer() as server:
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--log-json"]
        process = await start(bench, *words)
        out, lines = await process.communicate()
    assert process.returncode == 0, lines.decode()
    assert b"outcome" in out, "the closing tables go to standard output as ever"
    log = events(lines)
    assert [event["event"] for event in log][:1] == ["begin"]
    assert [event["event"] for event in log][-2:] == ["progress", "end"]
    progress, end = log[-2:]
    assert (progress["clips"], progress["clips_in_all"], progress["calls"]) == (12, 12, 36)
    assert (end["exit_code"], end["ending"], end["rows"]) == (0, "finished", 12)
    stages = end["stages"]
    assert isinstance(stages, list)
    assert [isinstance(stage, Mapping) and stage["done"] for stage in stages] == [12] * 5
    hold_to_the_documents(log)


def hold_to_the_documents(log: list[dict[str, Json]]) -> None:
    fields = dict(documented("The log of a run"))
    for event in log:
        assert set(event) - {"time", "event"} == fields[str(event["event"])], event["event"]


async def test_an_interrupted_run_ends_its_log_like_any_other(bench: Bench) -> None:
    bench.lay(model="openai:m", length=0.125, films="a", csv=ONE)
    async with ChatServer() as server:
        server.down = "html"
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--log-json", "--workers", "2"]
        process = await start(bench, *words)
        assert process.stderr is not None
        lines = b""
        while b'"paused"' not in lines:
            lines += await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = await process.communicate()
    lines += rest
    assert process.returncode == 130, lines.decode()
    log = events(lines)
    hold_to_the_documents(log)
    (paused,) = (event for event in log if event["event"] == "paused")
    assert (paused["endpoint"], paused["reason"]) == (server.base_url, "invalid json")
    assert [event["event"] for event in log][-3:] == ["progress", "interrupted", "end"]
    assert (log[-2]["signal"], log[-1]["exit_code"], log[-1]["ending"]) == (2, 130, "interrupted")


async def test_a_refused_key_ends_the_log_with_an_error_and_stands_nowhere(bench: Bench) -> None:
    bench.lay(model="openai:m")
    keyed = Bench(bench.folder, bench.cache, {"ROCOT_API_KEY": "sk-canary-0123456789"})
    async with ChatServer(["key"] * 20) as server:
        process = await start(keyed, "generate", "--recipe", "own.toml", "--base-url", server.base_url, "--log-json")
        out, lines = await process.communicate()
    assert process.returncode == 2
    log = events(lines)
    hold_to_the_documents(log)
    assert [event["event"] for event in log][-2:] == ["error", "end"]
    assert "key" in str(log[-2]["message"]).lower()
    assert (log[-1]["exit_code"], log[-1]["ending"], log[-1]["rows"]) == (2, "failed", None)
    assert b"canary" not in out + lines


@pytest.mark.parametrize("words", [["--recipe", "none.toml"], ["--workers", "many"], ["--wrokers", "3"]])
def test_what_is_wrong_before_the_run_begins_is_told_to_machines_too(bench: Bench, words: list[str]) -> None:
    done = bench.rocot("generate", "--log-json", *words)
    assert (done.returncode, done.stdout) == (2, "")
    log = events(done.stderr.encode())
    assert [event["event"] for event in log] == ["error", "end"]
    hold_to_the_documents(log)


def test_a_run_that_cannot_be_written_is_told_all_the_same(bench: Bench) -> None:
    bench.lay()
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    run = bench.folder / "runs/own"
    places = [run, *run.rglob("*")]
    modes = [place.stat().st_mode for place in places]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    done = bench.rocot("status")
    for place, mode in zip(places, modes, strict=True):
        place.chmod(mode)
    assert done.returncode == 0, done.stderr
    assert "split train: 2 clips" in done.stdout
    assert done.stdout.splitlines()[1].startswith("at work    nobody; the last call ended ")


async def test_ctrl_c_before_the_work_begins_writes_nothing_but_lines(bench: Bench) -> None:
    """While the server is asked whether it has batches, no signal is waited for yet."""
    bench.lay(model="openai:m")
    async with BatchServer() as server:
        server.faults["GET /batches"].append("hang")
        asked = asyncio.Event()
        server.events = lambda told: asked.set() if told == "before GET /batches" else None
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--log-json", "--batch"]
        process = await start(bench, *words)
        await asked.wait()
        process.send_signal(signal.SIGINT)
        _, lines = await process.communicate()
    assert process.returncode == 130, lines.decode()
    log = events(lines)
    hold_to_the_documents(log)
    assert (log[-1]["event"], log[-1]["exit_code"], log[-1]["ending"]) == ("end", 130, "interrupted")
