"""What reflection does to answers: the flip matrix and its rates, and temporal IoU before and after.

Over all graded rows, with C confirmed, c corrected, x corrupted, u unresolved of them (n = C + c + x + u):

    Acc@t1 = (C + x) / n            Acc@t2 = (C + c) / n
    delta(i->c) = c / n             delta(c->i) = x / n          delta = delta(i->c) - delta(c->i) = Acc@t2 - Acc@t1
    rectification = c / (c + u)     corruption = x / (C + x)

Change rate: of all rows, graded or not, those whose answer differs in label or spans. Definitions as in the literature
on self-correction (SCoRe, arXiv 2409.12917; rectification and corruption as conditional shares of the same cells).
"""

from collections.abc import Mapping

import numpy as np

from rocot.core.record import Record
from rocot.core.reflection import Outcome, Scores
from rocot.core.row import Row
from rocot.measures.resample import Estimate, Measure, Numbers, estimates, ratio

SUMS = (
    "confirmed",
    "corrected",
    "corrupted",
    "unresolved",
    "ungraded",
    "changed",
    "first_abnormal",
    "last_abnormal",
    "told_apart",
    "localised",
    "first_tiou",
    "last_tiou",
    "improved",
    "worsened",
)
"""What is added up over the rows of a video."""
_AT = {name: index for index, name in enumerate(SUMS)}


class Flips(Record):
    """What reflection did to the answers of some rows."""

    rows: int
    videos: int
    """Source videos that the rows come from; intervals are drawn over these."""
    confirmed: int
    """Right, then right."""
    corrected: int
    """Wrong, then right."""
    corrupted: int
    """Right, then wrong."""
    unresolved: int
    """Wrong, then wrong."""
    ungraded: int
    """No truth to grade on; in no rate but the change rate."""
    changed: int
    """Rows whose revised answer differs from the first in label or spans."""
    acc_first: Estimate
    """Acc@t1: share of graded rows whose first answer is right."""
    acc_last: Estimate
    """Acc@t2: share whose revised answer is right."""
    delta: Estimate
    """delta(i->c) - delta(c->i)."""
    to_right: Estimate
    """delta(i->c): share of graded rows that reflection corrected."""
    to_wrong: Estimate
    """delta(c->i): share of graded rows that reflection corrupted."""
    rectification: Estimate
    """Of first answers that were wrong, the share that was corrected."""
    corruption: Estimate
    """Of first answers that were right, the share that was corrupted."""
    change: Estimate
    """Share of all rows whose answer changed."""
    abnormal_first: Estimate
    """Share of rows whose first answer tells normal from abnormal, whatever its label and spans: of those where that is
    known and asked, so of no question with options."""
    abnormal_last: Estimate
    """Share whose revised answer does."""

    @property
    def graded(self) -> int:
        """Rows with a truth."""
        return self.rows - self.ungraded


class Grounding(Record):
    """Temporal IoU of some rows, anomalous ones whose truth has spans: of normal footage it is 0 or 1 by convention."""

    rows: int
    first: Estimate
    """Mean temporal IoU of the first answers with the truth, 0 to 1."""
    last: Estimate
    """Mean of the revised answers."""
    change: Estimate
    """Their difference."""
    improved: Estimate
    """Share of rows whose temporal IoU rose by the least gain that the recipe counts, or more."""
    worsened: Estimate
    """Share of rows whose temporal IoU fell by as much, or more."""


def sums_of(row: Row) -> list[float]:
    """What a row adds, in the order of `SUMS`."""
    changed = not row.initial.same_as(row.revised)
    return added(row.outcome, row.scores, row.improved_floor, changed=changed, located=bool(row.truth.spans))


def added(outcome: Outcome, scores: Scores, improved_floor: float, *, changed: bool, located: bool) -> list[float]:
    """What two answers add, in the order of `SUMS`. `located`: there is an anomaly, and the truth has its spans."""
    sums = [0.0] * len(SUMS)
    sums[_AT[outcome]] = 1
    sums[_AT["changed"]] = changed
    sums[_AT["first_abnormal"]] = bool(scores.initial_abnormal_right)
    sums[_AT["last_abnormal"]] = bool(scores.revised_abnormal_right)
    sums[_AT["told_apart"]] = scores.initial_abnormal_right is not None
    first, last = scores.initial_tiou, scores.revised_tiou
    if located and first is not None and last is not None:
        for name, value in {
            "localised": 1,
            "first_tiou": first,
            "last_tiou": last,
            "improved": bool(scores.improved),
            "worsened": first - last >= improved_floor,
        }.items():
            sums[_AT[name]] = value
    return sums


def flips(videos: Numbers) -> Flips:
    """Of rows whose sums stand in `videos`, a line for each source video."""
    videos = videos[:, : _AT["localised"]]
    total = dict(zip(SUMS, videos.sum(axis=0).astype(int).tolist(), strict=False))
    cells = {name: total[name] for name in ("confirmed", "corrected", "corrupted", "unresolved", "ungraded")}
    made = estimates(videos, _RATES)
    return Flips(rows=sum(cells.values()), videos=len(videos), changed=total["changed"], **cells, **made)


def grounding(videos: Numbers) -> Grounding:
    """As `flips`, of their spans."""
    videos = videos[:, _AT["localised"] :]
    videos = videos[videos[:, 0] > 0]
    return Grounding(rows=int(videos[:, 0].sum()), **estimates(videos, _MEANS))


def _graded(sums: Numbers) -> Numbers:
    return np.asarray(sums[:, :4].sum(axis=1))


_RATES: Mapping[str, Measure] = {
    "acc_first": lambda sums: ratio(sums[:, 0] + sums[:, 2], _graded(sums)),
    "acc_last": lambda sums: ratio(sums[:, 0] + sums[:, 1], _graded(sums)),
    "delta": lambda sums: ratio(sums[:, 1], _graded(sums)) - ratio(sums[:, 2], _graded(sums)),
    "to_right": lambda sums: ratio(sums[:, 1], _graded(sums)),
    "to_wrong": lambda sums: ratio(sums[:, 2], _graded(sums)),
    "rectification": lambda sums: ratio(sums[:, 1], sums[:, 1] + sums[:, 3]),
    "corruption": lambda sums: ratio(sums[:, 2], sums[:, 0] + sums[:, 2]),
    "change": lambda sums: ratio(sums[:, 5], sums[:, :5].sum(axis=1)),
    "abnormal_first": lambda sums: ratio(sums[:, 6], sums[:, 8]),
    "abnormal_last": lambda sums: ratio(sums[:, 7], sums[:, 8]),
}
_MEANS: Mapping[str, Measure] = {
    "first": lambda sums: ratio(sums[:, 1], sums[:, 0]),
    "last": lambda sums: ratio(sums[:, 2], sums[:, 0]),
    "change": lambda sums: ratio(sums[:, 2], sums[:, 0]) - ratio(sums[:, 1], sums[:, 0]),
    "improved": lambda sums: ratio(sums[:, 3], sums[:, 0]),
    "worsened": lambda sums: ratio(sums[:, 4], sums[:, 0]),
}
