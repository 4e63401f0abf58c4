"""VAU-Eval: how a judge rates what was said of each case, 0 to 10 on five axes (VAU-R1, arXiv 2505.23504).

The mean over all cases that have a reference, with 0 for a case of which nothing was said. Cases whose rating failed
are left out, and counted: they are no fault of what was said.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from rocot.core.rating import AXES, Rating, Told
from rocot.core.record import Record
from rocot.evaluate.answered import Answered
from rocot.measures.resample import Estimate, Measure, Numbers, by_video, estimates, ratio

SILENT = Rating(**dict.fromkeys(AXES, 0))
"""Of a case of which nothing was said."""


class VauEval(Record):
    """What the judge made of it; 0 to 10."""

    judge: str
    """Who rated, as recipes name models."""
    cases: int
    """With a reference, rated or silent; of several predictions of a case each counts."""
    silent: int
    """Among these, those of which nothing was said: 0 on every axis."""
    failed: dict[str, int]
    """Texts without a rating, by reason: left out."""
    classification: Estimate
    key_object_and_action: Estimate
    fluency: Estimate
    informativeness: Estimate
    factual_consistency: Estimate
    mean: Estimate
    """Of the five axes."""


def texts(pairs: Sequence[Answered]) -> dict[str, Told]:
    """What there is to rate, by the name of each text."""
    found: dict[str, Told] = {}
    for name, pair in _referred(pairs):
        said = None if pair.said is None else pair.said.said
        if said:
            label = "" if pair.final is None or pair.final.label is None else f"Class: {pair.final.label}\n"
            found[name] = Told(id=name, answer=f"{label}{said}", reference=pair.case.reference)
    return found


def vau_eval(
    pairs: Sequence[Answered], judge: str, ratings: Mapping[str, Rating], failed: Counter[str]
) -> VauEval | None:
    """The means of ratings, by the name of each text; None where no case has a reference."""
    lines: list[tuple[str, Sequence[float]]] = []
    silent, rateable = 0, texts(pairs)
    for name, pair in _referred(pairs):
        if name in rateable and name not in ratings:
            continue
        rating = ratings.get(name, SILENT)
        silent += name not in rateable
        lines.append((pair.case.video, (1.0, *(float(getattr(rating, axis)) for axis in AXES))))
    if not lines and not failed:
        return None
    found = estimates(by_video(lines, 1 + len(AXES)), _MEASURES)
    return VauEval(judge=judge, cases=len(lines), silent=silent, failed=dict(failed), **found)


def _referred(pairs: Sequence[Answered]) -> list[tuple[str, Answered]]:
    """Those with a reference, named by their case and their place among its predictions."""
    seen: Counter[str] = Counter()
    found = []
    for pair in pairs:
        if pair.case.reference:
            found.append((f"{pair.case.id}#{seen[pair.case.id]}", pair))
            seen[pair.case.id] += 1
    return found


def _column(index: int) -> Measure:
    def mean(sums: Numbers) -> Numbers:
        return ratio(sums[:, index], sums[:, 0])

    return mean


def _all_axes(sums: Numbers) -> Numbers:
    return ratio(sums[:, 1:].sum(axis=1) / len(AXES), sums[:, 0])


_MEASURES: dict[str, Measure] = {
    **{axis: _column(index) for index, axis in enumerate(AXES, start=1)},
    "mean": _all_axes,
}
