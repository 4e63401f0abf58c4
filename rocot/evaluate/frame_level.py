"""Frame level: every frame of all test videos in one list, scored against whether it lies in an anomaly.

UCF-Crime, ShanghaiTech and MSAD are measured by the micro ROC-AUC (Sultani et al., arXiv 1801.04264), XD-Violence by
the average precision (Wu et al., arXiv 2007.04687); both by scikit-learn:

    ROC-AUC = P(score of an anomalous frame > score of a normal one) + P(equal) / 2
    AP      = sum over falling thresholds of (recall_k - recall_(k-1)) * precision_k

Of a video of N frames at f a second, frames round(start * f) to round(end * f) - 1 are anomalous, cut at N: that gives
back the frame numbers that the annotations have. K scores cover the frames evenly: frame i takes score floor(i K / N).
An answer without scores scores 1 within its spans and 0 elsewhere, one with a label alone 1 or 0 throughout, a missing
one 0. Such answers have two scores only, so that their curve has one corner; a published AUC is of graded scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from rocot.core.record import Record
from rocot.evaluate.answered import Answered, answer, spans
from rocot.evaluate.case import Benchmark, Case, Frames
from rocot.measures.resample import DRAWS, LEVEL, SEED, Estimate, Numbers

MOST_WORK = 400_000_000
"""Steps, of runs of equal frames, that the intervals may take: some 20 s. Beyond, fewer draws are made."""
LEAST_DRAWS = 200

Marks = NDArray[np.bool_]


class FrameLevel(Record):
    """The measure that the benchmark is known by, over all its test frames."""

    measure: Frames
    value: Estimate
    """0 to 1; None where all frames are of one kind."""
    chance: float | None
    """What scores that know nothing get: 0.5 of ROC-AUC, of average precision the share of anomalous frames."""
    videos: int
    """Source videos behind them; intervals are drawn over these."""
    frames: int
    anomalous: int
    """Frames."""
    from_scores: int
    """Videos whose prediction has scores."""
    from_spans: int
    """Videos scored by the predicted spans."""
    from_labels: int
    """Videos scored by a label alone."""
    missing: int
    """Videos without any of these: all their frames score 0."""
    left_out: int
    """Videos whose frames, rate or spans are not known."""
    draws: int
    """Bootstrap samples behind the interval."""


def frame_level(pairs: Sequence[Answered], benchmark: Benchmark, measure: Frames) -> FrameLevel:
    """Over all videos whose frames are known; each of several predictions of one video counts."""
    tally = {"scores": 0, "spans": 0, "labels": 0, "missing": 0}
    true: list[Marks] = []
    said: list[Numbers] = []
    places: dict[str, int] = {}
    of: list[int] = []
    left_out = 0
    for pair in pairs:
        marks = marked(pair.case)
        if marks is None:
            left_out += 1
            continue
        kind, scores = _scored(pair, len(marks), benchmark)
        tally[kind] += 1
        true.append(marks)
        said.append(scores)
        of.append(places.setdefault(pair.case.video, len(places)))
    value, draws = _estimate(measure, true, said, np.array(of, dtype=np.int64))
    frames, anomalous = sum(map(len, true)), int(sum(marks.sum() for marks in true))
    share = anomalous / frames if frames else None
    return FrameLevel(
        measure=measure,
        value=value,
        chance=0.5 if measure == "roc_auc" else share,
        videos=len(places),
        frames=frames,
        anomalous=anomalous,
        from_scores=tally["scores"],
        from_spans=tally["spans"],
        from_labels=tally["labels"],
        missing=tally["missing"],
        left_out=left_out,
        draws=draws,
    )


def marked(case: Case) -> Marks | None:
    """Which frames lie in an anomaly; None where frames, rate or spans are not known."""
    if case.frames is None or case.fps is None or case.truth.spans is None:
        return None
    return _within([(span.start, span.end) for span in case.truth.spans], case.frames, case.fps)


def spread(scores: Sequence[float], frames: int) -> Numbers:
    """K scores over N frames: frame i takes score floor(i K / N)."""
    given = np.asarray(scores, dtype=np.float64)
    return given[np.arange(frames) * len(given) // frames]


def _within(pieces: Sequence[tuple[float, float]], frames: int, fps: float) -> Marks:
    marks = np.zeros(frames, dtype=np.bool_)
    for start, end in pieces:
        marks[min(round(start * fps), frames) : min(round(end * fps), frames)] = True
    return marks


def _scored(pair: Answered, frames: int, benchmark: Benchmark) -> tuple[str, Numbers]:
    if pair.said is not None and pair.said.scores is not None:
        return "scores", spread(pair.said.scores, frames)
    found = None if pair.final is None else spans(pair.final)
    if found is not None:
        pieces = [(span.start, span.end) for span in found]
        return "spans", _within(pieces, frames, pair.case.fps or 1.0).astype(np.float64)
    if pair.final is not None and pair.final.label is not None:
        named = answer(pair.final, benchmark)
        return "labels", np.full(frames, float(not named.normal and not named.abstained))
    return "missing", np.zeros(frames)


@dataclass(frozen=True)
class _Runs:
    """Frames of one prediction and one score together, sorted by falling score: what a weighted curve needs."""

    video: NDArray[np.int64]
    anomalous: Numbers
    normal: Numbers
    ends: NDArray[np.int64]
    """Where the last run of each distinct score stands."""


def _estimate(
    measure: Frames, true: Sequence[Marks], said: Sequence[Numbers], of: NDArray[np.int64]
) -> tuple[Estimate, int]:
    """`of` is the place of the source video of each prediction: videos are drawn, with all that was said of them."""
    if not true:
        return Estimate(value=None, low=None, high=None), 0
    marks, scores = np.concatenate(true), np.concatenate(said)
    if marks.all() or not marks.any():
        return Estimate(value=None, low=None, high=None), 0
    one = roc_auc_score if measure == "roc_auc" else average_precision_score
    value = float(one(marks, scores))
    runs = _runs(true, said)
    videos = int(of.max()) + 1
    draws = min(DRAWS, max(LEAST_DRAWS, MOST_WORK // len(runs.video))) if videos > 1 else 0
    random = np.random.default_rng(SEED)
    again = []
    for _ in range(draws):
        weights = np.bincount(random.integers(videos, size=videos), minlength=videos).astype(np.float64)
        drawn = weighted(measure, runs, weights[of])
        if drawn is not None:
            again.append(drawn)
    if not again:
        return Estimate(value=value, low=None, high=None), 0
    low, high = np.quantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value=value, low=float(low), high=float(high)), draws


def _runs(true: Sequence[Marks], said: Sequence[Numbers]) -> _Runs:
    videos, values, anomalous, normal = [], [], [], []
    for index, (marks, scores) in enumerate(zip(true, said, strict=True)):
        distinct, at = np.unique(scores, return_inverse=True)
        hits = np.bincount(at, weights=marks, minlength=len(distinct)).astype(np.float64)
        videos.append(np.full(len(distinct), index))
        values.append(distinct)
        anomalous.append(hits)
        normal.append(np.bincount(at, minlength=len(distinct)) - hits)
    score = np.concatenate(values)
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    return _Runs(np.concatenate(videos)[order], np.concatenate(anomalous)[order], np.concatenate(normal)[order], ends)


def weighted(measure: Frames, runs: _Runs, weights: Numbers) -> float | None:
    """The measure with each prediction counted so many times; None where all frames are of one kind."""
    weight = weights[runs.video]
    hits = np.cumsum(runs.anomalous * weight)[runs.ends]
    misses = np.cumsum(runs.normal * weight)[runs.ends]
    if not hits[-1] or not misses[-1]:
        return None
    if measure == "roc_auc":
        return float(np.trapezoid(np.append(0.0, hits), np.append(0.0, misses)) / (hits[-1] * misses[-1]))
    shown = hits + misses
    precision = np.divide(hits, shown, out=np.zeros_like(hits), where=shown > 0)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])
