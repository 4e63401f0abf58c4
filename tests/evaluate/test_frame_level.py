"""Frame level against pairs of frames, thresholds one by one, and scikit-learn's own weights."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from rocot.cli.measured import print_result
from rocot.evaluate.answered import match
from rocot.evaluate.frame_level import _runs, frame_level, marked, spread, weighted
from rocot.evaluate.result import evaluate
from tests.evaluate.toys import bench, case, perfect, predicted, said

MEASURES: tuple[Literal["roc_auc", "average_precision"], ...] = ("roc_auc", "average_precision")
VIDEOS = st.lists(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1, max_size=12),
    min_size=1,
    max_size=5,
)
Drawn = list[list[tuple[bool, float]]]


def by_pairs(frames: list[tuple[bool, float]]) -> float:
    """The share of pairs that are in order."""
    hits = [score for anomalous, score in frames if anomalous]
    others = [score for anomalous, score in frames if not anomalous]
    won = sum((hit > other) + (hit == other) / 2 for hit in hits for other in others)
    return won / (len(hits) * len(others))


def by_thresholds(frames: list[tuple[bool, float]]) -> float:
    """Precision at each threshold, for as much recall as it adds."""
    total, before, area = sum(anomalous for anomalous, _ in frames), 0.0, 0.0
    for threshold in sorted({score for _, score in frames}, reverse=True):
        shown = [anomalous for anomalous, score in frames if score >= threshold]
        recall = sum(shown) / total
        area += (recall - before) * sum(shown) / len(shown)
        before = recall
    return area


def runs_of(marks: list[bool]) -> list[tuple[float, float]]:
    """Intervals of frames at one a second."""
    edges = [
        index
        for index in range(len(marks) + 1)
        if (index < len(marks) and marks[index]) != (index > 0 and marks[index - 1])
    ]
    return [(float(start), float(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


@settings(max_examples=30, deadline=None)
@given(VIDEOS)
def test_it_is_what_pairs_and_thresholds_give(drawn: Drawn) -> None:
    cases = [
        case(f"v{at}", runs_of([anomalous for anomalous, _ in video]), frames=len(video), fps=1.0)
        for at, video in enumerate(drawn)
    ]
    benchmark = bench(cases)
    said_of = [predicted(f"v{at}", None, scores=tuple(score for _, score in video)) for at, video in enumerate(drawn)]
    frames = [frame for video in drawn for frame in video]
    for measure, plainly in zip(MEASURES, (by_pairs, by_thresholds), strict=True):
        found = frame_level(match(benchmark, said_of).pairs, benchmark, measure)
        assert (found.frames, found.anomalous) == (len(frames), sum(anomalous for anomalous, _ in frames))
        if len({anomalous for anomalous, _ in frames}) == 1:
            assert found.value.value is None
        else:
            assert found.value.value == pytest.approx(plainly(frames))


@settings(max_examples=30, deadline=None)
@given(VIDEOS, st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_a_draw_weighs_videos_as_scikit_learn_weighs_frames(drawn: Drawn, times: list[int]) -> None:
    true = [np.array([anomalous for anomalous, _ in video]) for video in drawn]
    scores = [np.array([score for _, score in video]) for video in drawn]
    weights = np.array(times[: len(drawn)], dtype=float)
    frames = np.repeat(weights, [len(video) for video in drawn])
    marks = np.concatenate(true)
    for measure, theirs in zip(MEASURES, (roc_auc_score, average_precision_score), strict=True):
        found = weighted(measure, _runs(true, scores), weights)
        if not frames[marks].sum() or not frames[~marks].sum():
            assert found is None
        else:
            drawn_frames = frames > 0
            expected = theirs(
                marks[drawn_frames], np.concatenate(scores)[drawn_frames], sample_weight=frames[drawn_frames]
            )
            assert found == pytest.approx(expected)


def test_perfect_spans_are_one_and_nothing_is_chance() -> None:
    cases = [case("a", [(1, 2), (4, 6)], frames=300, fps=30.0), case("b", [], frames=90, fps=30.0), case("c", None)]
    benchmark = bench(cases)
    for measure, chance in (("roc_auc", 0.5), ("average_precision", 90 / 390)):
        whole = frame_level(match(benchmark, perfect(benchmark)).pairs, benchmark, measure)  # type: ignore[arg-type]
        assert (whole.value.value, whole.from_spans, whole.left_out, whole.anomalous) == (1, 2, 1, 90)
        empty = frame_level(match(benchmark, []).pairs, benchmark, measure)  # type: ignore[arg-type]
        assert empty.value.value == pytest.approx(chance)
        assert empty.missing == 2
        assert empty.chance == pytest.approx(chance)


def test_annotated_frame_numbers_come_back_from_seconds() -> None:
    for start, end, fps in ((165, 240, 30.0), (7, 8, 24.0), (1, 1079, 24.0), (1, 3000, 29.97)):
        marks = marked(case("a", [(start / fps, end / fps)], frames=2000, fps=fps))
        assert marks is not None
        assert np.flatnonzero(marks).tolist() == list(range(start, min(end, 2000)))


def test_scores_cover_the_frames_evenly() -> None:
    assert spread([1, 2], 5).tolist() == [1, 1, 1, 2, 2]
    assert spread([1, 2, 3, 4], 2).tolist() == [1, 3]
    assert np.array_equal(spread(range(7), 7 * 16), np.repeat(np.arange(7), 16))


def test_an_answer_without_scores_is_told_apart() -> None:
    cases = [case(name, [(0, 1)], frames=60, fps=30.0) for name in "abcd"]
    predictions = [
        predicted("a", said("Fighting", [(0, 1)]), scores=(1.0, 0.0)),
        predicted("b", said("Fighting", [(0, 1)])),
        predicted("c", said("Fighting")),
    ]
    found = frame_level(match(bench(cases), predictions).pairs, bench(cases), "roc_auc")
    assert (found.from_scores, found.from_spans, found.from_labels, found.missing) == (1, 1, 1, 1)
    assert found.value.value == pytest.approx(0.75)
    assert found.value.low is not None


def test_videos_that_nobody_scored_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark = bench(
        [case("a", [(0, 1)], frames=60, fps=30.0), case("b", [], frames=60, fps=30.0)], frame_measure="roc_auc"
    )
    print_result(evaluate(benchmark, [predicted("a", None, scores=(1.0, 0.5))]))
    assert "frames: 1 videos have neither scores nor an answer, and score 0 throughout" in capsys.readouterr().out


def test_rollouts_of_a_video_are_drawn_together() -> None:
    cases = [case(name, [(0, at)], frames=60, fps=30.0) for name, at in (("a", 1), ("b", 1.5), ("c", 0.5))]
    once = [predicted(one.id, said("Fighting", [(0, 0.8)])) for one in cases]
    twice = [*once, *(predicted(f"{one.id}.mp4", one.final) for one in once)]
    single, double = (frame_level(match(bench(cases), given).pairs, bench(cases), "roc_auc") for given in (once, twice))
    assert (double.videos, double.frames) == (3, 2 * single.frames)
    assert double.value == single.value  # the same thing said again is no more evidence
    alone = frame_level(match(bench(cases[:1]), [twice[0], twice[3]]).pairs, bench(cases[:1]), "roc_auc")
    assert (alone.value.value is None, alone.value.low) == (False, None)
