"""Grounding against a count of tenths of a second that knows no interval arithmetic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.evaluate.answered import match
from rocot.evaluate.grounding import grounding, interval_iou, vau_r1_grounding
from tests.builders import spans
from tests.evaluate.toys import bench, case, perfect, predicted, said

Ticks = list[tuple[int, int]]
PAIRS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1])), max_size=4
)


def tenths(pairs: Ticks) -> set[int]:
    return {tick for start, end in pairs for tick in range(start, end)}


def in_seconds(pairs: Ticks) -> list[tuple[float, float]]:
    return [(start / 10, end / 10) for start, end in pairs]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(PAIRS, st.none() | PAIRS, st.booleans()), min_size=1, max_size=8))
def test_it_is_what_counting_tenths_of_seconds_gives(drawn: list[tuple[Ticks, Ticks | None, bool]]) -> None:
    benchmark = bench([case(f"v{at}", in_seconds(true)) for at, (true, _, _) in enumerate(drawn)])
    predictions = [
        predicted(f"v{at}", None if found is None else said("Fighting", in_seconds(found)))
        for at, (_, found, given) in enumerate(drawn)
        if given
    ]
    expected = []
    for true, found, answered in drawn:
        if true:
            here, there = tenths(true), tenths(found or []) if answered else set()
            expected.append(len(here & there) / len(here | there))
    measured = grounding(match(benchmark, predictions).pairs)
    assert measured.cases == len(expected)
    if not expected:
        assert measured.miou.value is None
        return
    assert measured.miou.value == pytest.approx(sum(expected) / len(expected))
    for floor, found_share in ((0.3, measured.r30), (0.5, measured.r50), (0.7, measured.r70)):
        if all(abs(value - floor) > 1e-9 for value in expected):
            assert found_share.value == pytest.approx(sum(value >= floor for value in expected) / len(expected))


def test_perfect_is_one_and_nothing_is_zero() -> None:
    benchmark = bench([case("a", [(1, 2), (4, 6)]), case("b", []), case("c", None), case("d", [(0, 9)])])
    whole = grounding(match(benchmark, perfect(benchmark)).pairs)
    assert (whole.cases, whole.unanswered, whole.miou.value, whole.r70.value) == (2, 0, 1, 1)
    empty = grounding(match(benchmark, []).pairs)
    assert (empty.cases, empty.unanswered, empty.miou.value, empty.r30.value) == (2, 2, 0, 0)


def test_vau_r1_leaves_out_what_is_missing_and_videos_with_two_intervals() -> None:
    benchmark = bench(
        [case("a", [(0, 4)]), case("b", [(0, 1), (2, 3)]), case("c", [(0, 4)]), case("d", []), case("e", [(0, 4)])]
    )
    predictions = [
        predicted("a", said("Fighting", [(0, 2), (2, 4)])),
        predicted("b", said("Fighting", [(0, 1), (2, 3)])),
        predicted("d", said("Normal", [])),
        predicted("e", said("Normal", [])),
    ]
    pairs = match(benchmark, predictions).pairs
    theirs, ours = vau_r1_grounding(pairs), grounding(pairs)
    assert (theirs.cases, theirs.unanswered, theirs.miou.value) == (2, 1, 0.25)
    assert (ours.cases, ours.unanswered, ours.miou.value) == (4, 1, 0.5)


def test_the_iou_of_two_intervals() -> None:
    first, second, apart = spans([(0, 4), (2, 6), (8, 9)])
    assert interval_iou(first, second) == pytest.approx(2 / 6)
    assert interval_iou(first, apart) == 0
    assert interval_iou(first, first) == 1


def test_rollouts_of_one_video_widen_no_denominator_of_videos() -> None:
    benchmark = bench([case("a", [(0, 4)])])
    pairs = match(benchmark, [predicted("a", said("Fighting", [(0, 4)])), predicted("a.mp4", said("Normal", []))]).pairs
    found = grounding(pairs)
    assert (found.cases, found.videos, found.miou.value, found.miou.low) == (2, 1, 0.5, None)
