"""`hf:<path>`: the contract of every teacher, and what a checkpoint in this process does besides."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rocot.core.attempts import Form
from rocot.core.prompt import Ask, Sampling
from rocot.core.reply import Dialect
from rocot.errors import ConfigError, TeacherError
from rocot.stages.asking import compose
from rocot.student.recipe import Tags
from rocot.teacher.faults import NO_FORMAT, fault_in
from rocot.teacher.hf import HfTeacher
from rocot.teacher.protocol import Teacher
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said, TeacherContract
from tests.student.parrot import TURN, parrot, student

MODEL = "hf:parrot@0123456789abcdef"
FIRST = "<think>A square moves.</think><answer>Normal</answer><glue>[]</glue>"
REST = "<reflection>It does.</reflection><verdict>keep</verdict>"
BOUND = "no JSON schema binds a checkpoint: it is asked for tags"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("parrot")
    parrot(made, {TURN: (FIRST, REST)})
    return made


@pytest_asyncio.fixture
async def parroting(folder: Path) -> AsyncIterator[HfTeacher]:
    teacher = HfTeacher(MODEL, folder)
    await teacher.start()
    yield teacher
    await teacher.close()


def asked(dialect: Dialect = "tagged", **sampling: object) -> Ask:
    said = Said(MODEL)
    said.sampling = Sampling.model_validate({"seed": 7, **sampling})
    return compose(PROMPTS, said, ITEM, "grounding")(dialect)


class TestHf(TeacherContract):
    @pytest.fixture
    def teacher(self, parroting: HfTeacher, dialect: Dialect, request: pytest.FixtureRequest) -> Teacher:
        if dialect == "json" and request.function.__name__.endswith(("in_shape", "its_model", "is_pure")):
            pytest.skip(BOUND)
        return parroting


async def test_a_schema_is_refused_by_name(parroting: HfTeacher) -> None:
    fault = fault_in(await parroting.send(asked("json"), PICTURES))
    assert isinstance(fault, TeacherError)
    assert fault.reason == NO_FORMAT


async def test_tokens_are_counted(parroting: HfTeacher) -> None:
    reply = parroting.read((await parroting.send(asked(), PICTURES)).body)
    assert reply.text == FIRST + REST
    assert reply.model == MODEL
    assert reply.usage.completion == 3
    assert reply.usage.prompt > 100


async def test_a_reply_that_is_cut_off_is_told_with_its_tokens(parroting: HfTeacher) -> None:
    raw = await parroting.send(asked(max_tokens=1), PICTURES)
    with pytest.raises(TeacherError) as caught:
        parroting.read(raw.body)
    assert caught.value.reason == "length"
    assert json.loads(raw.body)["usage"]["completion_tokens"] == 1


async def test_a_frame_that_is_none_spoils_its_call_and_no_more(parroting: HfTeacher) -> None:
    spoilt = {**PICTURES, ITEM.frames[0].digest: b"no picture"}
    bad, good = await asyncio.gather(
        parroting.send(asked(), spoilt), parroting.send(asked(), PICTURES), return_exceptions=True
    )
    assert isinstance(bad, TeacherError)
    assert bad.reason == "bad frame"
    assert not isinstance(good, BaseException)
    assert good.status == 200


async def test_a_call_that_is_given_up_leaves_the_teacher_well(folder: Path) -> None:
    teacher = HfTeacher(MODEL, folder)
    await teacher.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await teacher.send(asked(), PICTURES)
    assert (await teacher.send(asked(), PICTURES)).status == 200
    await teacher.close()


async def test_a_folder_without_a_checkpoint_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        HfTeacher(MODEL, tmp_path / "gone")
    teacher = HfTeacher(MODEL, tmp_path)
    with pytest.raises(ConfigError, match="no model with vision"):
        await teacher.start()
    await teacher.close()


def taught(folder: Path, form: Form) -> Path:
    """A student of a form, with a tag of its own."""
    rest = {"reflection": "<reflection>So", "two_pass": "<thought>Again", "plain": "."}[form]
    return student(folder, {TURN: (FIRST.replace("think>", "thought>"), rest)}, form, Tags(think="thought"))


@pytest.mark.parametrize("form", ["reflection", "two_pass", "plain"])
async def test_of_a_student_the_first_answer_alone_is_taken(tmp_path: Path, form: Form) -> None:
    teacher = HfTeacher(MODEL, taught(tmp_path, form))
    await teacher.start()
    reply = teacher.read((await teacher.send(asked(), PICTURES)).body)
    assert reply.text == (f"{FIRST}." if form == "plain" else FIRST)
    await teacher.close()


async def test_a_student_is_asked_as_it_was_taught(tmp_path: Path) -> None:
    """Frames, their times, the question: as in the prompt of a release."""
    teacher = HfTeacher(MODEL, taught(tmp_path, "reflection"))
    await teacher.start()
    call = teacher._call(asked(), [PICTURES[frame.digest] for frame in ITEM.frames])
    question = PROMPTS.reason.fill(
        count="8",
        start=f"{ITEM.start:.2f}",
        end=f"{ITEM.end:.2f}",
        classes=", ".join(ITEM.classes),
        question="",
        options="",
    )
    assert f"{question}<|im_end|>" in call.begun.text
    assert PROMPTS.system.text not in call.begun.text
    assert PROMPTS.answer_tagged.text not in call.begun.text
    assert [picture.height for picture in call.begun.pictures] == [28] * 8
    await teacher.close()
