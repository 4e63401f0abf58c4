"""The real command against a server at which three calls of ten meet a fault of one kind or another."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from rocot.engine.reader import StoreReader
from rocot.engine.tables import attempts, sum_spent
from tests.servers.chat import HANGING, ChatServer
from tests.stress.killing import Bench

CANARY = "sk-canary-0123456789abcdef"
DEADLINE = 2.0
PAID = ("json", "html", "array", "choices", "null choices", "error", "null", "empty", "refusal", "length")
"""Replies with status 200 that came to their end, and are of no use."""
LOST = (*PAID, "cut by filter", "tool", "unfinished", "bomb")
FREE = ("rate", "rate at once", "500", "502", "503", "504", "redirect", "400", "context")
FINAL = {"refusal", "length", "content filter", "tool calls", "odd finish", "too long", "bad request", "too large"}
PASSING = {
    "timeout",
    "connection lost",
    "rate limited",
    "overloaded",
    "server error",
    "redirected",
    "invalid json",
    "error in reply",
    "no choices",
    "empty reply",
}


@dataclass(frozen=True)
class Account:
    """What a run came to."""

    requests: int
    billed: int
    needed: int
    injected: int
    ended: Counter[str]
    """Samples by their end at the last stage that they reached."""
    longest: float
    """Seconds of the longest attempt."""

    def __str__(self) -> str:
        lost = {reason: count for reason, count in self.ended.items() if reason != "done"}
        return (
            f"{self.requests} requests, {self.injected} of them spoilt; {self.billed} billed, {self.needed} needed;"
            f" {self.ended['done']} samples made, {sum(lost.values())} lost by name: {json.dumps(lost)};"
            f" longest attempt {self.longest:.2f} s"
        )


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def run(folder: Path, clips: int, share: float, workers: int) -> Account:
    bench = Bench(folder, clips, workers)
    kinds = [name for name in (*HANGING, *FREE, *LOST, "id") if name != "bomb"]
    bombs = [None] * 20 + ["bomb", None, None] * 3
    async with (
        ChatServer() as elsewhere,
        ChatServer(bombs, latency=0.02, faults=dict.fromkeys(kinds, share / len(kinds))) as server,
    ):
        server.elsewhere = f"{elsewhere.base_url}/chat/completions"
        process = await bench.start(
            server, "run", "--deadline", str(DEADLINE), ROCOT_API_KEY=CANARY, OPENAI_LOG="debug"
        )
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()
        assert any(f"bearer {CANARY}".encode() in head.lower() for head in server.heads)
        assert elsewhere.counts.total() == 0, "nobody follows a redirection with prompt, frames and key"
    assert server.met["bomb"] == 3
    with StoreReader(folder / "run") as store:
        made = list(attempts(store))
        ends = store.rows(
            str, "SELECT iif(kind = 'done', kind, reason) FROM outcome WHERE kind != 'done' OR stage = 'judge'"
        )
    account = Account(
        requests=server.counts.total(),
        billed=server.billed.total(),
        needed=sum(attempt.kind == "ok" for attempt in made),
        injected=server.met.total() - server.met["id"],
        ended=Counter(ends),
        longest=max(attempt.latency for attempt in made),
    )
    assert len(made) == account.requests, "every request is an attempt on record"
    failed = Counter(attempt.reason for attempt in made if attempt.kind == "failed")
    late = failed["timeout"] - sum(server.met[name] for name in ("hang", "drip", "slow head"))
    assert late >= 0, "a busy machine misses a deadline of its own now and then"
    assert all(attempt.latency > 0.9 * DEADLINE for attempt in made if attempt.reason == "timeout"), "but none early"
    losses = sum(server.billed[name] for name in LOST)
    assert losses <= account.billed - account.needed <= losses + late
    assert account.ended.total() == clips, "every sample has come to an end"
    assert set(account.ended) <= {"done"} | FINAL | PASSING, "and each by its name"
    assert set(failed) <= FINAL | PASSING
    assert account.longest < DEADLINE + 10, "none outlives its deadline, give or take a busy machine"
    assert not [data for data in [*contents(folder), told] if CANARY.encode() in data or b"Bearer sk" in data]
    return account


def priced(folder: Path) -> Path:
    """A folder with a table of prices."""
    folder.mkdir()
    (folder / "prices.toml").write_text('[[model]]\nname = "openai:scripted"\ninput = 2.0\noutput = 8.0\n')
    return folder


async def charged_under_a_ceiling(folder: Path, seed: int) -> None:
    """A run that is begun again and again under a ceiling, against a service that charges for all that it can."""
    bench = Bench(folder, clips=60, workers=8)
    kinds = [*HANGING, "json", "choices", "error", "rate", "rate at once", "500", "502", "503", "504", "400"]
    ceilings = [1.0 + seed / 10, 2.0 + seed / 10]
    async with ChatServer(latency=0.02, faults=dict.fromkeys(kinds, 0.4 / len(kinds)), seed=seed) as server:
        for ceiling in ceilings:
            words = ["--prices", "prices.toml", "--max-cost", f"{ceiling:g}"]
            process = await bench.start(server, "run", "--deadline", "1", *words)
            told, _ = await process.communicate()
            assert process.returncode in (0, 2), told.decode()
            charged = (server.charged["prompt"] * 2 + server.charged["completion"] * 8) / 1e6
            with StoreReader(folder / "run") as store:
                counted = sum(part.cost for part in sum_spent(store))
            assert 0 < charged <= counted <= ceiling, (charged, counted, ceiling)


@pytest.mark.timeout(300)
async def test_a_ceiling_on_cost_holds_whatever_fails_and_is_charged_for(tmp_path: Path) -> None:
    await charged_under_a_ceiling(priced(tmp_path / "run"), seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_ceiling_on_cost_holds_with_whatever_dice(tmp_path: Path) -> None:
    for seed in range(2, 12):
        await charged_under_a_ceiling(priced(tmp_path / f"run{seed}"), seed=seed)


@pytest.mark.timeout(300)
async def test_three_hundred_calls_of_which_three_in_ten_fail_end_each_by_its_name(tmp_path: Path) -> None:
    account = await run(tmp_path, clips=120, share=0.3, workers=16)
    assert account.ended["done"] > 60


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_three_thousand_calls_of_which_three_in_ten_fail_end_each_by_its_name(tmp_path: Path) -> None:
    account = await run(tmp_path, clips=1200, share=0.3, workers=32)
    assert account.requests > 3000
    print(account)  # noqa: T201  # the figures to quote
