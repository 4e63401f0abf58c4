"""Hypotheses weighed: how likely each label and stretch is, and which answer is most likely to be right.

A small network scores each label and stretch: one hidden layer, with weights from a table that was calibrated on
rendered training scenes (benchmarks/embedded_calibration.py makes it). All scores of a clip, and that of "nothing
happened", share one softmax.
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
FARTHEST = 4.0
"""Spreads from the mean beyond which a feature counts no more: footage unlike the training scenes must not run away."""


@dataclass(frozen=True)
class Table:
    """Weights of one look. A feature is first brought to mean 0 and spread 1."""

    name: str
    labels: tuple[str, ...]
    features: tuple[str, ...]
    mean: Floats
    spread: Floats
    hidden: Floats
    """features x units; the feature `one` carries the units' biases."""
    out: Floats
    """units x labels."""
    bias: Floats
    """labels."""

    def scaled(self, features: Floats) -> Floats:
        """Features as the network takes them."""
        result: Floats = np.clip((features - self.mean) / self.spread, -FARTHEST, FARTHEST)
        return result

    def scores(self, features: Floats) -> Floats:
        """stretches x labels; the score of "nothing happened" is 0."""
        result: Floats = np.maximum(self.scaled(features) @ self.hidden, 0) @ self.out + self.bias
        return result

    def parts(self, features: Floats, label: str) -> Floats:
        """What each feature of one stretch adds to a label's score, through the units that it switches on."""
        scaled = self.scaled(features)
        on = scaled @ self.hidden > 0
        result: Floats = scaled * (self.hidden[:, on] @ self.out[on, self.labels.index(label)])
        return result


@cache
def load_table(name: str) -> Table:
    """The table that ships under this name: a CSV with one line a feature, then one a label, each over the units."""
    path = Path(__file__).with_name(f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        _, *lines = csv.reader(file)
    inner = [line for line in lines if line[0] == "feature"]
    outer = [line for line in lines if line[0] == "label"]
    numbers = np.array([[float(cell) for cell in line[2:]] for line in inner], np.float32)
    ends = np.array([[float(cell) for cell in (line[2], *line[4:])] for line in outer], np.float32)
    return Table(
        name=name,
        labels=tuple(line[1] for line in outer),
        features=tuple(line[1] for line in inner),
        mean=numbers[:, 0],
        spread=numbers[:, 1],
        hidden=np.ascontiguousarray(numbers[:, 2:]),
        out=np.ascontiguousarray(ends[:, 1:].T),
        bias=ends[:, 0],
    )


@dataclass(frozen=True)
class Weighed:
    """The likelihood of every label and span, and of normality."""

    labels: tuple[str, ...]
    start: npt.NDArray[np.float64]
    """spans: seconds of the source video."""
    end: npt.NDArray[np.float64]
    """spans: seconds of the source video."""
    likely: npt.NDArray[np.float64]
    """spans x labels, regions taken together; with `normal` it sums to 1."""
    normal: float
    stretches: Stretches
    span: npt.NDArray[np.intp]
    """stretches: the number of the span that each one takes."""
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
    scores = table.scores(found.features)
    logs = scores.astype(np.float64) - np.log(max(len(scores), 1))
    top = max(float(logs.max()), 0.0) if logs.size else 0.0
    mass = np.exp(logs - top)
    whole = float(mass.sum()) + np.exp(-top)
    spans, place = np.unique(found.first * count + found.last, return_inverse=True)
    likely = np.zeros((len(spans), len(table.labels)))
    np.add.at(likely, place, mass / whole)
    start, end = cuts[spans // count], cuts[spans % count + 1]
    return Weighed(table.labels, start, end, likely, float(np.exp(-top) / whole), found, place, scores)
