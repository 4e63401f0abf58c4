"""Hypotheses weighed: how likely each label and stretch is, and which answer is most likely to be right.

One linear score for each label and stretch, with weights from a table that was calibrated on rendered training scenes
(benchmarks/embedded_calibration.py makes it). All scores of a clip, and that of "nothing happened", share one softmax.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rocot.teacher.embedded.footage import Floats
from rocot.teacher.embedded.signals import Signals, Stretches, edges

FLOOR = 0.5
"""The temporal IoU at which two stretches count as the same."""


@dataclass(frozen=True)
class Table:
    """Weights by label and feature; a feature is first brought to mean 0 and spread 1."""

    name: str
    labels: tuple[str, ...]
    features: tuple[str, ...]
    mean: Floats
    spread: Floats
    weights: Floats
    """labels x features."""


@cache
def load_table(name: str) -> Table:
    """The table that ships under this name: a CSV with one line a feature."""
    path = Path(__file__).with_name(f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    numbers = np.array([[float(cell) for cell in line[1:]] for line in lines], np.float32)
    features = tuple(line[0] for line in lines)
    return Table(name, tuple(head[3:]), features, numbers[:, 0], numbers[:, 1], numbers[:, 2:].T)


@dataclass(frozen=True)
class Weighed:
    """The likelihood of every label and span, and of normality."""

    labels: tuple[str, ...]
    first: npt.NDArray[np.intp]
    """spans: number of the first frame."""
    last: npt.NDArray[np.intp]
    """spans: number of the last frame."""
    start: npt.NDArray[np.float64]
    """spans: seconds of the source video."""
    end: npt.NDArray[np.float64]
    """spans: seconds of the source video."""
    likely: npt.NDArray[np.float64]
    """spans x labels, regions taken together; with `normal` it sums to 1."""
    normal: float
    stretches: Stretches
    scores: Floats
    """stretches x labels."""

    @property
    def hits(self) -> npt.NDArray[np.float64]:
        """spans x labels: how likely an answer of this span and label is right, label and IoU >= FLOOR."""
        both = np.minimum(self.end[:, None], self.end) - np.maximum(self.start[:, None], self.start)
        either = np.maximum(self.end[:, None], self.end) - np.minimum(self.start[:, None], self.start)
        near = (both / either >= FLOOR).astype(np.float64)
        result: npt.NDArray[np.float64] = near @ self.likely
        return result


def weigh(signals: Signals, found: Stretches, table: Table) -> Weighed:
    """The likelihoods after the table; with nothing followed, all is normal."""
    cuts = edges(signals)
    count = signals.values.shape[1]
    scaled = np.clip((found.features - table.mean) / table.spread, -4, 4)
    scores = scaled @ table.weights.T
    logs = scores.astype(np.float64) - np.log(max(len(scores), 1))
    top = max(float(logs.max()), 0.0) if logs.size else 0.0
    mass = np.exp(logs - top)
    whole = float(mass.sum()) + np.exp(-top)
    spans, place = np.unique(found.first * count + found.last, return_inverse=True)
    likely = np.zeros((len(spans), len(table.labels)))
    np.add.at(likely, place, mass / whole)
    first, last = spans // count, spans % count
    return Weighed(
        table.labels, first, last, cuts[first], cuts[last + 1], likely, float(np.exp(-top) / whole), found, scores
    )
