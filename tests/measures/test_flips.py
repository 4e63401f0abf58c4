"""The rates of reflection against a recomputation that knows no matrix."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.row import Row
from rocot.core.score import right, tiou
from rocot.core.truth import NORMAL, Truth
from rocot.measures.flips import Flips, Grounding, flips, grounding, sums_of
from rocot.measures.resample import Numbers, estimates, ratio
from tests.builders import EDITION, answer, fight, reflection, spans

SPANS = st.sampled_from([(), ((4.0, 8.0),), ((4.0, 7.0),), ((9.0, 12.0),), ((4.0, 5.0), (6.0, 8.0))])
TRUTHS = st.sampled_from(
    [
        Truth(labels=("Fighting",), spans=spans([(4, 8)])),
        Truth(labels=(NORMAL,), spans=()),
        Truth(labels=("Fighting",)),
        Truth(),
    ]
)
ROWS = st.lists(st.tuples(st.integers(0, 3), SPANS, SPANS, TRUTHS), min_size=1, max_size=12)
Drawn = list[tuple[int, tuple[tuple[float, float], ...], tuple[tuple[float, float], ...], Truth]]


def rows_of(drawn: Drawn) -> list[Row]:
    return [
        Row.of(
            fight(f"v{video}")
            .but(initial=answer(first), revised=answer(last), truth=truth, reflection=reflection("revise"))
            .judged(),
            EDITION,
        )
        for video, first, last, truth in drawn
    ]


def by_video(rows: Sequence[Row]) -> Numbers:
    videos: dict[str, list[list[float]]] = {}
    for row in rows:
        videos.setdefault(row.video, []).append(sums_of(row))
    return np.array([np.sum(sums, axis=0) for sums in videos.values()])


def measured(drawn: Drawn) -> tuple[list[Row], Flips, Grounding]:
    rows = rows_of(drawn)
    sums = by_video(rows)
    return rows, flips(sums), grounding(sums)


def share(parts: Sequence[bool]) -> float | None:
    return float(Fraction(sum(parts), len(parts))) if parts else None


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_rates_are_those_of_a_count_by_hand(drawn: Drawn) -> None:
    rows, made, _ = measured(drawn)
    graded = [
        (bool(right(row.initial, row.truth, 0.5)), bool(right(row.revised, row.truth, 0.5)))
        for row in rows
        if row.truth.labels is not None
    ]
    assert (made.rows, made.graded, made.videos) == (len(rows), len(graded), len({row.video for row in rows}))
    assert made.acc_first.value == share([first for first, _ in graded])
    assert made.acc_last.value == share([last for _, last in graded])
    assert made.to_right.value == share([not first and last for first, last in graded])
    assert made.to_wrong.value == share([first and not last for first, last in graded])
    assert made.rectification.value == share([last for first, last in graded if not first])
    assert made.corruption.value == share([not last for first, last in graded if first])
    told = [
        (row.initial.normal == row.truth.normal, row.revised.normal == row.truth.normal)
        for row in rows
        if row.truth.labels is not None
    ]
    assert made.abnormal_first.value == share([first for first, _ in told])
    assert made.abnormal_last.value == share([last for _, last in told])
    assert made.change.value == share([row.initial.spans != row.revised.spans for row in rows])


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_delta_is_the_corrected_less_the_corrupted_exactly(drawn: Drawn) -> None:
    _, made, _ = measured(drawn)
    if made.to_right.value is None or made.to_wrong.value is None:
        assert made.delta.value is None
        return
    assert made.delta.value == made.to_right.value - made.to_wrong.value
    assert made.acc_first.value is not None
    assert made.acc_last.value is not None
    assert made.delta.value == pytest.approx(made.acc_last.value - made.acc_first.value, abs=1e-12)
    assert Fraction(made.corrected - made.corrupted, made.graded) == Fraction(
        made.confirmed + made.corrected, made.graded
    ) - Fraction(made.confirmed + made.corrupted, made.graded)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_grounding_is_the_mean_over_anomalous_rows_with_spans(drawn: Drawn) -> None:
    rows, _, made = measured(drawn)
    pairs = [
        (tiou(row.initial.spans or (), row.truth.spans), tiou(row.revised.spans or (), row.truth.spans))
        for row in rows
        if row.truth.spans
    ]
    assert made.rows == len(pairs)
    if not pairs:
        assert made.first.value is made.last.value is made.improved.value is None
        return
    assert made.first.value == pytest.approx(sum(first for first, _ in pairs) / len(pairs))
    assert made.last.value == pytest.approx(sum(last for _, last in pairs) / len(pairs))
    assert made.improved.value == share([last - first >= EDITION.improved_floor for first, last in pairs])
    assert made.worsened.value == share([first - last >= EDITION.improved_floor for first, last in pairs])


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_an_interval_holds_its_value_where_there_is_one(drawn: Drawn) -> None:
    _, made, _ = measured(drawn)
    for one in (made.acc_first, made.acc_last, made.to_right, made.to_wrong, made.change):
        if made.videos < 2:
            assert one.low is one.high is None
        elif one.value is not None and one.low is not None and one.high is not None:
            assert 0 <= one.low <= one.high <= 1


def accuracy(right_rows: int, rows_a_video: int, videos: int) -> Numbers:
    """Videos whose rows are all right, or all wrong."""
    lines = [[rows_a_video, 0.0]] * right_rows + [[0.0, rows_a_video]] * (videos - right_rows)
    return np.array(lines, dtype=float)


def test_an_interval_has_the_width_that_theory_gives() -> None:
    share_right = {"share": lambda sums: ratio(sums[:, 0], sums.sum(axis=1))}
    made = estimates(accuracy(90, 1, 100), share_right)["share"]
    assert made.value == 0.9
    assert made.low is not None
    assert made.high is not None
    wanted = 2 * 1.96 * (0.9 * 0.1 / 100) ** 0.5
    assert made.high - made.low == pytest.approx(wanted, rel=0.1)


def test_ten_rows_of_one_video_count_as_one_draw() -> None:
    share_right = {"share": lambda sums: ratio(sums[:, 0], sums.sum(axis=1))}
    assert estimates(accuracy(90, 10, 100), share_right) == estimates(accuracy(90, 1, 100), share_right)


def test_equal_rows_give_equal_intervals() -> None:
    share_right = {"share": lambda sums: ratio(sums[:, 0], sums.sum(axis=1))}
    assert estimates(accuracy(30, 2, 70), share_right) == estimates(accuracy(30, 2, 70), share_right)
