"""From likelihoods to an answer: the label and spans that are most likely to be right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rocot.core.score import tiou
from rocot.core.span import Span, union
from rocot.core.truth import NORMAL
from rocot.teacher.embedded.weigh import FLOOR, Weighed

APART = 1.0
"""Seconds between two stretches that count as two."""
AGAIN = 0.45
"""How likely a second stretch must be, against the first, to be told as well."""
MOST_SPANS = 3


@dataclass(frozen=True)
class Conclusion:
    """A label and its spans, and how sure the look is of it."""

    label: str
    """As the ask spells it."""
    own: str
    """As the tables spell it; Normal for normal footage."""
    spans: tuple[Span, ...]
    sure: float
    """0 to 1: how likely it is right, as calibrated."""
    rows: tuple[int, ...]
    """Per span the strongest stretch behind it, as a row of `Weighed.stretches`."""


def conclude(weighed: Weighed, names: Mapping[str, str], *, but: Sequence[str] = ()) -> Conclusion:
    """The answer that is most likely to be right among the labels that `names` spells, those of `but` left out."""
    known = [k for k, own in enumerate(weighed.labels) if own in names and own not in but]
    hits = weighed.hits
    best, sure = (
        None,
        weighed.normal
        + sum(float(weighed.likely[:, k].sum()) for k in range(len(weighed.labels)) if weighed.labels[k] not in names),
    )
    for name in dict.fromkeys(names[weighed.labels[k]] for k in known):
        alike = [k for k in known if names[weighed.labels[k]] == name]
        chance = hits[:, alike].sum(axis=1)
        if len(chance) and chance.max() > sure:
            best, sure = alike, float(chance.max())
    if best is None:
        return Conclusion(NORMAL, NORMAL, (), sure, ())
    return _told(weighed, names, best, sure)


def _told(weighed: Weighed, names: Mapping[str, str], alike: list[int], sure: float) -> Conclusion:
    chance = weighed.hits[:, alike].sum(axis=1)
    free = np.ones(len(chance), np.bool_)
    spans: list[Span] = []
    while len(spans) < MOST_SPANS and free.any():
        pick = int(np.where(free, chance, -1).argmax())
        if spans and chance[pick] < AGAIN * sure:
            break
        start, end = float(weighed.start[pick]), float(weighed.end[pick])
        spans.append(rounded(start, end))
        free &= (weighed.start >= end + APART) | (weighed.end <= start - APART)
    told = union(spans)
    rows = tuple(behind(weighed, alike, span) for span in told)
    mass = weighed.likely[:, alike].sum(axis=0)
    own = weighed.labels[alike[int(mass.argmax())]]
    return Conclusion(names[own], own, told, sure, rows)


def rounded(start: float, end: float) -> Span:
    """A span in hundredths of a second."""
    low = round(start, 2)
    return Span(start=low, end=max(round(end, 2), round(low + 0.01, 2)))


def behind(weighed: Weighed, alike: Sequence[int], span: Span) -> int:
    """The stretch that speaks most for these labels at about this span; the nearest one where none is near."""
    start, end = weighed.start, weighed.end
    shared = np.minimum(end, span.end) - np.maximum(start, span.start)
    either = np.maximum(end, span.end) - np.minimum(start, span.start)
    fit = (shared / either)[weighed.span]
    floor = min(FLOOR, float(fit.max()))
    scores = np.where(fit >= floor, weighed.scores[:, list(alike)].max(axis=1) + 4 * fit, -np.inf)
    return int(scores.argmax())


def chance_of(weighed: Weighed, names: Mapping[str, str], label: str, spans: Sequence[Span]) -> float | None:
    """How likely an answer is right, whoever gave it; None for a label that the tables do not know."""
    if label == NORMAL:
        return weighed.normal
    alike = [k for k, own in enumerate(weighed.labels) if names.get(own) == label]
    if not alike:
        return None
    whole = [Span(start=float(a), end=float(b)) for a, b in zip(weighed.start, weighed.end, strict=True)]
    near = np.array([max((tiou([one], [span]) for span in spans), default=0.0) >= FLOOR for one in whole], np.bool_)
    return float(weighed.likely[near][:, alike].sum()) if near.size else 0.0
