"""The engine in this process, a tiny model on the CPU: run by an interpreter that has vLLM. See CONTRIBUTING.md."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio

from rocot.core.prompt import Ask, Sampling
from rocot.core.reply import Dialect, schema_of
from rocot.errors import ConfigError, ServiceError, TeacherError
from rocot.recipe import Recipe
from rocot.stages.asking import compose
from rocot.teacher.faults import fault_in
from rocot.teacher.protocol import Teacher
from rocot.teacher.serving import engine_arguments
from rocot.teacher.vllm import VllmTeacher
from tests.builders import CLASSES
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said, TeacherContract
from tests.servers.vllm import BLOCK, ON_CPU, SMALL, build
from tests.stages.stubs import ANSWER

with_vllm = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore"),  # vLLM's own, and those of what it imports
    pytest.mark.skipif(find_spec("vllm") is None, reason="this interpreter has no vLLM"),
]
MODEL = "vllm:tiny"
NEVER_WHOLE = "random weights write no tags, and no whole reply without a grammar"


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_it_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'rocot\[vllm\]'"):
        VllmTeacher(MODEL, [])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("tiny")
    build(sys.executable, made)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in ON_CPU.items():
            patch.setenv(variable, value)
        yield made


def arguments(folder: Path) -> list[str]:
    frames = {"count": len(ITEM.frames), "height": 96}
    recipe = Recipe.model_validate({"release": {"name": "a"}, "sources": [{"kind": "scenes"}], "frames": frames})
    return engine_arguments(f"vllm:{folder}", recipe, PROMPTS, SMALL)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(folder: Path) -> AsyncIterator[VllmTeacher]:
    """One for all tests: it takes a minute to start."""
    teacher = VllmTeacher(MODEL, arguments(folder))
    await teacher.start()
    yield teacher
    await teacher.close()


def asked(dialect: Dialect = "json", **sampling: object) -> Ask:
    said = Said(MODEL)
    said.sampling = Sampling.model_validate({"seed": 7, **sampling})
    return compose(PROMPTS, said, ITEM, "grounding")(dialect)


class TestVllm(TeacherContract):
    pytestmark = with_vllm

    @pytest.fixture
    def teacher(self, engine: VllmTeacher, dialect: Dialect, request: pytest.FixtureRequest) -> Teacher:
        whole = ("test_a_reply_comes_with_status_200_and_its_model", "test_reading_is_pure")
        if dialect == "tagged" and request.function.__name__ in whole:
            pytest.skip(NEVER_WHOLE)
        return engine

    async def test_all_three_asks_are_answered_in_shape(self, teacher: Teacher, dialect: Dialect) -> None:
        """A model without a mind obeys the schema; that its spans end before they start is no fault of the teacher."""
        if dialect == "tagged":
            pytest.skip(NEVER_WHOLE)
        first = json.loads(teacher.read((await teacher.send(asked(), PICTURES)).body).text, strict=False)
        assert first["label"] in CLASSES
        assert list(first) == list(schema_of("grounding", CLASSES)["properties"])  # type: ignore[arg-type]
        examined = compose(PROMPTS, Said(MODEL), ITEM, "reflection", json.dumps(ANSWER), PROMPTS.reflect.text)(dialect)
        found = json.loads(teacher.read((await teacher.send(examined, PICTURES)).body).text, strict=False)
        assert found["verdict"] in {"keep", "revise"}


class TestEngine:
    pytestmark = with_vllm

    async def test_the_reply_to_a_seed_is_the_same_and_the_second_prompt_is_cached(self, engine: VllmTeacher) -> None:
        first, second = [engine.read((await engine.send(asked(seed=11), PICTURES)).body) for _ in range(2)]
        assert first.text == second.text
        assert first.usage.prompt == second.usage.prompt > 500
        assert second.usage.cached > second.usage.prompt - BLOCK

    async def test_rollouts_at_once_share_one_prefill(self, engine: VllmTeacher) -> None:
        shifted = {digest: PICTURES[f"{(int(digest) + 3) % 8:064d}"] for digest in PICTURES if digest.isdigit()}
        ask = asked(seed=21)
        await engine.send(ask, PICTURES | shifted)
        rollouts = [ask.model_copy(update={"rollout": number}) for number in range(1, 5)]
        raws = await asyncio.gather(*(engine.send(rollout, PICTURES) for rollout in rollouts))
        replies = [engine.read(raw.body) for raw in raws]
        assert len({reply.text for reply in replies}) == 4
        assert all(reply.usage.cached > reply.usage.prompt - BLOCK for reply in replies)

    async def test_a_reply_that_is_cut_off_is_told_with_its_tokens(self, engine: VllmTeacher) -> None:
        raw = await engine.send(asked(max_tokens=5), PICTURES)
        with pytest.raises(TeacherError) as caught:
            engine.read(raw.body)
        assert caught.value.reason == "length"
        assert json.loads(raw.body)["usage"]["completion_tokens"] == 5

    async def test_a_prompt_that_is_too_long_spoils_its_call_and_no_more(self, engine: VllmTeacher) -> None:
        said = Said(MODEL)
        long = compose(PROMPTS, said, ITEM, "grounding", "word " * 40_000, "Again.")("json")
        raw = await engine.send(long, PICTURES)
        assert raw.status == 400
        fault = fault_in(raw)
        assert isinstance(fault, TeacherError)
        assert fault.reason == "too large"
        assert (await engine.send(asked(), PICTURES)).status == 200

    async def test_a_frame_that_is_none_spoils_its_call_and_no_more(self, engine: VllmTeacher) -> None:
        ask = asked(seed=31)
        digest = ITEM.frames[0].digest
        odd = ask.model_copy(
            update={
                "turns": json.loads(json.dumps([turn.model_dump() for turn in ask.turns]).replace(digest, "f" * 64))
            }
        )
        odd = Ask.model_validate(odd.model_dump(warnings=False))
        for data in (b"", b"no picture", PICTURES[digest][:300]):
            with pytest.raises(TeacherError) as caught:
                await engine.send(odd, {**PICTURES, "f" * 64: data})
            assert caught.value.reason == "bad frame"
        assert (await engine.send(asked(), PICTURES)).status == 200

    async def test_ctrl_c_at_the_terminal_does_not_reach_the_engine(self, engine: VllmTeacher) -> None:
        await engine.send(asked(), PICTURES)
        shielded = children_that_block(signal.SIGINT)
        assert shielded
        for child in shielded:
            os.kill(child, signal.SIGINT)
        await asyncio.sleep(1)
        assert (await engine.send(asked(seed=41), PICTURES)).status == 200

    async def test_a_call_that_is_given_up_leaves_the_engine_well(self, engine: VllmTeacher) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await engine.send(asked("tagged", seed=51, max_tokens=4000), PICTURES)
        assert (await engine.send(asked(seed=51), PICTURES)).status == 200

    async def test_more_frames_than_the_engine_takes_are_refused_as_by_a_server(self, engine: VllmTeacher) -> None:
        ask = asked(seed=61)
        system, opening = ask.turns
        twice = ask.model_copy(update={"turns": (system, opening.model_copy(update={"parts": 2 * opening.parts}))})
        raw = await engine.send(twice, PICTURES)
        assert raw.status == 400
        fault = fault_in(raw)
        assert isinstance(fault, TeacherError)
        assert "image" in fault.detail

    async def test_an_engine_that_cannot_start_says_why(self, folder: Path) -> None:
        lost = VllmTeacher("vllm:/nowhere", ["--model", "/nowhere"])
        with pytest.raises(ServiceError, match="cannot load /nowhere"):
            await lost.start()
        await lost.close()
        odd = VllmTeacher(MODEL, [*arguments(folder), "--no-such-thing"])
        with pytest.raises(ConfigError, match="--vllm"):
            await odd.start()
        await odd.close()

    async def test_an_engine_that_has_died_ends_the_run(self, engine: VllmTeacher) -> None:
        """The last test of all: nobody can ask after it."""
        for child in children_that_block(signal.SIGINT):
            os.kill(child, signal.SIGKILL)
        await asyncio.sleep(1)
        with pytest.raises(ServiceError, match="died"):
            await engine.send(asked(seed=71), PICTURES)


def children_that_block(number: signal.Signals) -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():  # the engine is a child of the thread that started it
        for child in (task / "children").read_text().split():
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
            if int(status["SigBlk"], 16) >> (number - 1) & 1:
                found.append(int(child))
    return found
