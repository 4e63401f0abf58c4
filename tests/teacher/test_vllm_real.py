"""Against a real vLLM server on the CPU, started as `rocot serve-command` says. CONTRIBUTING.md tells how to run it."""

import asyncio
import json
import logging
import shlex
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rocot.core.answer import Reflection
from rocot.core.prompt import Ask
from rocot.engine.reader import StoreReader
from rocot.engine.tables import ModelSpent, sum_spent
from rocot.stages.asking import compose, told
from rocot.teacher.completion import usage_of
from rocot.teacher.openai import OpenAITeacher
from tests.cli.bench import Bench
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said
from tests.servers.vllm import PYTHON, build, counters, serving
from tests.stages.stubs import ANSWER, REFLECTION

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(PYTHON is None, reason="ROCOT_VLLM_PYTHON names no interpreter with vLLM"),
]
LOG = logging.getLogger(__name__)
COUNTED = ("prefix_cache_hits", "prefix_cache_queries", "prompt_tokens")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Films of the same frames in six clips each, a recipe for a model called tiny."""
    folder = tmp_path_factory.mktemp("vllm")
    bench = Bench(folder, folder / "cache")
    bench.lay(model="openai:tiny", length=0.5, films="a", csv="path,label,start,end\na.mp4,Fighting,1,2\n")
    recipe = (folder / "own.toml").read_text()
    (folder / "own.toml").write_text(recipe.replace("seed = 7", 'seed = 7\nrollouts = 8\ndialect = "json"'))
    return bench


@pytest.fixture(scope="module")
def server(laid: Bench) -> Iterator[str]:
    assert PYTHON is not None
    build(PYTHON, laid.folder / "tiny")
    printed = laid.rocot("serve-command", str(laid.folder / "tiny"), "--recipe", "own.toml")
    assert printed.returncode == 0, printed.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # eight frames of the contract suite, where the recipe has four
    words = [word.replace('{"image": 4', '{"image": 8') for word in shlex.split(printed.stdout)]
    with serving(words, port) as base:
        yield base


def conversation() -> Sequence[Ask]:
    """The three asks, with replies that no random model would give."""
    asks, first = Said("openai:tiny"), json.dumps(ANSWER)
    revise = PROMPTS.revise.fill(reflection=told(Reflection.model_validate(REFLECTION)))
    return [
        compose(PROMPTS, asks, ITEM, "grounding")("json"),
        compose(PROMPTS, asks, ITEM, "reflection", first, PROMPTS.reflect.text)("json"),
        compose(PROMPTS, asks, ITEM, "grounding", first, revise)("json"),
    ]


async def test_the_prefix_cache_serves_asks_two_and_three_and_further_rollouts(server: str) -> None:
    teacher = OpenAITeacher("openai:tiny", base_url=f"{server}/v1", api_key=None, connections=1)
    reason, reflect, revise = conversation()
    cached = []
    for ask in (reason, reflect, revise, reason.model_copy(update={"rollout": 1})):
        before = await asyncio.to_thread(counters, server, COUNTED)
        raw = await teacher.send(ask, PICTURES)
        assert raw.status == 200, raw.body
        after = await asyncio.to_thread(counters, server, COUNTED)
        usage = usage_of(raw.body)
        assert after["prefix_cache_hits"] - before["prefix_cache_hits"] == usage.cached
        assert after["prompt_tokens"] - before["prompt_tokens"] == usage.prompt
        LOG.info("%s, rollout %d: %d of %d prompt tokens cached", ask.shape, ask.rollout, usage.cached, usage.prompt)
        cached.append((usage.cached, usage.prompt))
    await teacher.close()
    (_, opening), *later = cached
    assert cached[0][0] == 0
    assert all(served > 0.9 * opening for served, _ in later)


async def test_a_run_goes_through_all_three_asks_and_records_what_the_server_counts(server: str, laid: Bench) -> None:
    before = await asyncio.to_thread(counters, server, COUNTED)
    done = await asyncio.to_thread(
        laid.rocot, "generate", "--recipe", "own.toml", "--base-url", f"{server}/v1", timeout=600
    )
    LOG.info("%s", done.stdout)
    assert done.returncode == 0, done.stderr
    after = await asyncio.to_thread(counters, server, COUNTED)
    spent = stages(laid.folder / "runs" / "own")
    assert set(spent) == {"reason", "reflect", "revise"}
    counted = {name: after[name] - before[name] for name in COUNTED}
    LOG.info("the server counts %s", counted)
    assert counted["prompt_tokens"] == sum(part.prompt_tokens for part in spent.values())
    assert counted["prefix_cache_hits"] == sum(part.cached_tokens for part in spent.values())
    for part in spent.values():  # the first ask of a clip pays for its frames, its seven other rollouts do not
        assert part.cached_tokens > 0.5 * part.prompt_tokens


def stages(run: Path) -> dict[str, ModelSpent]:
    """What each stage was paid for."""
    with StoreReader(run) as store:
        return {part.stage: part for part in sum_spent(store)}
