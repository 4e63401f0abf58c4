"""Things: connected patches that stand out, the chains they form over time, and the sites where they stay."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from rocot.teacher.embedded.footage import Floats
from rocot.teacher.embedded.steady import Steady

SMALLEST = 0.0012
"""Of the picture's area: below it a patch is noise, or too small to say anything of."""
EDGE = 0.35
"""The share of a neighbourhood's contrast that a pixel must depart beyond the noise: what is left of a shake after
whole pixels are taken out is no thing."""
MOST_PATCHES = 24
"""Patches of one frame, the largest first: what costs time has a bound."""

Boxes = npt.NDArray[np.intp]
"""... x (top, left, bottom, right), pixels of the stack, half-open."""


@dataclass(frozen=True)
class Patch:
    """A connected patch in one frame."""

    box: tuple[int, int, int, int]
    area: int
    """Pixels."""
    colour: npt.NDArray[np.float64]
    """Mean colour, 0 to 255."""
    upright: float
    """log of its spread down over its spread across."""

    @property
    def middle(self) -> tuple[float, float]:
        """Of its box: down, across; pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def height(self) -> int:
        """Pixels."""
        return self.box[2] - self.box[0]

    @property
    def width(self) -> int:
        """Pixels."""
        return self.box[3] - self.box[1]


def foreground(still: Steady) -> npt.NDArray[np.bool_]:
    """Which pixels stand out from the usual picture: frames x rows x columns."""
    delta = np.abs(still.rgb - still.usual)
    away = np.maximum(np.maximum(delta[..., 0], delta[..., 1]), delta[..., 2])
    away = ndimage.uniform_filter(away, (0, 3, 3))
    noise = np.median(away[:, ::2, ::2], axis=(1, 2))
    mask = away > np.maximum(14.0, 3.5 * noise)[:, None, None] + EDGE * _steps(still.usual[..., 1])
    closed: npt.NDArray[np.bool_] = ndimage.binary_closing(mask, np.ones((1, 3, 3), np.bool_))
    return closed


def _steps(picture: Floats) -> Floats:
    """How far a pixel is from its neighbours: what a shift of one pixel can bring about there."""
    spread: Floats = ndimage.maximum_filter(picture, 3) - ndimage.minimum_filter(picture, 3)
    return spread


def patches(mask: npt.NDArray[np.bool_], rgb: Floats, smallest: float = SMALLEST) -> list[Patch]:
    """The patches of one frame, the largest first."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return []
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = ndimage.find_objects(labels)
    kept = [k for k in range(1, count + 1) if areas[k] >= max(smallest * mask.size, 4)]
    found = []
    for k in sorted(kept, key=lambda k: -int(areas[k]))[:MOST_PATCHES]:
        down, across = boxes[k - 1]
        own = labels[down, across] == k
        box = (down.start, across.start, down.stop, across.stop)
        colour = rgb[down, across][own].mean(axis=0, dtype=np.float64)
        spread = [float(index.std()) + 0.3 for index in np.nonzero(own)]
        found.append(Patch(box, int(areas[k]), colour, float(np.log(spread[0] / spread[1]))))
    return found


def velocities(seen: Sequence[Sequence[Patch]], times: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Per frame, for each of its patches: how fast it came from the frame before (down, across; pixels a second).

    NaN for a patch that is new.
    """
    result = [np.full((len(now), 2), np.nan) for now in seen]
    for index in range(1, len(seen)):
        gap = max(float(times[index] - times[index - 1]), 0.05)
        for old, new in _pairs(seen[index - 1], seen[index]).items():
            before, now = seen[index - 1][old].middle, seen[index][new].middle
            result[index][new] = (now[0] - before[0]) / gap, (now[1] - before[1]) / gap
    return result


def _pairs(before: Sequence[Patch], now: Sequence[Patch]) -> dict[int, int]:
    """Patches of neighbouring frames that are one thing, by place, size and colour: the cheapest pairing."""
    if not before or not now:
        return {}
    cost = _unlike(before, now)
    rows, columns = optimize.linear_sum_assignment(np.minimum(cost, 4.0))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if cost[r, c] < 3.2}


def _unlike(before: Sequence[Patch], now: Sequence[Patch]) -> npt.NDArray[np.float64]:
    """Of every pair: 0 for the same thing; above 3 for what is better called another."""

    def facts(side: Sequence[Patch]) -> npt.NDArray[np.float64]:
        return np.array([(*p.middle, max(p.height, p.width / 2, 1), np.log(p.area + 1), *p.colour) for p in side])

    old, new = facts(before)[:, None], facts(now)[None]
    way = np.hypot(old[..., 0] - new[..., 0], old[..., 1] - new[..., 1]) / np.maximum(old[..., 2], new[..., 2])
    tint = np.abs(old[..., 4:] - new[..., 4:]).mean(axis=-1) / 30
    result: npt.NDArray[np.float64] = 0.7 * way + 0.6 * np.abs(old[..., 3] - new[..., 3]) + tint
    return result


def overlap(one: Boxes, two: Boxes) -> npt.NDArray[np.float64]:
    """IoU of every box of `one` (n x 4) with every box of `two` (m x 4): n x m."""
    top, left = np.maximum(one[:, None, 0], two[None, :, 0]), np.maximum(one[:, None, 1], two[None, :, 1])
    bottom, right = np.minimum(one[:, None, 2], two[None, :, 2]), np.minimum(one[:, None, 3], two[None, :, 3])
    both = np.maximum(bottom - top, 0) * np.maximum(right - left, 0)
    area = (one[:, 2] - one[:, 0]) * (one[:, 3] - one[:, 1])
    other = (two[:, 2] - two[:, 0]) * (two[:, 3] - two[:, 1])
    result: npt.NDArray[np.float64] = both / np.maximum(area[:, None] + other[None] - both, 1)
    return result


def sites(seen: Sequence[Sequence[Patch]], most: int) -> Boxes:
    """Places where a patch of about one size and place is seen again and again, the most dwelt in first; n x 4."""
    boxes = np.array([patch.box for now in seen for patch in now], np.intp).reshape(-1, 4)
    if not len(boxes):
        return boxes
    frame = np.array([index for index, now in enumerate(seen) for _ in now])
    shared = overlap(boxes, boxes)
    again = np.zeros((len(boxes), len(seen)))
    np.maximum.at(again.T, frame, shared.T)
    dwell = np.where(again >= 0.4, again, 0).sum(axis=1)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = np.lexsort((np.arange(len(boxes)), -area, -dwell))
    chosen: list[int] = []
    for k in order:
        if len(chosen) < most and all(shared[k, c] < 0.5 for c in chosen):
            chosen.append(int(k))
    return boxes[chosen]


def person_heights(seen: Sequence[Sequence[Patch]], size: tuple[int, int]) -> tuple[float, float]:
    """How tall a standing person is where the feet are: (a, b) of height = a + b * foot row, pixels.

    From the upright patches of the clip itself, fitted twice, the second time without what lies far off.
    """
    upright = [
        (patch.box[2], patch.height)
        for now in seen
        for patch in now
        if 1.6 <= patch.height / patch.width <= 4.5 and patch.box[0] > 0 and patch.box[2] < size[0]
    ]
    fallback = (0.2 * size[0], 0.0)
    if len(upright) < 8:
        return fallback
    foot, tall = np.array(upright, np.float64).T
    for _ in range(2):
        if np.ptp(foot) < 0.1 * size[0]:
            return float(np.median(tall)), 0.0
        slope, base = np.polyfit(foot, tall, 1)
        slope = float(np.clip(slope, 0.0, 0.8))
        base = float(np.median(tall - slope * foot))
        near = np.abs(tall - base - slope * foot) < 0.35 * np.median(tall)
        if near.sum() < 8:
            break
        foot, tall = foot[near], tall[near]
    return base, slope
