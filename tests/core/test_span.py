import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rocot.core.span import Span, clipped, measure, overlap, union

# Whole tenths of a second keep the brute force exact.
TENTHS = st.integers(0, 119)
SPANS = st.lists(
    st.tuples(TENTHS, TENTHS).map(lambda pair: Span(start=min(pair) / 10, end=(max(pair) + 1) / 10)), max_size=6
)


def cells(spans: list[Span] | tuple[Span, ...]) -> set[int]:
    """The tenths of a second that the spans cover: the brute force."""
    return {tenth for span in spans for tenth in range(round(span.start * 10), round(span.end * 10))}


@pytest.mark.parametrize(
    ("start", "end"), [(1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (0.0, float("nan")), (0.0, float("inf"))]
)
def test_a_span_is_finite_ordered_and_not_negative(start: float, end: float) -> None:
    with pytest.raises(ValidationError):
        Span(start=start, end=end)


@given(SPANS)
def test_a_union_covers_the_same_time_with_sorted_spans_that_do_not_touch(spans: list[Span]) -> None:
    joined = union(spans)
    assert cells(joined) == cells(spans)
    assert all(before.end < after.start for before, after in itertools.pairwise(joined))


@given(SPANS, SPANS)
def test_overlap_and_measure_agree_with_counting(first: list[Span], second: list[Span]) -> None:
    assert measure(first) == pytest.approx(len(cells(first)) / 10)
    assert overlap(first, second) == pytest.approx(len(cells(first) & cells(second)) / 10)
    assert overlap(first, second) == pytest.approx(overlap(second, first))


@given(SPANS, TENTHS, TENTHS)
def test_clipping_keeps_exactly_what_lies_in_the_window(spans: list[Span], start: int, end: int) -> None:
    window = set(range(start, end))
    assert cells(clipped(spans, start / 10, end / 10)) == cells(spans) & window
