from collections.abc import AsyncIterator

import pytest

from rocot.errors import TeacherError
from rocot.stages.asking import compose
from rocot.teacher.protocol import Raw, Teacher
from rocot.teacher.scripted import ScriptedTeacher
from tests.contracts.teacher import ITEM, PICTURES, PROMPTS, Said, TeacherContract


class TestScripted(TeacherContract):
    @pytest.fixture
    async def teacher(self) -> AsyncIterator[Teacher]:
        teacher = ScriptedTeacher()
        yield teacher
        await teacher.close()


ASK = compose(PROMPTS, Said("scripted"), ITEM, "grounding")("json")


async def test_two_teachers_say_the_same() -> None:
    assert await ScriptedTeacher().send(ASK, PICTURES) == await ScriptedTeacher().send(ASK, PICTURES)


async def test_rollouts_differ() -> None:
    bodies = {
        (await ScriptedTeacher().send(ASK.model_copy(update={"rollout": rollout}), PICTURES)).body
        for rollout in range(8)
    }
    assert len(bodies) > 4


async def test_the_script_comes_first() -> None:
    odd = Raw(body=b"busy", status=503)
    teacher = ScriptedTeacher([TeacherError("timeout", "", passing=True), odd, None])
    with pytest.raises(TeacherError, match="timeout"):
        await teacher.send(ASK, PICTURES)
    assert await teacher.send(ASK, PICTURES) == odd
    assert (await teacher.send(ASK, PICTURES)).status == 200
    assert teacher.sent == 3
