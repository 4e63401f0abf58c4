import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.answer import Answer
from rocot.core.reflection import Scores
from rocot.core.score import boundary_errors, common_right, label_right, outcome, right, scores, tiou
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
    graded = scores(answer("Normal"), answer("Fighting", (10, 20)), Truth(labels=("Fighting",)), 0.5, 0.05)
    assert (graded.initial_right, graded.revised_right) == (False, True)
    assert graded.initial_tiou is None
    assert label_right(answer("Normal"), Truth()) is None


def graded(initial: Answer, revised: Answer, truth: Truth, gain: float = 0.05) -> Scores:
    return scores(initial, revised, truth, 0.5, gain)


def test_boundary_errors_are_signed_seconds_from_the_truth() -> None:
    found = graded(answer("Fighting", (8, 12), (15, 19)), answer("Fighting", (11, 23)), FIGHT)
    assert (found.initial_start_error, found.initial_end_error) == (-2, -1)
    assert (found.revised_start_error, found.revised_end_error) == (1, 3)
    assert (
        boundary_errors(answer("Normal"), FIGHT) == boundary_errors(answer("Fighting", (1, 2)), NORMAL) == (None, None)
    )


def test_improved_is_a_gain_at_or_above_the_least() -> None:
    half, whole = answer("Fighting", (10, 15)), answer("Fighting", (10, 20))
    assert graded(half, whole, FIGHT, 0.5).improved is True
    assert graded(half, whole, FIGHT, 0.51).improved is False
    assert graded(whole, half, FIGHT).improved is False
    assert graded(whole, half, FIGHT).delta_tiou == -0.5
    unknown = graded(half, whole, Truth(labels=("Fighting",)))
    assert (unknown.delta_tiou, unknown.improved) == (None, None)


@given(SPANS, SPANS, SPANS)
def test_delta_is_the_difference_of_both(first: list[Span], last: list[Span], true: list[Span]) -> None:
    said = [Answer(evidence=(), reasoning="x", label="Fighting", spans=tuple(spans)) for spans in (first, last)]
    found = graded(said[0], said[1], Truth(labels=("Fighting",), spans=tuple(true)))
    assert found.delta_tiou == tiou(last, true) - tiou(first, true)
    assert found.improved == (tiou(last, true) - tiou(first, true) >= 0.05)


def test_normal_against_abnormal_asks_for_no_kind_and_no_place() -> None:
    found = graded(answer("Robbery", (1, 2)), answer("Normal"), FIGHT)
    assert (found.initial_abnormal_right, found.revised_abnormal_right) == (True, False)
    assert (found.initial_label_right, found.initial_right) == (False, False)
    assert graded(answer("Normal"), answer("Normal"), Truth()).revised_abnormal_right is None


COMMON = {"Normal": "Normal", "Shoplifting": "Stealing", "Burglary": "Stealing", "Fighting": "Fighting"}
THEFT = Truth(labels=("Shoplifting",), spans=FIGHT.spans)


@pytest.mark.parametrize(
    ("said", "truth", "expected"),
    [
        (answer("Burglary", (1, 2)), THEFT, True),  # two native labels, one common class
        (answer("Shoplifting", (1, 2)), THEFT, True),
        (answer("Fighting", (1, 2)), THEFT, False),
        (answer("Burglary", (1, 2)), Truth(labels=("Fighting", "Shoplifting")), True),  # of several, any
        (answer("Normal"), NORMAL, True),
        (answer("Normal", (1, 2)), NORMAL, False),
        (answer("Unclear"), THEFT, False),
        (answer("Juggling", (1, 2)), THEFT, None),  # no common class: nothing can be said
        (answer("Fighting", (1, 2)), Truth(labels=("Juggling",)), None),
        (answer("Fighting", (1, 2)), Truth(spans=FIGHT.spans), None),
        (answer("Fighting", (1, 2)), THEFT.model_copy(update={"choice": "B"}), None),
    ],
)
def test_labels_agree_in_the_common_taxonomy(said: Answer, truth: Truth, expected: bool | None) -> None:
    assert common_right(said, truth, COMMON) is expected
