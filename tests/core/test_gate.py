from dataclasses import replace
from typing import get_args

import pytest

from rocot.core.answer import Answer, Check, Evidence, Reflection
from rocot.core.gate import RULES, RUN_RULES, Gate, Rules, Weight, faults
from rocot.core.reflection import Frame
from rocot.core.row import Row
from rocot.core.span import Span
from rocot.core.truth import Truth
from tests.builders import EDITION, Sample, answer, clip, corrected, corrupted, fight, framed, reflection

WINDOW = clip("long@60-120", start=60.0, end=120.0)


def broken(sample: Sample) -> set[str]:
    return {fault.rule for fault in faults(Row.of(sample.judged(), EDITION).story())}


def window() -> Sample:
    """A clip cut from 60 to 120 s, a frame every 7.5 s."""
    seen = answer([(80, 90)])
    return fight().but(
        framed=framed(WINDOW),
        initial=seen,
        revised=seen,
        reflection=reflection(pairs=[(80, 90)]),
        truth=Truth(labels=("Fighting",), spans=(Span(start=80, end=90),)),
    )


@pytest.mark.parametrize("sample", [fight(), corrected(), corrupted(), window()])
def test_clean_samples_break_no_rule(sample: Sample) -> None:
    assert broken(sample) == set()


def saying(text: str) -> Sample:
    return fight().but(revised=answer(reasoning=text))


def seeing(start: float, end: float) -> Sample:
    seen = answer().model_copy(update={"evidence": (Evidence(start=start, end=end, observation="a blow"),)})
    return fight().but(revised=seen)


def beyond() -> Answer:
    return answer().model_copy(update={"spans": (Span(start=4, end=17),)})


def sparse() -> Sample:
    """Sixteen seconds of which only the first half has frames, one a second."""
    frames = framed(clip(end=8.0)).frames
    return fight().but(framed=framed().model_copy(update={"frames": frames}))


def closer(*times: float) -> tuple[Frame, ...]:
    """The frames of a second look, which the initial answer did not see."""
    return tuple(Frame(time=time, digest="c" * 64, width=320, height=240) for time in times)


def claiming(claim: str) -> Reflection:
    check = Check(claim=claim, finding="Arms swing.", start=4, end=8, holds=True)
    return reflection().model_copy(update={"checks": (check,)})


PLANTED = {
    "span outside clip": [fight().but(revised=beyond(), reflection=reflection("revise"))],
    "spans out of order": [
        fight().but(initial=answer([(6, 8), (4, 5)]), reflection=reflection("revise")),
        fight().but(initial=answer([(4, 6), (5, 8)]), reflection=reflection("revise")),
    ],
    "unknown label": [fight().but(revised=answer(label="Juggling"), reflection=reflection("revise"))],
    "label contradicts spans": [
        fight().but(revised=answer(label="Normal"), reflection=reflection("revise")),
        fight().but(revised=answer((), label="Fighting"), reflection=reflection("revise")),
    ],
    "evidence outside clip": [
        seeing(14, 30),
        seeing(9, 8),
        fight().but(reflection=reflection(pairs=[(40, 41)])),
    ],
    "evidence unseen": [replace(sparse(), revised=seeing(14, 15).revised)],
    "time outside clip": [
        saying("They strike at 40 s."),
        saying("They strike, <40.00s>."),
        saying("From 0:40 to 0:45 they strike."),
        fight().but(reflection=reflection(critique="Nothing happens before 95 s.")),
        fight().but(reflection=claiming("At 99 s they strike.")),
        replace(window(), revised=answer([(80, 90)], reasoning="They strike from 20.0 to 30.0 s.")),
    ],
    "time unseen": [
        replace(sparse(), revised=answer(reasoning="At 14.5 s he stumbles.")),
        replace(sparse(), initial=answer(reasoning="At 14.5 s he stumbles."), relook=closer(14.5)),
    ],
    "silent change": [fight().but(initial=answer(()))],
    "tag in text": [saying("Blows.</think><answer>Normal</answer>"), saying("<|im_end|>"), saying("As <image> shows.")],
    "control characters": [],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "sample"), [(rule, sample) for rule, those in PLANTED.items() for sample in those])
def test_a_planted_fault_is_named(rule: str, sample: Sample) -> None:
    assert rule in broken(sample)


def test_every_rule_says_what_it_wants() -> None:
    assert set(PLANTED) <= set(RULES)
    assert all(rule.__doc__ for rule in RULES.values())


TWINS = [
    saying("They strike at 16 s, where the clip ends."),
    saying("They strike from 4 to 8 s."),
    saying("It lasts 40 s in all."),
    saying("They strike for 95.0 s."),
    saying("The camera clock reads 09:40."),
    saying("A <person> stands where x < 3 and y > 2."),
    saying("Line one.\n\tLine two."),
    fight().but(reflection=reflection(pairs=[(4, 8), (15.96, 16.04)])),
    fight().but(reflection=reflection("revise"), initial=answer(())),
    replace(
        window(), revised=answer([(80, 90)], reasoning="The fight lasts 3.0-5.0 s; a pause of 2 s; then 4 s more.")
    ),
    replace(window(), revised=answer([(80, 90)], reasoning="Frames are 7.50 s apart. At 81.2 s they strike.")),
    replace(sparse(), revised=answer(reasoning="At 9.0 s he stumbles.")),
    replace(sparse(), revised=answer(reasoning="At 14.5 s he stumbles."), relook=closer(14.5)),
    replace(sparse(), reflection=reflection(pairs=[(4, 8), (14, 15)]), relook=closer(14.5)),
]


@pytest.mark.parametrize("sample", TWINS)
def test_its_clean_twin_passes(sample: Sample) -> None:
    assert broken(sample) == set()


def test_control_characters_are_named() -> None:
    story = Row.of(fight().judged(), EDITION).story()
    dirty = replace(story, revised=answer(reasoning="a\x1b[31m red word"))
    assert [fault.rule for fault in faults(dirty)] == ["control characters"]


def test_a_clip_of_one_frame_has_seen_all_of_itself() -> None:
    sample = fight().but(framed=framed(count=1), revised=answer(reasoning="At 15.5 s he leaves."))
    assert broken(sample) == set()


def test_spans_that_touch_are_one_span() -> None:
    touching = answer().model_copy(update={"spans": (Span(start=4, end=6), Span(start=6, end=8))})
    assert broken(fight().but(revised=touching, reflection=reflection("revise"))) == {"spans out of order"}


def test_the_recipe_weighs_every_rule() -> None:
    assert [name.replace("_", " ") for name in Rules.model_fields] == [*RULES, *RUN_RULES]
    story = Row.of(fight().but(revised=answer([(4, 9)])).judged(), EDITION).story()  # a silent change
    severities = {
        weight: [fault.severity for fault in faults(story, Gate(rules=Rules(silent_change=weight)))]
        for weight in get_args(Weight)
    }
    assert severities == {"reject": ["reject"], "warn": ["warn"], "off": []}
