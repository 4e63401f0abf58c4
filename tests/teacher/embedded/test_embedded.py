import json
from collections.abc import AsyncIterator

import numpy as np
import pytest
import simplejpeg

from rocot.core.answer import Answer, Check, Reflection
from rocot.core.checks import Opinion
from rocot.core.gate import Story, faults
from rocot.core.reflection import Relooked, Said
from rocot.core.reply import Dialect, parse_answer, parse_opinion
from rocot.core.span import Span
from rocot.errors import TeacherError
from rocot.stages.asking import compose, told
from rocot.stages.blind import Blind
from rocot.teacher.embedded.teacher import Embedded
from rocot.teacher.protocol import Teacher
from tests.contracts.teacher import Said as Asking
from tests.contracts.teacher import TeacherContract
from tests.teacher.embedded.clips import (
    CLASSES,
    PROMPTS,
    Footage,
    Picture,
    conversation,
    film,
    first_words,
    footage,
    jpeg,
    reflection_on,
    revision,
    street,
    text_of,
)

DIALECTS: tuple[Dialect, ...] = ("json", "tagged")


class TestEmbedded(TeacherContract):
    @pytest.fixture
    async def teacher(self) -> AsyncIterator[Teacher]:
        teacher = Embedded()
        yield teacher
        await teacher.close()


def quiet(picture: Picture, _: float) -> Picture:
    return picture


def walker(picture: Picture, time: float) -> Picture:
    left = int(10 + 12 * time) % 290
    picture[140:190, left : left + 14] = (40, 60, 140)
    return picture


def lamp(picture: Picture, time: float) -> Picture:
    """From 10 s on the whole place is lit more, and stays so."""
    brighter: Picture = np.minimum(picture * (1.35 if time > 10 else 1.0), 255).astype(np.uint8)
    return brighter


def shaken(picture: Picture, time: float) -> Picture:
    return np.roll(picture, 6, axis=1) if 8 < time < 11 else picture


def blast(picture: Picture, time: float) -> Picture:
    """A flash and a ball of fire at 9 s, then smoke that thins out over five seconds."""
    if 9.0 <= time < 10.6:
        picture = np.minimum(picture * np.array([1.5, 1.35, 1.1]), 255).astype(np.uint8)
        picture[70:160, 120:210] = (255, 170, 50)
        picture[95:135, 145:185] = (255, 235, 160)
    elif 10.6 <= time < 14.5:
        picture[50:150, 110:220] = (0.3 * picture[50:150, 110:220] + 0.7 * 75).astype(np.uint8)
    return picture


def story(shot: Footage, told_three: tuple[Answer, Reflection, Answer]) -> Story:
    first, found, last = told_three
    return Story(
        start=shot.item.start, end=shot.item.end, frame_times=tuple(frame.time for frame in shot.item.frames),
        classes=shot.item.classes, initial=first, reflection=found, revised=last,
    )  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("draw", [quiet, walker, lamp, shaken, blast])
async def test_answers_keep_the_gates_rules(dialect: Dialect, draw: object) -> None:
    shot = footage(draw)  # type: ignore[arg-type]  # one of the functions above
    assert not faults(story(shot, await conversation(shot, dialect)))


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_both_dialects_conclude_the_same(dialect: Dialect) -> None:
    shot = footage(blast)
    first, found, last = await conversation(shot, dialect)
    same_first, same_found, same_last = await conversation(shot, "json")
    assert first.same_as(same_first)
    assert found.verdict == same_found.verdict
    assert last.same_as(same_last)


@pytest.mark.parametrize("draw", [quiet, walker])
async def test_routine_is_normal(draw: object) -> None:
    first, _, last = await conversation(footage(draw))  # type: ignore[arg-type]  # one of the functions above
    assert (first.label, last.label) == ("Normal", "Normal")
    assert first.evidence


async def test_an_explosion_is_found_about_when_it_is() -> None:
    _, _, last = await conversation(footage(blast))
    assert last.label == "Explosion"
    assert last.spans
    assert last.spans[0].start == pytest.approx(9.0, abs=1.2)


def claim(label: str, start: float, end: float) -> str:
    said = Answer(evidence=(), reasoning="The picture turns bright.", label=label, spans=(Span(start=start, end=end),))
    return json.dumps(said.model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize(("draw", "word"), [(lamp, "exposure"), (shaken, "camera")])
async def test_light_and_shake_are_no_explosion_to_the_reflection(draw: object, word: str) -> None:
    shot = footage(draw)  # type: ignore[arg-type]  # one of the functions above
    first = claim("Explosion", 8.2, 12.0)
    found = await reflection_on(shot, first)
    assert found.verdict == "revise"
    assert any(word in (check.claim + check.finding).lower() and not check.holds for check in found.checks)
    assert (await revision(shot, first, told(found))).label == "Normal"


async def test_a_missed_event_is_found_by_the_reflection() -> None:
    shot = footage(blast)
    first = json.dumps({"evidence": [], "reasoning": "Nothing happens.", "label": "Normal", "spans": []})
    found = await reflection_on(shot, first)
    assert found.verdict == "revise"
    assert (await revision(shot, first, told(found))).label == "Explosion"


async def test_another_models_tagged_answer_is_examined_too() -> None:
    found = await reflection_on(footage(quiet), "<think>Blows.</think><answer>fighting</answer><glue>[[3, 9]]</glue>")
    assert found.verdict == "revise"
    assert any("Fighting" in check.claim for check in found.checks)


async def test_keep_keeps_whatever_the_frames_say() -> None:
    shot = footage(quiet)
    kept = await revision(shot, claim("Fire", 3.25, 7.5), "The flames are there.\nVerdict: keep.")
    assert (kept.label, kept.spans) == ("Fire", (Span(start=3.25, end=7.5),))


async def test_the_revision_takes_what_the_reflection_proposes() -> None:
    findings = "The start is late. What the frames support: Robbery, 2.00-4.50 s and 9.00-11.25 s.\nVerdict: revise."
    changed = await revision(footage(quiet), claim("Fire", 3.25, 7.5), findings)
    assert (changed.label, changed.spans) == ("Robbery", (Span(start=2, end=4.5), Span(start=9, end=11.25)))


async def test_a_reflection_in_other_words_sends_the_revision_back_to_the_frames() -> None:
    other = Reflection(
        checks=(Check(claim="It burns.", finding="No flame.", start=3, end=7, holds=False),),
        critique="Nothing burns here.", verdict="revise",
    )  # fmt: skip
    assert (await revision(footage(quiet), claim("Fire", 3.25, 7.5), told(other))).label == "Normal"


async def test_a_label_without_a_measure_is_left_alone() -> None:
    shot = footage(quiet, classes=("Normal", "Shooting"))
    found = await reflection_on(shot, claim("Shooting", 3, 5))
    assert found.verdict == "keep"
    assert "no measure" in found.checks[0].finding


@pytest.mark.parametrize(
    "classes", [("Normal", "Bombing"), ("Normal", "Abnormal"), ("Normal", "Shoplifting"), ("Normal",)]
)
async def test_labels_come_in_the_asks_own_words(classes: tuple[str, ...]) -> None:
    first, _, last = await conversation(footage(blast, classes=classes))
    expected = classes[-1] if classes[-1] in {"Bombing", "Abnormal"} else "Normal"
    assert last.label == expected
    assert first.label in classes


async def test_two_teachers_say_the_same_and_names_change_nothing() -> None:
    words = [await first_words(footage(blast, name=name)) for name in ("clip", "clip", "Fire/Explosion-0003")]
    assert len(set(words)) == 1


async def test_frames_seen_before_are_answered_as_if_new() -> None:
    teacher, shot, other = Embedded(), footage(blast), footage(walker)
    ask = compose(PROMPTS, Asking("embedded"), shot.item, "grounding")("json")
    first = await text_of(ask, shot, teacher)
    await text_of(compose(PROMPTS, Asking("embedded"), other.item, "grounding")("json"), other, teacher)
    assert await text_of(ask, shot, teacher) == first == await first_words(shot)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 90])
async def test_any_number_of_frames_gets_an_answer(count: int) -> None:
    shot = footage(walker, count=count, end=8.0)
    assert not faults(story(shot, await conversation(shot)))


async def test_grey_frames_are_read() -> None:
    grey = [
        (index * 0.75, simplejpeg.encode_jpeg(np.ascontiguousarray(street()[..., :1]), 90, "GRAY"))
        for index in range(8)
    ]
    assert (await conversation(film(grey, end=6.0)))[2].label == "Normal"


@pytest.mark.parametrize("first", [0, 3, 4])
async def test_frames_of_several_sizes_are_read(first: int) -> None:
    sizes = [(240, 320), (120, 160), (241, 319), (8, 8), (1, 1)]
    mixed = [(index * 0.75, jpeg(street(sizes[(index + first) % 5]))) for index in range(8)]
    shot = film(mixed, end=6.0)
    assert not faults(story(shot, await conversation(shot)))


@pytest.mark.parametrize("bad", [b"", b"no picture", jpeg(street())[:60]])
async def test_a_frame_that_is_no_jpeg_spoils_the_call(bad: bytes) -> None:
    shot = film([(0.5, jpeg(street())), (1.5, bad)], end=2.0)
    with pytest.raises(TeacherError) as caught:
        await first_words(shot)
    assert caught.value.reason == "bad frame"
    assert "1.50 s" in caught.value.detail


async def test_every_time_is_within_the_clip_and_on_a_frame_or_a_bound() -> None:
    shot = footage(blast)
    first, found, last = await conversation(shot)
    step = shot.item.end / len(shot.item.frames)
    marks = [frame.time for frame in shot.item.frames]
    cited = [time for seen in (*first.evidence, *last.evidence) for time in (seen.start, seen.end)]
    cited += [time for check in found.checks for time in (check.start, check.end)]
    assert cited
    assert all(min(abs(time - mark) for mark in marks) <= step / 2 + 0.01 for time in cited)


async def test_it_says_what_it_is() -> None:
    shot = footage(quiet, count=4)
    teacher = Embedded()
    raw = await teacher.send(compose(PROMPTS, Asking("embedded"), shot.item, "grounding")("json"), shot.pictures)
    assert "classical vision baseline" in teacher.read(raw.body).model
    assert teacher.endpoint == "in process"
    assert CLASSES[0] == "Normal"


async def test_frames_of_a_closer_look_do_not_disturb_measurements_fitted_to_even_ones() -> None:
    shot = footage(blast)
    first = await first_words(shot)
    made = [(time, jpeg(blast(street(), time))) for time in (8.2, 8.7, 9.1, 9.3, 9.6, 10.2)]
    closer = film(made, end=24.0)
    said = Said(text=first, model="embedded", prompt="p", call="c")
    item = Relooked(
        **dict(shot.item),
        question="?",
        initial=parse_answer(first, "grounding", CLASSES),
        initial_said=said,
        relook=closer.item.frames,
    )
    again = Footage(item, {**shot.pictures, **closer.pictures})
    found = await reflection_on(again, first)
    assert found == await reflection_on(shot, first)
    assert await revision(again, first, told(found)) == await revision(shot, first, told(found))


async def looked(draw: object, dialect: Dialect = "json", *, count: int = 32, end: float = 24.0) -> Opinion:
    """A blind look at frames, of which nothing was said."""
    shot = footage(draw, count=count, end=end)  # type: ignore[arg-type]  # one of the functions above
    teacher = Embedded()
    ask = Blind(PROMPTS, Asking("embedded")).worded(shot.item, dialect)
    raw = await teacher.send(ask, shot.pictures)
    return parse_opinion(teacher.read(raw.body).text, CLASSES)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_blind_look_finds_what_is_there_and_calls_routine_normal(dialect: Dialect) -> None:
    assert (await looked(blast, dialect)).label == "Explosion"
    assert (await looked(walker, dialect)).label == "Normal"


async def test_a_blind_look_at_too_few_frames_abstains() -> None:
    found = await looked(blast, count=4)
    assert found.label is None
    assert "too few" in found.reasoning


async def test_a_reflection_is_never_criticised_by_measuring() -> None:
    shot = footage(quiet)
    ask = Blind(PROMPTS, Asking("embedded")).worded(shot.item, "json").model_copy(update={"shape": "review"})
    with pytest.raises(TeacherError, match="not understood"):
        await Embedded().send(ask, shot.pictures)
