"""Against a real vLLM server on the CPU, started as `rocot serve-command` says. CONTRIBUTING.md tells how to run it."""

import asyncio
import json
import logging
import shlex
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rocot.core.answer import Reflection
from rocot.core.prompt import Ask, Sampling
from rocot.engine.reader import StoreReader
from rocot.engine.tables import ModelSpent, sum_spent
from rocot.stages.asking import compose, told
from rocot.teacher.asker import Asker
from rocot.teacher.completion import usage_of
from rocot.teacher.fleet import Fleet
from rocot.teacher.openai import OpenAITeacher
from rocot.teacher.protocol import Compose, Raw
from tests.cli.bench import Bench
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said
from tests.servers.relay import Relay
from tests.servers.vllm import BLOCK, PYTHON, build, counters, empty, serving
from tests.stages.stubs import ANSWER, REFLECTION
from tests.teacher.doubles import Album, Notebook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(PYTHON is None, reason="ROCOT_VLLM_PYTHON names no interpreter with vLLM"),
]
LOG = logging.getLogger(__name__)
ROLLOUTS = 8
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


ASIDE = compose(PROMPTS, Said("openai:tiny"), ITEM.model_copy(update={"frames": ITEM.frames[:1]}), "grounding")("json")
"""A question whose opening is another's."""


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
    assert all(served > opening - BLOCK for served, _ in later)


@asynccontextmanager
async def asked(server: str, *, plain: bool) -> AsyncIterator[tuple[OpenAITeacher, Relay]]:
    """A teacher behind a relay that counts; `plain` hides that it is vLLM, so that pixels are sent every time."""
    async with Relay(f"{server}/v1", plain=plain) as relay:
        teacher = OpenAITeacher("openai:tiny", base_url=relay.base_url, api_key=None, connections=ROLLOUTS)
        yield teacher, relay
        await teacher.close()


def worded(ask: Ask) -> Compose:
    """A question that is worded already."""
    return lambda _: ask


async def said(raw: Raw) -> tuple[str, int]:
    """The reply's text, and the tokens of its prompt."""
    assert raw.status == 200, raw.body
    choice = json.loads(raw.body)["choices"][0]
    return choice["message"]["content"], usage_of(raw.body).prompt


async def test_frames_sent_by_name_are_answered_like_frames_sent_whole(server: str) -> None:
    asks = [
        ask.model_copy(
            update={"rollout": rollout, "sampling": Sampling(temperature=temperature, seed=7, max_tokens=64)}
        )
        for temperature in (0.0, 1.0)
        for rollout in range(2)
        for ask in conversation()
    ]
    replies, octets, seconds = {}, {}, {}
    for plain in (True, False):
        await asyncio.to_thread(empty, server, "mm")
        await asyncio.to_thread(empty, server, "prefix")
        async with asked(server, plain=plain) as (teacher, relay):
            raws = [await teacher.send(ask, PICTURES) for ask in asks]
            assert [raw.referred for raw in raws] == [not plain and number > 0 for number in range(len(asks))]
            replies[plain] = [await said(raw) for raw in raws]
            begun, octets[plain], cpu = time.perf_counter(), relay.sent, time.process_time()
            for _ in range(20):
                await teacher.send(asks[0], PICTURES)
            seconds[plain] = (time.perf_counter() - begun) / 20, (time.process_time() - cpu) / 20
    assert replies[True] == replies[False]
    LOG.info("%d requests with pixels %d bytes, by name %d bytes", len(asks), octets[True], octets[False])
    LOG.info("a call with pixels %.4f s, CPU %.4f s; by name %.4f s, CPU %.4f s", *seconds[True], *seconds[False])
    assert octets[False] < octets[True] / 2


async def test_frames_that_the_server_has_lost_are_sent_again(server: str) -> None:
    ask = conversation()[0]
    async with asked(server, plain=False) as (teacher, _):
        notebook = Notebook()
        asker = Asker(Fleet([teacher]), notebook, Album(), sampling=ask.sampling, dialect="json")
        before = await asyncio.to_thread(counters, server, COUNTED)
        for rollout in range(3):
            if rollout == 1:
                await asyncio.to_thread(empty, server, "mm")
            await asker.ask(worded(ask.model_copy(update={"rollout": rollout + 100})), ITEM, "reason", str)
        after = await asyncio.to_thread(counters, server, COUNTED)
    LOG.info("%s", [(one.reason, one.status, one.body[:120]) for one in notebook.attempts])
    assert notebook.reasons == ["", "frames lost", "", ""]
    assert after["prompt_tokens"] - before["prompt_tokens"] == sum(one.prompt_tokens for one in notebook.attempts)
    assert after["prefix_cache_hits"] - before["prefix_cache_hits"] == sum(
        one.cached_tokens for one in notebook.attempts
    )


async def test_rollouts_that_follow_one_share_its_prefill_and_send_none_of_its_frames(server: str) -> None:
    reason = conversation()[0]
    asks = [reason.model_copy(update={"rollout": 200 + rollout}) for rollout in range(ROLLOUTS)]
    shares, octets = {}, {}
    for led in (False, True):
        async with asked(server, plain=False) as (teacher, relay):
            await teacher.send(ASIDE, PICTURES)  # what is learnt of the server is learnt, and paid, before
            await asyncio.to_thread(empty, server, "prefix")
            before = relay.sent
            raws = [await teacher.send(ask, PICTURES) for ask in asks[: 1 * led]]
            raws += await asyncio.gather(*[teacher.send(ask, PICTURES) for ask in asks[1 * led :]])
            octets[led] = relay.sent - before
        usages = [usage_of(raw.body) for raw in raws]
        shares[led] = sum(usage.cached for usage in usages) / sum(usage.prompt for usage in usages)
    for led, how in ((False, "at once"), (True, "led")):
        LOG.info("%d rollouts %s: %.1f %% cached, %d bytes sent", ROLLOUTS, how, 100 * shares[led], octets[led])
    assert octets[True] < octets[False] / 2
    assert shares[True] > 0.8 * (ROLLOUTS - 1) / ROLLOUTS


async def test_a_run_goes_through_all_three_asks_and_records_what_the_server_counts(server: str, laid: Bench) -> None:
    before = await asyncio.to_thread(counters, server, COUNTED)
    words = ("generate", "--recipe", "own.toml", "--workers", "64", "--base-url", f"{server}/v1")
    done = await asyncio.to_thread(laid.rocot, *words, timeout=600)
    LOG.info("%s", done.stdout)
    assert done.returncode == 0, done.stderr
    after = await asyncio.to_thread(counters, server, COUNTED)
    spent = stages(laid.folder / "runs" / "own")
    assert set(spent) == {"reason", "reflect", "revise"}
    counted = {name: after[name] - before[name] for name in COUNTED}
    LOG.info("the server counts %s", counted)
    assert counted["prompt_tokens"] == sum(part.prompt_tokens for part in spent.values())
    assert counted["prefix_cache_hits"] == sum(part.cached_tokens for part in spent.values())
    LOG.info("cached: %s", {stage: f"{part.cached_tokens / part.prompt_tokens:.1%}" for stage, part in spent.items()})
    opening = spent["reason"].prompt_tokens / spent["reason"].attempts
    for stage in ("reflect", "revise"):  # all rollouts: what the first ask of the clip has opened is there already
        assert spent[stage].cached_tokens > spent[stage].attempts * (opening - BLOCK)
    # The first ask of a clip pays for its frames, its seven other rollouts do not.
    assert spent["reason"].cached_tokens > 0.8 * (ROLLOUTS - 1) / ROLLOUTS * spent["reason"].prompt_tokens


def stages(run: Path) -> dict[str, ModelSpent]:
    """What each stage was paid for."""
    with StoreReader(run) as store:
        return {part.stage: part for part in sum_spent(store)}
