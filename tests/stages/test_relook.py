"""The closer look: where it looks, what is asked with it, what of it stands in the item."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rocot.assets import load_prompts
from rocot.core.answer import Answer
from rocot.core.clip import Clip
from rocot.core.reflection import Reasoned, Revised
from rocot.errors import VideoError
from rocot.recipe import FramesRecipe
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.relook import Relook
from rocot.stages.revise import Revise
from rocot.video.protocol import Sampled
from tests.builders import answer, framed, said
from tests.stages.stubs import ANSWER, FRAMED, REFLECTION, REVISED, Listed, spoken
from tests.stages.test_sample_frames import Camera

GOLDEN = Path(__file__).parents[1] / "golden"
PROMPTS = load_prompts()


def reasoned(first: Answer | None = None) -> Reasoned:
    """A clip of 16 s, a frame every 2 s at 1, 3, 5 ..., and an answer that names 4 to 8 s."""
    return Reasoned(**dict(framed()), question="?", initial=first or answer(), initial_said=said("1"))


def looking(camera: Camera, count: int = 4, **recipe: object) -> Relook:
    return Relook(FramesRecipe.model_validate({"count": 8, "relook": count, **recipe}), camera)


async def test_it_looks_inside_the_spans_and_an_interval_around_them() -> None:
    camera = Camera()
    item = await looking(camera)(reasoned())
    assert camera.asked == [((3, 5, 7, 9), 0, False)]
    assert item.relook == ()  # the first look showed these
    item = await looking(camera, 8)(reasoned())
    assert [frame.time for frame in item.relook] == [2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]
    assert item.shown == (*item.frames, *item.relook)


async def test_what_was_shown_is_not_shown_again() -> None:
    item = await looking(Camera(), 12)(reasoned(answer([(5, 5.5)])))
    times = [frame.time for frame in item.relook]
    assert len(times) == 12
    assert not set(times) & {frame.time for frame in item.frames}


@pytest.mark.parametrize("first", [answer(()), answer([(30, 40)])])
async def test_without_a_span_in_the_clip_there_is_no_second_look(first: Answer) -> None:
    camera = Camera()
    item = await looking(camera)(reasoned(first))
    assert (item.relook, item.relook_lost, camera.asked) == ((), (), [])


async def test_it_is_as_near_and_as_whole_as_the_first_look() -> None:
    camera = Camera()
    await looking(camera, 8, snap=0.25, damaged="partial")(reasoned())
    _, tolerance, salvage = camera.asked[0]
    assert tolerance == pytest.approx(0.25)
    assert salvage


class Broken(Camera):
    """A file of which nothing is left where it looks."""

    reason = "damaged"

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        raise VideoError(self.reason, "nothing is left")


async def test_a_recipe_that_takes_partial_clips_takes_one_whose_closer_look_is_lost() -> None:
    item = await looking(Broken(), damaged="partial")(reasoned())
    assert (item.relook, item.relook_lost) == ((), (3, 5, 7, 9))
    with pytest.raises(VideoError):
        await looking(Broken())(reasoned())


async def test_what_is_no_damage_spoils_the_sample_in_any_case() -> None:
    camera = Broken()
    camera.reason = "file changed"
    with pytest.raises(VideoError):
        await looking(camera, damaged="partial")(reasoned())


async def revised(teacher: Listed, count: int) -> Revised:
    item = await Reason(PROMPTS, teacher)(FRAMED)
    relook = looking(Camera(), count) if count else None
    return await Revise(PROMPTS, teacher)(await Reflect(PROMPTS, teacher, None, relook)(item))


async def test_both_asks_read_as_their_golden_files_and_share_what_they_can() -> None:
    teacher = Listed([ANSWER, REFLECTION, REVISED])
    item = await revised(teacher, 4)
    reason, reflect, revise = teacher.asked
    for name, ask in (("reflect", reflect), ("revise", revise)):
        golden = GOLDEN / f"ask_{name}_relook_json.txt"
        assert spoken(ask) == golden.read_text(encoding="utf-8"), f"{golden.name} differs from what is asked now"
    assert reflect.turns[:2] == reason.turns
    assert reflect.turns[:3] == revise.turns[:3]
    assert reflect.turns[3].parts[:9] == revise.turns[3].parts[:9]
    assert [frame.digest for frame in item.relook] == [
        part.digest for part in reflect.turns[3].parts if part.kind == "picture"
    ]


async def test_without_a_relook_nothing_is_asked_otherwise() -> None:
    with_none, normal = Listed([ANSWER, REFLECTION, REVISED]), {**ANSWER, "label": "Normal", "spans": []}
    await revised(with_none, 0)
    blank = Listed([normal, REFLECTION, normal])
    await revised(blank, 4)
    assert all(part.kind == "text" for ask in (*with_none.asked, *blank.asked) for part in ask.turns[-1].parts[-2:])
    assert [len(ask.turns[-1].parts) for ask in blank.asked[1:]] == [2, 2]


def test_the_number_of_frames_is_part_of_the_reflections_identity() -> None:
    teacher = Listed([])
    plain = Reflect(PROMPTS, teacher).identity
    few, many = (Reflect(PROMPTS, teacher, None, looking(Camera(), count)).identity for count in (2, 4))
    assert len({str(identity) for identity in (plain, few, many)}) == 3
