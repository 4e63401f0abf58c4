import math
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.answer import Answer
from rocot.core.attempts import Form, read, tags_of
from rocot.core.reward import (
    REWARDS,
    WEIGHTS,
    Marks,
    anti_corruption,
    ava,
    effectiveness,
    length_shape,
    marked,
    sandbagging,
    srpo,
    total,
    vau_r1,
)
from rocot.core.span import Span
from rocot.core.truth import Truth
from tests.builders import answer

CLASSES = ("Normal", "Fighting", "Fire")
FIGHT = Truth(labels=("Fighting",), spans=(Span(start=10, end=20),))
QUIET = Truth(labels=("Normal",), spans=())


def one(label: str, spans: str) -> str:
    return f"<think>because</think><answer>{label}</answer><glue>{spans}</glue>"


def chain(first: str, last: str, verdict: str = "revise") -> str:
    return f"{first}\n<reflection>held against the frames</reflection><verdict>{verdict}</verdict>\n{last}"


def marks_for(text: str, truth: Truth = FIGHT, form: Form = "reflection") -> Marks:
    return marked(read(text, "grounding", CLASSES, form), truth, 0.5, located=True, single=form == "plain")


RIGHT, NEAR, FAR, WRONG = (
    one("Fighting", "[[10, 20]]"),
    one("Fighting", "[[10, 15]]"),
    one("Fighting", "[[30, 40]]"),
    one("Normal", "[]"),
)


def test_a_chain_is_read_as_both_answers_and_the_reflection() -> None:
    said = read(chain(WRONG, RIGHT), "grounding", CLASSES, "reflection")
    assert said.strict
    assert said.first is not None
    assert said.first.label == "Normal"
    assert said.final is not None
    assert said.final.spans == (Span(start=10, end=20),)
    assert said.reflection is not None
    assert said.reflection.verdict == "revise"
    assert said.first_length == len(WRONG) + 1


@pytest.mark.parametrize(
    "bent",
    [
        "I think: " + chain(RIGHT, RIGHT),
        chain(RIGHT, RIGHT) + " done",
        chain(RIGHT, RIGHT).replace("<verdict>revise</verdict>", ""),
        chain(RIGHT, RIGHT).replace("</reflection>", ""),
        RIGHT + RIGHT,
        RIGHT,
        chain(RIGHT, RIGHT) + RIGHT,
        chain(RIGHT, one("Arson", "[]")),
        chain(RIGHT, "<answer>Fighting</answer><think>so</think><glue>[[10, 20]]</glue>"),
        chain(RIGHT, RIGHT).replace("because", "<answer>Fire</answer>", 1),
        "",
    ],
)
def test_a_bent_form_is_not_strict(bent: str) -> None:
    assert not read(bent, "grounding", CLASSES, "reflection").strict


def test_what_a_bent_text_tells_is_graded_all_the_same() -> None:
    marks = marks_for("Well. " + chain(WRONG, RIGHT))
    assert (marks.strict, marks.first_right, marks.final_right) == (False, False, True)


@pytest.mark.parametrize(("form", "text"), [("plain", RIGHT), ("two_pass", f"{WRONG}\n{RIGHT}")])
def test_the_controls_have_forms_of_their_own(form: Form, text: str) -> None:
    marks = marks_for(text, form=form)
    assert marks.strict
    assert marks.final_right
    assert marks.first_right is (None if form == "plain" else False)


def test_the_tags_of_every_form_are_those_of_the_chat() -> None:
    assert tags_of("qa", "reflection") == ("think", "answer", "reflection", "verdict", "think", "answer")
    assert tags_of("reasoning", "plain") == ("think", "description", "answer")


@given(st.text(alphabet="<>/thinkaswergluflcovd[]0123 ,\n", max_size=200))
def test_nothing_that_a_student_writes_raises(text: str) -> None:
    for form in ("reflection", "two_pass", "plain"):
        marks = marks_for(text, form=form)
        assert all(reward(marks) is None or math.isfinite(reward(marks) or 0) for reward in REWARDS.values())


def test_an_answer_that_cannot_be_read_is_wrong() -> None:
    marks = marks_for("no idea")
    assert (marks.first_right, marks.final_right, marks.final_tiou) == (False, False, 0.0)
    assert marks_for("no idea", Truth()).final_right is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (RIGHT, RIGHT, 0.5),
        (NEAR, RIGHT, 0.5),  # tIoU 0.5 is the floor itself
        (WRONG, RIGHT, 0.5),
        (FAR, NEAR, 0.5),
        (WRONG, WRONG, 0.0),
        (FAR, FAR, 0.0),
        (WRONG, FAR, 0.0),
        (RIGHT, WRONG, -0.5),
        (NEAR, FAR, -0.5),
    ],
)
def test_effectiveness_is_ordered(first: str, last: str, expected: float) -> None:
    assert effectiveness(marks_for(chain(first, last))) == expected


def case(first: int, final: int, first_tiou: float | None, final_tiou: float | None) -> Marks:
    return Marks(
        strict=True,
        first_label=bool(first),
        final_label=bool(final),
        first_tiou=first_tiou,
        final_tiou=final_tiou,
        first_right=bool(first) and (first_tiou is None or first_tiou >= 0.5),
        final_right=bool(final) and (final_tiou is None or final_tiou >= 0.5),
        reflected=True,
        first_length=100,
        length=200,
    )


@pytest.mark.parametrize("first_tiou", [None, 0.0, 0.49, 0.5, 1.0])
@pytest.mark.parametrize("final_tiou", [None, 0.0, 0.49, 0.5, 1.0])
@pytest.mark.parametrize(("first", "final"), list(product((False, True), repeat=2)))
def test_every_case_is_rewarded_by_its_formula(
    first: bool, final: bool, first_tiou: float | None, final_tiou: float | None
) -> None:
    marks = case(first, final, first_tiou, final_tiou)
    before, after = (
        label * (1 if share is None else share) for label, share in ((first, first_tiou), (final, final_tiou))
    )
    step = 0.5 if marks.final_right else -0.5 if marks.first_right else 0.0
    expected = (
        0.5
        + 0.5 * bool(marks.first_right)
        + 0.25 * before
        + final
        + (final_tiou or 0)
        + step
        - 0.25 * max(0, before - after)
    )
    assert total(marks, WEIGHTS) == pytest.approx(expected)
    assert anti_corruption(marks) == pytest.approx(-max(0, before - after))


SHARES = st.one_of(st.none(), st.floats(0, 1))


@given(
    p_right=st.floats(0, 1),
    spoils=st.floats(0, 1),
    final=st.booleans(),
    final_tiou=st.floats(0, 1),
    good=st.floats(0, 1),
    bad=st.floats(0, 1),
    drops_label=st.booleans(),
    located=st.booleans(),
)
def test_no_policy_gains_by_spoiling_its_first_answers(  # noqa: PLR0913, PLR0917
    p_right: float,
    spoils: float,
    final: bool,
    final_tiou: float,
    good: float,
    bad: float,
    drops_label: bool,
    located: bool,
) -> None:
    """An honest policy's first answer is right with p_right; another spoils it with a chance, all else being equal."""
    better, worse = max(good, bad), min(good, bad)
    end = final_tiou if located else None
    honest = total(case(1, final, better if located else None, end), WEIGHTS)
    spoilt = total(case(not drops_label, final, worse if located else None, end), WEIGHTS)
    wrong = total(case(0, final, 0.0 if located else None, end), WEIGHTS)
    expected = p_right * honest + (1 - p_right) * wrong
    sandbagged = p_right * ((1 - spoils) * honest + spoils * spoilt) + (1 - p_right) * wrong
    assert sandbagged <= expected + 1e-9


@pytest.mark.parametrize("located", [True, False])
def test_the_default_weights_have_no_case_in_which_sandbagging_pays(located: bool) -> None:
    assert not sandbagging(WEIGHTS, located=located)


@pytest.mark.parametrize("weights", [{"effectiveness": 1.0, "final_accuracy": 1.0}, {**WEIGHTS, "first_right": 0.2}])
def test_weights_that_pay_for_sandbagging_are_found(weights: Mapping[str, float]) -> None:
    assert sandbagging(weights, located=True)


@pytest.mark.parametrize(
    ("first", "final", "effect"), [(False, True, 0.5), (True, True, 0.25), (False, False, 0.0), (True, False, -0.25)]
)
def test_srpo_is_reproduced(first: bool, final: bool, effect: float) -> None:
    marks = case(first, final, None, None)
    assert srpo(marks) == pytest.approx(0.5 + 0.5 * first + effect + 0.25 + 0.1)  # length 200 is the target itself


@pytest.mark.parametrize(
    ("length", "expected"), [(200, 1), (250, math.exp(-1)), (150, math.exp(-1)), (300, math.exp(-4))]
)
def test_the_length_is_shaped_as_srpo_has_it(length: int, expected: float) -> None:
    assert length_shape(case(1, 1, None, None).model_copy(update={"length": length})) == pytest.approx(expected)


@pytest.mark.parametrize(("final", "share"), list(product((False, True), (None, 0.0, 0.3, 1.0))))
def test_vau_r1_is_reproduced(final: bool, share: float | None) -> None:
    assert vau_r1(case(0, final, None, share)) == pytest.approx(1 + final + (share or 0))


@pytest.mark.parametrize(
    ("said", "again", "earned"),
    [
        (answer(), "Normal", 0.5),
        (answer(), "Fighting", 0.0),
        (answer(), "Robbery", 0.0),
        (answer(()), "Normal", 0.0),
        (answer(()), "Fighting", -0.2),
        (answer((), "Unclear"), "Normal", 0.0),
        (None, "Normal", 0.0),
        (answer(), None, None),
        (answer(()), "Unclear", None),
    ],
)
def test_the_counterfactual_pays_what_its_paper_says(
    said: Answer | None, again: str | None, earned: float | None
) -> None:
    assert ava(said, again) == earned
