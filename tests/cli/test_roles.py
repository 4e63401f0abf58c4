import asyncio
import json
import tomllib
from collections import Counter

import pytest

from rocot.engine.reader import StoreReader
from rocot.engine.tables import sum_spent
from tests.cli.bench import RECIPE, Bench
from tests.servers.chat import ChatServer

KEYS = {
    "ROCOT_API_KEY": "sk-common-0123456789",
    "ROCOT_REFLECTOR_API_KEY": "sk-reflector-0123456789",
}
MIXED = RECIPE.format(model="openai:student", length=60) + '\n[reflector]\nmodel = "openai:strong"\n'


def asked(server: ChatServer) -> Counter[str]:
    """Models by how often they were asked."""
    return Counter(json.loads(body)["model"] for body in server.bodies)


def keys(server: ChatServer) -> set[str]:
    return {
        line.split()[-1].decode()
        for head in server.heads
        for line in head.splitlines()
        if line.lower().startswith(b"authorization:")
    }


async def test_each_role_is_asked_at_its_own_server_with_its_own_key(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "own.toml").write_text(MIXED)
    keyed = Bench(bench.folder, bench.cache, KEYS)
    async with ChatServer() as near, ChatServer() as far:
        words = ("--base-url", near.base_url, "--base-url", f"reflector={far.base_url}")
        done = await asyncio.to_thread(keyed.rocot, "generate", "--recipe", "own.toml", *words)
        assert done.returncode == 0, done.stderr
        assert asked(near) == {"student": 2}  # both films show the same: each ask is made once
        assert asked(far) == {"strong": 1}
        assert keys(near) == {KEYS["ROCOT_API_KEY"]}
        assert keys(far) == {KEYS["ROCOT_REFLECTOR_API_KEY"]}
    with StoreReader(bench.folder / "runs" / "own") as store:
        spent = {(part.stage, part.model) for part in sum_spent(store)}
    assert spent == {
        ("reason", "openai:student"),
        ("reflect", "openai:strong"),
        ("revise", "openai:student"),
    }


def test_a_plan_prices_each_role_by_its_own_model(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "own.toml").write_text(MIXED + '\n[reviser]\nmodel = "openai:last"\n')
    prices = {"openai:student": 0, "openai:strong": 1_000_000, "openai:last": 0}
    table = "".join(
        f'[[model]]\nname = "{name}"\ninput = {price}.0\noutput = {price}.0\n' for name, price in prices.items()
    )
    assert tomllib.loads(table)
    (bench.folder / "prices.toml").write_text(table)
    told = bench.rocot("plan", "--recipe", "own.toml", "--prices", "prices.toml")
    assert told.returncode == 0, told.stderr
    (bench.folder / "prices.toml").write_text(table.replace('"openai:last"', '"openai:other"'))
    assert "the model has no price" in bench.rocot("plan", "--recipe", "own.toml", "--prices", "prices.toml").stdout
    cost = float(told.stdout.partition("Cost, estimated: ")[2].split()[0].replace(",", ""))
    row = next(line for line in told.stdout.splitlines() if line.lstrip().startswith("reflect "))
    assert cost > 0, row


@pytest.mark.parametrize("command", ["plan", "generate"])
def test_a_role_that_nobody_plays_is_refused(bench: Bench, command: str) -> None:
    bench.lay()
    done = bench.rocot(command, "--recipe", "own.toml", "--base-url", "refelctor=http://127.0.0.1:1/v1")
    assert done.returncode == 2
    assert "teacher, reflector, reviser and checker do" in done.stderr
