"""The checks, run as a user runs them."""

import asyncio
import signal
import subprocess
from asyncio.subprocess import PIPE
from collections import deque

import pandas as pd

from rocot.engine.reader import StoreReader
from rocot.engine.tables import sum_spent
from tests.cli.bench import RECIPE, Bench
from tests.cli.test_roles import asked, keys
from tests.servers.chat import ChatServer

CHECKS = '\n[checks]\nreanswer = true\ncounterfactual = true\ncritic = "{critic}"\nframes = 3\n'
CSV = "path,label,start,end\na.mp4,Fighting,1.3713,2.1719\nb.mp4,Robbery,0.3719,1.1713\n"
TRUE = (b"1.37", b"2.17", b"0.37", b"1.17")
SHARD = "runs/own/release/data/train-00000-of-00001.parquet"
STAGES = ("reason", "reflect", "revise", "reanswer", "counterfactual", "critic")


def lay(bench: Bench, *, model: str = "scripted", critic: str = "text", length: float = 0.5, more: str = "") -> None:
    bench.lay(csv=CSV)
    text = RECIPE.format(model=model, length=length) + CHECKS.format(critic=critic) + more
    (bench.folder / "own.toml").write_text(text)


def rocot(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    done = bench.rocot(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_every_check_is_made_told_shown_validated_and_reported(bench: Bench) -> None:
    lay(bench)
    rocot(bench, "generate", "--recipe", "own.toml")
    told = [line.split() for line in rocot(bench, "status").stdout.splitlines()]
    assert all([stage, "12"] in told for stage in STAGES), told
    rows = pd.read_parquet(bench.folder / SHARD)
    assert len(rows) == 12
    for name in ("reanswer", "counterfactual", "critic"):
        found = rows[name].map(lambda check: check["finding"])
        asked_of = rows["provenance"].map(lambda said, name=name: said[name] is not None)
        assert ((found != "unchecked") == asked_of).all()
    assert "unchecked" in set(rows["counterfactual"].map(lambda check: check["finding"])), "some have nothing left"
    rocot(bench, "validate")
    rocot(bench, "report")
    assert "What the checks found" in (bench.folder / "runs/own/report.html").read_text()
    shown = rocot(bench, "show", rows["id"][0]).stdout
    assert "Checks" in shown
    assert "counterfactual" in shown
    assert "0 replies" not in rocot(bench, "reparse").stdout
    again = rocot(bench, "generate", "--recipe", "own.toml")
    assert "tokens" not in again.stderr


def test_checks_are_switched_on_later_without_asking_anything_again(bench: Bench) -> None:
    lay(bench)
    text = (bench.folder / "own.toml").read_text()
    (bench.folder / "own.toml").write_text(text.partition("\n[checks]")[0])
    rocot(bench, "generate", "--recipe", "own.toml")
    assert pd.read_parquet(bench.folder / SHARD)["critic"].isna().all()
    (bench.folder / "own.toml").write_text(text)
    planned = [line.split() for line in rocot(bench, "plan", "--recipe", "own.toml").stdout.splitlines()]
    assert ["revise", "12"] in planned
    assert any(line[:2] == ["reanswer", "12"] for line in planned)
    made = rocot(bench, "generate", "--recipe", "own.toml")
    counts = {line.split()[0]: line.split()[1:] for line in made.stdout.splitlines() if line.split()[1:]}
    assert counts["revise"][:2] == ["12", "12"]
    assert pd.read_parquet(bench.folder / SHARD)["critic"].notna().all()


async def test_a_run_with_checks_that_is_killed_asks_nothing_twice_and_sends_no_truth(
    bench: Bench,
) -> None:
    lay(bench, model="openai:m", critic="frames", length=0.25)
    async with ChatServer(latency=0.1) as server:
        server.bodies = deque()  # all of them
        words = ["generate", "--recipe", "own.toml", "--base-url", server.base_url, "--workers", "4"]

        async def begin() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *bench.command, *words, cwd=bench.folder, env=bench.environment, stdout=PIPE, stderr=PIPE
            )

        for calls in (25, 50):
            killed = await begin()
            while server.counts.total() < calls and killed.returncode is None:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)
            killed.send_signal(signal.SIGKILL)
            await killed.communicate()
        last = await begin()
        _, told = await last.communicate()
        assert last.returncode == 0, told.decode()
        asked_twice = sum(number - 1 for number in server.counts.values())
        assert asked_twice <= 2 * 4, "what was in flight when it was killed, and nothing else"
        assert len(server.bodies) == server.counts.total()
        assert all(any(b'"name":"%b"' % shape in body for body in server.bodies) for shape in (b"opinion", b"review"))
        assert not [body for body in server.bodies if any(time in body for time in TRUE)]
    with StoreReader(bench.folder / "runs" / "own") as store:
        spent = {part.stage: part.attempts for part in sum_spent(store)}
    assert set(spent) == set(STAGES)
    assert bench.rocot("validate").returncode == 0


async def test_the_checker_has_a_model_servers_and_a_key_of_its_own(bench: Bench) -> None:
    lay(bench, model="openai:student", length=60, more='\n[checker]\nmodel = "openai:judge"\n')
    own = {"ROCOT_API_KEY": "sk-common-0123456789", "ROCOT_CHECKER_API_KEY": "sk-checker-0123456789"}
    keyed = Bench(bench.folder, bench.cache, own)
    async with ChatServer() as near, ChatServer() as far:
        words = ("--base-url", near.base_url, "--base-url", f"checker={far.base_url}")
        done = await asyncio.to_thread(keyed.rocot, "generate", "--recipe", "own.toml", *words)
        assert done.returncode == 0, done.stderr
        assert set(asked(near)) == {"student"}
        assert set(asked(far)) == {"judge"}
        assert keys(far) == {own["ROCOT_CHECKER_API_KEY"]}
    with StoreReader(bench.folder / "runs" / "own") as store:
        judged = {part.stage for part in sum_spent(store) if part.model == "openai:judge"}
    assert judged <= {"reanswer", "counterfactual", "critic"}
    assert "reanswer" in judged


def test_a_plan_prices_the_checks_by_the_checkers_model(bench: Bench) -> None:
    lay(bench, model="openai:student", more='\n[checker]\nmodel = "openai:judge"\n')
    table = '[[model]]\nname = "openai:student"\ninput = 0.0\noutput = 0.0\n'
    (bench.folder / "prices.toml").write_text(table)
    words = ("plan", "--recipe", "own.toml", "--prices", "prices.toml")
    assert "the model has no price" in rocot(bench, *words).stdout
    (bench.folder / "prices.toml").write_text(
        f'{table}[[model]]\nname = "openai:judge"\ninput = 1000000.0\noutput = 0.0\n'
    )
    told = rocot(bench, *words).stdout
    cost = float(told.partition("Cost, estimated: ")[2].split()[0].replace(",", ""))
    tokens = {
        line.split()[0]: line.split()[2] for line in told.splitlines() if line.split()[:1] and line.split()[0] in STAGES
    }
    assert set(tokens) == set(STAGES)
    assert cost > 12 * 3 * 500
    (bench.folder / "own.toml").write_text(
        (bench.folder / "own.toml").read_text().replace("true", "false").replace('"text"', '"off"')
    )
    without = rocot(bench, *words).stdout
    assert "critic" not in without
    assert float(without.partition("Cost, estimated: ")[2].split()[0]) == 0


def test_the_embedded_teacher_checks_what_it_can_measure_and_says_what_it_cannot(bench: Bench) -> None:
    lay(bench, model="embedded", critic="off", length=60)
    rocot(bench, "generate", "--recipe", "own.toml")
    rows = pd.read_parquet(bench.folder / SHARD)
    assert rows["reanswer"].notna().all()
    assert rows["critic"].isna().all()
    rocot(bench, "validate")
    text = (bench.folder / "own.toml").read_text().replace('"off"', '"text"')
    (bench.folder / "own.toml").write_text(text)
    for command in ("plan", "generate"):
        refused = bench.rocot(command, "--recipe", "own.toml")
        assert refused.returncode == 2
        assert "embedded measures frames" in refused.stderr
        assert "[checker]" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_the_default_scenes_are_checked_from_end_to_end(bench: Bench) -> None:
    (bench.folder / "tiny.toml").write_text(
        '[release]\nname = "own"\n[[sources]]\nkind = "scenes"\ntrain = 1\n[frames]\ncount = 8\n'
        "[checks]\nreanswer = true\ncounterfactual = true\n"
    )
    rocot(bench, "generate", "--recipe", "tiny.toml")
    rows = pd.read_parquet(bench.folder / SHARD)
    for name in ("reanswer", "counterfactual"):
        assert not set(rows[name].map(lambda check: check["finding"])) - {
            "agrees", "in part", "disagrees", "abstains", "unchecked",
        }  # fmt: skip
    rocot(bench, "validate")
