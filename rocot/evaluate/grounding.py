"""When it happened: temporal grounding over interval sets, and by VAU-R1's published protocol.

Over the n anomalous cases whose truth has spans, with tIoU of interval sets (`core.score.tiou`) and 0 for a case that
has no prediction, or one without spans:

    mIoU = sum(tIoU) / n        R@t = |{tIoU >= t}| / n, t = 0.3, 0.5, 0.7

as in temporal grounding of sentences (Gao et al., TALL, ICCV 2017, arXiv 1705.02101), for sets of intervals.

VAU-R1's scorer (arXiv 2505.23504, github.com/GVCLab/VAU-R1) differs, and its numbers can only be compared with numbers
of the same protocol: cases without a predicted span are left out of n, and there is one true interval a video, so that
videos with two stand in no number. Of several predicted spans the first counts: our choice, since its students name
one. A prediction of normal footage counts with IoU 0: our choice as well.
"""

from collections.abc import Sequence

from rocot.core.record import Record
from rocot.core.score import tiou
from rocot.core.span import Span
from rocot.evaluate.answered import Answered, spans
from rocot.measures.resample import Estimate, Measure, Numbers, by_video, estimates, ratio

FLOORS = (0.3, 0.5, 0.7)


class Grounding(Record):
    """How well anomalies were placed; 0 to 1."""

    cases: int
    """Anomalous cases with spans that count."""
    videos: int
    """Source videos behind them."""
    unanswered: int
    """Cases among these without a predicted span; in VAU-R1's protocol those that were left out."""
    miou: Estimate
    """Mean temporal IoU."""
    r30: Estimate
    """Share of cases with temporal IoU of 0.3 or more."""
    r50: Estimate
    """Of 0.5 or more."""
    r70: Estimate
    """Of 0.7 or more."""


def grounding(pairs: Sequence[Answered]) -> Grounding:
    """Over interval sets; what is missing counts as 0."""
    lines: list[tuple[str, float]] = []
    unanswered = 0
    for pair in pairs:
        if not pair.case.located:
            continue
        said = None if pair.final is None else spans(pair.final)
        unanswered += said is None
        lines.append((pair.case.video, 0.0 if said is None else tiou(said, pair.case.truth.spans or ())))
    return _measured(lines, unanswered)


def vau_r1_grounding(pairs: Sequence[Answered]) -> Grounding:
    """By VAU-R1's protocol: one interval each, normals and missing predictions left out."""
    lines: list[tuple[str, float]] = []
    unanswered = 0
    for pair in pairs:
        true = pair.case.truth.spans or ()
        if len(true) != 1:
            continue
        said = None if pair.final is None else spans(pair.final)
        if said is None:
            unanswered += 1
        else:
            lines.append((pair.case.video, interval_iou(said[0], true[0]) if said else 0.0))
    return _measured(lines, unanswered)


def interval_iou(first: Span, second: Span) -> float:
    """Intersection over union of two intervals, 0 to 1."""
    both = max(0.0, min(first.end, second.end) - max(first.start, second.start))
    return both / (first.length + second.length - both)


def _measured(lines: Sequence[tuple[str, float]], unanswered: int) -> Grounding:
    sums = [(video, (1.0, value, *(float(value >= floor) for floor in FLOORS))) for video, value in lines]
    videos = by_video(sums, 2 + len(FLOORS))
    found = estimates(videos, _MEASURES)
    return Grounding(cases=len(lines), videos=len(videos), unanswered=unanswered, **found)


def _share(column: int) -> Measure:
    def share(sums: Numbers) -> Numbers:
        return ratio(sums[:, column], sums[:, 0])

    return share


_MEASURES = {"miou": _share(1), "r30": _share(2), "r50": _share(3), "r70": _share(4)}
