"""Rates of samples, each with its bootstrap interval.

Clips and rollouts of one source video are no independent draws, so whole videos are drawn again (a cluster bootstrap),
not rows. Percentile intervals: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rocot.core.record import Record

DRAWS = 2000
"""Bootstrap samples; the ends of an interval then move by some hundredths of its width with the seed."""
SEED = 20260201
"""Of the draws: the same rows give the same intervals."""
LEVEL = 0.95
CHUNK = 4_000_000
"""Numbers that are drawn at once, 32 MB."""

Numbers: TypeAlias = NDArray[np.float64]
Measure: TypeAlias = Callable[[Numbers], Numbers]
"""From sums, one a column, to a rate for each line; NaN where there is nothing to take it of."""


class Estimate(Record):
    """A rate or a mean, and where it could lie as well."""

    value: float | None
    """None where there is nothing to take it of."""
    low: float | None
    """The lower end of the 95 % interval; None where fewer than two videos stand behind the value."""
    high: float | None
    """The upper end."""


def ratio(parts: Numbers, wholes: Numbers) -> Numbers:
    """Parts over wholes, NaN where the whole is nothing."""
    found: Numbers = np.full(np.shape(wholes), np.nan)
    np.divide(parts, wholes, out=found, where=wholes > 0)
    return found


def estimates(videos: Numbers, measures: Mapping[str, Measure]) -> dict[str, Estimate]:
    """Every measure with its interval.

    `videos` has a line for each source video: the sums over its rows. Videos with equal sums are interchangeable, so
    how often each kind is drawn is multinomial: that is the same distribution, and quicker by far. A draw in which a
    rate has no whole is left out of its interval.
    """
    total = videos.sum(axis=0, keepdims=True)
    drawn = _draws(videos) if len(videos) > 1 else None
    return {name: _estimate(measure, total, drawn) for name, measure in measures.items()}


def _draws(videos: Numbers) -> Numbers:
    kinds, counts = np.unique(videos, axis=0, return_counts=True)
    random = np.random.default_rng(SEED)
    at_once = max(1, CHUNK // len(kinds))
    sizes = [min(at_once, DRAWS - done) for done in range(0, DRAWS, at_once)]
    parts = [random.multinomial(len(videos), counts / len(videos), size=size) @ kinds for size in sizes]
    return np.concatenate(parts)


def _estimate(measure: Measure, total: Numbers, drawn: Numbers | None) -> Estimate:
    value = _number(measure(total)[0])
    again = np.empty(0) if drawn is None or value is None else measure(drawn)
    again = again[~np.isnan(again)]
    if not len(again):
        return Estimate(value=value, low=None, high=None)
    low, high = np.quantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value=value, low=_number(low), high=_number(high))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def by_video(lines: Iterable[tuple[str, Sequence[float]]], width: int) -> Numbers:
    """A line of sums for each source video, of lines that each name theirs and have `width` numbers."""
    found: dict[str, list[float]] = {}
    for video, line in lines:
        before = found.get(video)
        found[video] = list(line) if before is None else [a + b for a, b in zip(before, line, strict=True)]
    return np.array(list(found.values()), dtype=np.float64).reshape(len(found), width)
