from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.sampling import at_rate, interval, uniform, within
from rocot.core.span import Span

EDGES = st.tuples(st.floats(0, 1e4), st.floats(0.1, 1e4)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(EDGES, st.integers(1, 64))
def test_the_interval_of_even_times_is_a_part(edges: tuple[float, float], count: int) -> None:
    start, end = edges
    assert interval(uniform(start, end, count), start, end) == pytest.approx((end - start) / count, rel=1e-6, abs=1e-9)


def test_a_rate_gives_the_middles_of_its_parts() -> None:
    assert at_rate(10, 14.7, 1, 16) == (10.5, 11.5, 12.5, 13.5)
    assert at_rate(0, 2, 2, 16) == (0.25, 0.75, 1.25, 1.75)
    assert len(at_rate(0, 0.3, 10, 16)) == 3  # 0.3 * 10 is a little under 3


def test_a_rate_has_a_cap_under_which_the_whole_clip_is_seen() -> None:
    assert at_rate(0, 60, 1, 4) == uniform(0, 60, 4)


def test_a_clip_shorter_than_a_part_is_looked_at_once() -> None:
    assert at_rate(4, 5, 0.5, 16) == (4.5,)


def test_neighbouring_windows_look_at_the_same_frames_where_they_overlap() -> None:
    first, second = at_rate(0, 60, 2, 512), at_rate(50, 110, 2, 512)
    assert set(first[-20:]) == set(second[:20])


def test_times_within_spans_are_even_over_their_union() -> None:
    spans = [Span(start=4, end=6), Span(start=5, end=8), Span(start=12, end=16)]
    assert within(spans, 4, start=0, end=20, pad=0) == (5, 7, 13, 15)
    assert within(spans, 1, start=0, end=20, pad=0) == (12,)


def test_spans_are_padded_and_cut_to_the_clip() -> None:
    assert within([Span(start=4, end=6)], 2, start=0, end=20, pad=1) == (4, 6)
    assert within([Span(start=0.5, end=3)], 2, start=0, end=20, pad=1) == (1, 3)
    assert within([Span(start=18, end=40)], 1, start=0, end=20, pad=1) == (18.5,)


def test_spans_outside_the_clip_give_no_times() -> None:
    assert within([Span(start=30, end=40)], 8, start=0, end=20, pad=1) == ()
    assert within([], 8, start=0, end=20, pad=1) == ()


SPANS = st.lists(EDGES.map(lambda pair: Span(start=pair[0], end=pair[1])), max_size=5)


@given(SPANS, st.integers(1, 64), EDGES, st.floats(0, 10))
def test_times_within_spans_ascend_in_the_clip(
    spans: list[Span], count: int, clip: tuple[float, float], pad: float
) -> None:
    start, end = clip
    times = within(spans, count, start=start, end=end, pad=pad)
    assert len(times) in (0, count)
    assert all(start <= time <= end for time in times)
    assert all(before <= after for before, after in pairwise(times))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9, unique=True).map(sorted))
def test_frames_that_keep_within_half_an_interval_keep_their_order_and_the_clip(times: list[float]) -> None:
    half = interval(times, 0, 100) / 2
    assert times[0] - half >= -1e-9
    assert times[-1] + half <= 100 + 1e-9
    assert all(before + half <= after - half + 1e-9 for before, after in pairwise(times))
