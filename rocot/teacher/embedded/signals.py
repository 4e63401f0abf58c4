"""What the looks hand on: named measurements of regions over time, and hypotheses about stretches of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rocot.teacher.embedded.footage import Floats

LONGEST = 14.0
"""Seconds. Events of surveillance footage that a glance can bound are shorter; longer ones come as several."""
BESIDE = 3
"""Frames before and after a stretch that it is held against."""


@dataclass(frozen=True)
class Signals:
    """Measurements of some regions, each over all frames."""

    names: tuple[str, ...]
    values: Floats
    """regions x frames x names."""
    boxes: Floats
    """regions x frames x (top, left, bottom, right), fractions of the picture."""
    alive: npt.NDArray[np.bool_]
    """regions x frames: where something is being followed; elsewhere the box only waits."""
    times: npt.NDArray[np.float64]
    """Seconds of the source video, one a frame."""
    start: float
    """Of the window, seconds of the source video."""
    end: float
    """Seconds of the source video."""

    def of(self, name: str) -> Floats:
        """One measurement: regions x frames."""
        picked: Floats = self.values[:, :, self.names.index(name)]
        return picked


@dataclass(frozen=True)
class Stretches:
    """Hypotheses: region `region[k]` shows something from frame `first[k]` to frame `last[k]`, inclusive."""

    region: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]
    features: Floats
    """stretches x features."""


def edges(signals: Signals) -> npt.NDArray[np.float64]:
    """Where one frame's share of time ends and the next begins: frames + 1 instants, seconds."""
    between = (signals.times[1:] + signals.times[:-1]) / 2
    return np.concatenate([[signals.start], between, [signals.end]])


def feature_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The features of a stretch, in the order of the columns of `Stretches.features`."""
    views = ("during", "before", "after", "elsewhere", "onset", "offset", "squared")
    shape = ("log seconds", "log seconds squared", "at start of clip", "at end of clip", "followed", "one")
    return (*(f"{name} {view}" for view in views for name in names), *shape)


def stretches(signals: Signals, *, least_followed: float = 0.5) -> Stretches:
    """Every stretch of every region, up to LONGEST seconds, in which something is followed for the asked share."""
    count = signals.values.shape[1]
    cuts = edges(signals)
    first, last = np.triu_indices(count)
    fits = (cuts[last + 1] - cuts[first] <= LONGEST) | (first == last)
    first, last = first[fits], last[fits]
    alive = np.concatenate([np.zeros((len(signals.alive), 1)), np.cumsum(signals.alive, axis=1)], axis=1)
    share = (alive[:, last + 1] - alive[:, first]) / (last + 1 - first)
    region, picked = np.nonzero(share >= least_followed)
    first, last = first[picked], last[picked]
    features = _features(signals, region, first, last, share[region, picked])
    return Stretches(region, first, last, features)


def _features(
    signals: Signals,
    region: npt.NDArray[np.intp],
    first: npt.NDArray[np.intp],
    last: npt.NDArray[np.intp],
    followed: npt.NDArray[np.float64],
) -> Floats:
    values, cuts = signals.values, edges(signals)
    count = values.shape[1]
    sums = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1, dtype=np.float32)], axis=1)

    def mean(low: npt.NDArray[np.intp], high: npt.NDArray[np.intp]) -> Floats:
        """Over frames [low, high); 0 for none."""
        size = np.maximum(high - low, 1).astype(np.float32)
        result: Floats = (sums[region, high] - sums[region, low]) / size[:, None]
        return result

    during = mean(first, last + 1)
    before = mean(np.maximum(first - BESIDE, 0), first)
    after = mean(last + 1, np.minimum(last + 1 + BESIDE, count))
    before[first == 0] = during[first == 0]
    after[last == count - 1] = during[last == count - 1]
    outside = np.maximum(count - (last + 1 - first), 1).astype(np.float32)[:, None]
    elsewhere = (sums[region, -1] - during * (last + 1 - first).astype(np.float32)[:, None]) / outside
    onset = values[region, first] - values[region, np.maximum(first - 1, 0)]
    offset = values[region, last] - values[region, np.minimum(last + 1, count - 1)]
    log = np.log(np.maximum(cuts[last + 1] - cuts[first], 0.05))
    shape = np.stack([log, log**2, first == 0, last == count - 1, followed, np.ones_like(log)], axis=1)
    columns = (during, before, after, elsewhere, onset, offset, during**2, shape)
    return np.concatenate(columns, axis=1).astype(np.float32)
