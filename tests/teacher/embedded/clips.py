"""Small made-up footage, and the conversation about it, for the tests of the embedded teacher."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import simplejpeg

from rocot.assets import load_prompts
from rocot.core.answer import Answer, Reflection
from rocot.core.prompt import Ask
from rocot.core.reflection import Frame, Framed
from rocot.core.reply import Dialect, parse_answer, parse_reflection
from rocot.core.sampling import uniform
from rocot.stages.asking import compose, told
from rocot.teacher.embedded.teacher import Embedded
from tests.contracts.teacher import Said

PROMPTS = load_prompts()
CLASSES = (
    "Normal", "Explosion", "Fighting", "Fire", "People_falling", "Robbery", "Traffic_accident", "Vandalism",
)  # fmt: skip
Picture = npt.NDArray[np.uint8]


def street(size: tuple[int, int] = (240, 320)) -> Picture:
    """A grey place with windows and a kerb: texture for alignment, nothing that moves."""
    rows, columns = size
    picture = np.full((rows, columns, 3), 110, np.uint8)
    noise = np.random.default_rng(5).integers(-12, 12, (rows // 4 + 1, columns // 4 + 1, 1))
    picture = (picture + noise.repeat(4, 0).repeat(4, 1)[:rows, :columns]).astype(np.uint8)
    for left in range(10, columns - 20, 40):
        picture[rows // 8 : rows // 4, left : left + 18] = (60, 70, 90)
    picture[rows // 2 : rows // 2 + 3] = (170, 170, 165)
    return picture


def jpeg(picture: Picture) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(picture), 90))


@dataclass(frozen=True)
class Footage:
    item: Framed
    pictures: dict[str, bytes]


def footage(
    draw: Callable[[Picture, float], Picture], *, count: int = 32, end: float = 24.0, name: str = "clip",
    classes: tuple[str, ...] = CLASSES,
) -> Footage:  # fmt: skip
    """Frames that `draw` makes of the street and the time, seconds."""
    made = [(time, jpeg(draw(street(), time))) for time in uniform(0.0, end, count)]
    return film(made, end=end, name=name, classes=classes)


def film(
    made: list[tuple[float, bytes]], *, end: float, name: str = "clip", classes: tuple[str, ...] = CLASSES
) -> Footage:
    digests = [hashlib.sha256(data).hexdigest() for _, data in made]
    frames = tuple(
        Frame(time=time, digest=digest, width=320, height=240) for (time, _), digest in zip(made, digests, strict=True)
    )
    item = Framed(
        id=f"yard/{name}", source="yard", video=name, split="train", path=f"/videos/{name}.mp4", mark="a" * 64,
        start=0.0, end=end, duration=end, classes=classes, frames=frames, reader="av",
    )  # fmt: skip
    return Footage(item, {digest: data for digest, (_, data) in zip(digests, made, strict=True)})


async def text_of(ask: Ask, shot: Footage, teacher: Embedded | None = None) -> str:
    teacher = teacher or Embedded()
    return teacher.read((await teacher.send(ask, shot.pictures)).body).text


async def first_words(shot: Footage, dialect: Dialect = "json") -> str:
    return await text_of(compose(PROMPTS, Said("embedded"), shot.item, "grounding")(dialect), shot)


async def reflection_on(shot: Footage, first: str, dialect: Dialect = "json") -> Reflection:
    words = compose(PROMPTS, Said("embedded"), shot.item, "reflection", first, PROMPTS.reflect.text)
    return parse_reflection(await text_of(words(dialect), shot))


async def revision(shot: Footage, first: str, findings: str, dialect: Dialect = "json") -> Answer:
    asked = PROMPTS.revise.fill(reflection=findings)
    words = compose(PROMPTS, Said("embedded"), shot.item, "grounding", first, asked)
    return parse_answer(await text_of(words(dialect), shot), "grounding", shot.item.classes)


async def conversation(shot: Footage, dialect: Dialect = "json") -> tuple[Answer, Reflection, Answer]:
    first = await first_words(shot, dialect)
    found = await reflection_on(shot, first, dialect)
    return parse_answer(first, "grounding", shot.item.classes), found, await revision(shot, first, told(found), dialect)
