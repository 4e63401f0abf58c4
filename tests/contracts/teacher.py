"""What every teacher must do, whatever is behind it. A test class inherits it and says how to make the teacher."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image, ImageDraw

from rocot.assets import load_prompts
from rocot.core.answer import Answer, Reflection
from rocot.core.prompt import Ask, Picture, Sampling
from rocot.core.reflection import About, Frame
from rocot.core.reply import Dialect, parse_answer, parse_reflection
from rocot.errors import TeacherError
from rocot.stages.asking import compose, told
from rocot.teacher.completion import spelt
from rocot.teacher.protocol import Compose, Parse, Reply, Teacher
from tests.builders import CLASSES, framed

PROMPTS = load_prompts()
BAD_BODIES = (
    b"",
    b"\x00\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b'{"choices": []}',
    b'{"choices": null}',
    b'{"choices": [null]}',
    b'{"choices": [{"finish_reason": "stop", "message": null}], "model": "m"}',
    b'{"choices": [{"finish_reason": "stop", "message": {"content": null}}], "model": "m"}',
    b'{"choices": [{"finish_reason": "length", "message": {"content": "{"}}], "model": "m"}',
    b"[" * 100_000,
    spelt("  ", "m"),
    spelt("{}", "m", finish="content_filter"),
)


class Said:
    """Just enough of `Asks` to word questions with."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.sampling = Sampling(seed=7)
        self.identity = model

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        raise NotImplementedError


def jpeg(step: int) -> bytes:
    """A square that moves to the right, on a grey ground."""
    picture = Image.new("RGB", (96, 64), (90, 90, 90))
    ImageDraw.Draw(picture).rectangle((4 + 6 * step, 20, 20 + 6 * step, 44), fill=(200, 40, 30))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


PICTURES = {f"{index:064x}": jpeg(index) for index in range(8)}
ITEM = framed(count=8).model_copy(
    update={
        "frames": tuple(
            Frame(time=frame.time, digest=frame.digest, width=96, height=64) for frame in framed(count=8).frames
        )
    }
)


@pytest.mark.parametrize("dialect", ["json", "tagged"])
class TeacherContract:
    """Inherit, and give a fixture `teacher`."""

    @pytest.fixture
    def teacher(self) -> AsyncIterator[Teacher]:
        raise NotImplementedError

    async def answered(self, teacher: Teacher, dialect: Dialect) -> tuple[Answer, Reflection, Answer]:
        """The whole conversation."""
        asks = Said(teacher.model)

        async def ask(words: Compose) -> str:
            reply = teacher.read((await teacher.send(words(dialect), PICTURES)).body)
            assert reply.finish == "stop"
            return reply.text

        first = await ask(compose(PROMPTS, asks, ITEM, "grounding"))
        second = await ask(compose(PROMPTS, asks, ITEM, "reflection", first, PROMPTS.reflect.text))
        found = parse_reflection(second)
        asked = PROMPTS.revise.fill(reflection=told(found))
        third = await ask(compose(PROMPTS, asks, ITEM, "grounding", first, asked))
        return parse_answer(first, "grounding", CLASSES), found, parse_answer(third, "grounding", CLASSES)

    async def test_all_three_asks_are_answered_in_shape(self, teacher: Teacher, dialect: Dialect) -> None:
        initial, reflection, revised = await self.answered(teacher, dialect)
        for answer in (initial, revised):
            assert answer.label in CLASSES
            assert all(ITEM.start <= span.start < span.end <= ITEM.end + 0.05 for span in answer.spans or ())
        assert reflection.critique

    async def test_a_reply_comes_with_status_200_and_its_model(self, teacher: Teacher, dialect: Dialect) -> None:
        raw = await teacher.send(compose(PROMPTS, Said(teacher.model), ITEM, "grounding")(dialect), PICTURES)
        assert raw.status == 200
        assert teacher.read(raw.body).model
        assert teacher.endpoint

    async def test_reading_is_pure(self, teacher: Teacher, dialect: Dialect) -> None:
        raw = await teacher.send(compose(PROMPTS, Said(teacher.model), ITEM, "grounding")(dialect), PICTURES)
        assert teacher.read(raw.body) == teacher.read(bytes(bytearray(raw.body)))

    async def test_a_missing_picture_spoils_the_call_and_no_more(self, teacher: Teacher, dialect: Dialect) -> None:
        lost = ITEM.frames[3].digest
        pictures = {digest: data for digest, data in PICTURES.items() if digest != lost}
        with pytest.raises(TeacherError) as caught:
            await teacher.send(compose(PROMPTS, Said(teacher.model), ITEM, "grounding")(dialect), pictures)
        assert caught.value.reason == "no picture"

    def test_bytes_that_hold_no_whole_reply_are_refused_by_name(self, teacher: Teacher, dialect: Dialect) -> None:
        for body in BAD_BODIES:
            with pytest.raises(TeacherError) as caught:
                teacher.read(body)
            assert 0 < len(caught.value.reason) <= 30, body[:80]

    def test_asks_are_about_every_frame(self, teacher: Teacher, dialect: Dialect) -> None:
        ask = compose(PROMPTS, Said(teacher.model), ITEM, "grounding")(dialect)
        seen = [part.digest for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]
        assert seen == [frame.digest for frame in ITEM.frames]
