import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.answer import Answer
from rocot.core.score import label_right, outcome, right, scores, tiou
from rocot.core.span import Span
from rocot.core.truth import Truth
from tests.core.test_span import SPANS, cells


def answer(label: str, *spans: tuple[float, float]) -> Answer:
    return Answer(evidence=(), reasoning="because", label=label, spans=tuple(Span(start=s, end=e) for s, e in spans))


@given(SPANS, SPANS)
def test_tiou_agrees_with_counting(first: list[Span], second: list[Span]) -> None:
    either = cells(first) | cells(second)
    expected = len(cells(first) & cells(second)) / len(either) if either else 1.0
    assert tiou(first, second) == pytest.approx(expected)


def test_finding_nothing_where_nothing_is_scores_one_and_missing_all_scores_zero() -> None:
    assert tiou((), ()) == 1.0
    assert tiou((), (Span(start=1, end=2),)) == 0.0


NORMAL = Truth(labels=("Normal",), spans=())
FIGHT = Truth(labels=("Fighting",), spans=(Span(start=10, end=20),))


@pytest.mark.parametrize(
    ("given_answer", "truth", "expected"),
    [
        (answer("Normal"), NORMAL, True),
        (answer("Normal", (1, 2)), NORMAL, False),  # a normal clip with a predicted span is wrong
        (answer("Fighting", (1, 2)), NORMAL, False),
        (answer("Fighting", (10, 20)), FIGHT, True),
        (answer("Fighting", (10, 15)), FIGHT, True),  # tIoU 0.5 is the floor itself
        (answer("Fighting", (10, 14.9)), FIGHT, False),
        (answer("Robbery", (10, 20)), FIGHT, False),
        (answer("Normal"), FIGHT, False),
        (answer("Robbery", (10, 20)), Truth(labels=("Robbery", "Fighting"), spans=FIGHT.spans), True),
        (answer("Fighting", (1, 2)), Truth(labels=("Fighting",)), True),  # label only: the span is not graded
        (answer("Normal"), Truth(labels=("Normal",)), True),
        (answer("Normal", (1, 2)), Truth(labels=("Normal",)), False),
        (answer("Robbery", (10, 20)), Truth(spans=FIGHT.spans), True),  # span only: any abnormal label
        (answer("Normal", (10, 20)), Truth(spans=FIGHT.spans), False),
        (answer("Fighting", (10, 20)), Truth(), None),
    ],
)
def test_right_is_defined_at_every_depth_of_truth(given_answer: Answer, truth: Truth, expected: bool | None) -> None:
    assert right(given_answer, truth, 0.5) is expected


@given(SPANS, st.floats(0, 1))
def test_nothing_is_right_on_the_label_alone_where_spans_are_known(spans: list[Span], floor: float) -> None:
    said = Answer(evidence=(), reasoning="x", label="Fighting", spans=tuple(spans))
    assert right(said, FIGHT, floor) == (tiou(spans, FIGHT.spans or ()) >= floor)


def test_the_flip_matrix_has_its_names() -> None:
    cases = {(True, True), (False, True), (False, False), (True, False), (None, True), (True, None)}
    named = {case: outcome(*case) for case in cases}
    assert named == {
        (True, True): "confirmed",
        (False, True): "corrected",
        (False, False): "unresolved",
        (True, False): "corrupted",
        (None, True): "ungraded",
        (True, None): "ungraded",
    }


def test_scores_reach_as_far_as_the_truth() -> None:
    graded = scores(answer("Normal"), answer("Fighting", (10, 20)), Truth(labels=("Fighting",)), 0.5)
    assert (graded.initial_right, graded.revised_right) == (False, True)
    assert graded.initial_tiou is None
    assert label_right(answer("Normal"), Truth()) is None
