from rocot.core.span import Span
from rocot.core.truth import Truth, within

FIGHT = Truth(labels=("Fighting",), spans=(Span(start=10, end=20), Span(start=50, end=60)))
LABELLED = Truth(labels=("Fighting",))
NORMAL = Truth(labels=("Normal",), spans=())


def test_depth_is_told_for_every_combination() -> None:
    assert FIGHT.graded_on(located=True) == "label+span"
    assert LABELLED.graded_on(located=True) == "label"
    assert Truth(spans=(Span(start=1, end=2),)).graded_on(located=True) == "span"
    assert Truth().graded_on(located=True) == "none"
    assert [truth.normal for truth in (FIGHT, NORMAL, Truth(spans=()), Truth())] == [False, True, True, None]


def test_a_window_keeps_the_part_of_a_span_that_lies_in_it() -> None:
    window = within(FIGHT, 15, 45, whole=False)
    assert window == Truth(labels=("Fighting",), spans=(Span(start=15, end=20),))


def test_a_window_that_no_anomaly_touches_is_normal() -> None:
    assert within(FIGHT, 20, 50, whole=False) == NORMAL


def test_a_part_of_an_abnormal_video_that_is_not_localised_has_no_truth() -> None:
    assert within(LABELLED, 0, 30, whole=False) == Truth()
    assert within(LABELLED, 0, 90, whole=True) == LABELLED


def test_every_part_of_a_normal_video_is_normal() -> None:
    assert within(Truth(labels=("Normal",)), 0, 30, whole=False).labels == ("Normal",)
    assert within(NORMAL, 0, 30, whole=False) == NORMAL
