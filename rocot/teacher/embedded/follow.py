"""The second look: places where something stays or happens, cut out and measured with evidence the first did not use.

Frames at four times the first look's scale, camera shift and exposure taken out. At each site: whether a shape of
about its size is there, how its outline churns, how fast it came and what runs off, its size against that of a person
standing there, flames and their glow, smoke (it takes detail away, a lamp does not), and what is left behind.
"""

import numpy as np
import numpy.typing as npt

from rocot.teacher.embedded.footage import Floats, Footage
from rocot.teacher.embedded.signals import Signals
from rocot.teacher.embedded.steady import Steady, steady
from rocot.teacher.embedded.things import (
    Boxes,
    Patch,
    foreground,
    overlap,
    patches,
    person_heights,
    sites,
    velocities,
)

ROWS = 120
"""The stack's least height in pixels: a person of a quarter of the picture's height spans thirty."""
SITES, FLAME_SITES = 36, 8

NAMES = (
    "tall", "wide", "filled", "match", "churn", "step", "brighter", "darker", "flame", "core", "glow", "smoke",
    "lasting", "arrival", "runner", "company", "shake", "exposure", "flash", "whole flame", "haze",
)  # fmt: skip


def follow(footage: Footage, start: float, end: float) -> Signals:
    """The measurements of the second look."""
    still = steady(footage)
    away, mask = foreground(still)
    flame, core = flames(still)
    seen = [patches(mask[index], still.rgb[index]) for index in range(len(mask))]
    burning = [patches(flame[index] > 0, still.rgb[index], 0.0003) for index in range(len(mask))]
    boxes = np.concatenate([sites(seen, SITES), sites(burning, FLAME_SITES)])
    count, size = len(footage.times), (mask.shape[1], mask.shape[2])
    if not len(boxes):
        return Signals(
            NAMES, np.zeros((0, count, len(NAMES)), np.float32), np.zeros((0, count, 4), np.float32),
            np.zeros((0, count), np.bool_), footage.times, start, end,
        )  # fmt: skip
    base, slope = person_heights(seen, size)
    person = np.maximum(base + slope * boxes[:, 2], 0.05 * size[0])
    columns = {
        **_looks(boxes, still, away, mask, flame, core),
        **_company(boxes, person, seen, burning, footage.times),
        **_whole(len(boxes), still, flame),
    }
    columns["tall"] = np.repeat(np.log((boxes[:, 2] - boxes[:, 0]) / person)[:, None], count, axis=1)
    columns["wide"] = np.repeat(np.log((boxes[:, 3] - boxes[:, 1]) / person)[:, None], count, axis=1)
    values = np.stack([columns[name] for name in NAMES], axis=-1).astype(np.float32)
    placed = np.repeat((boxes / np.array([*size, *size]))[:, None], count, axis=1).astype(np.float32)
    return Signals(NAMES, values, placed, columns["match"] > 0.3, footage.times, start, end)


def flames(still: Steady) -> tuple[Floats, Floats]:
    """1 where a pixel is flame-coloured and warmer than usual there, and 1 where it is the bright core of a flame."""
    red, green, blue = np.moveaxis(still.rgb, -1, 0)
    warmer = (red - blue) - (still.usual[..., 0] - still.usual[..., 2])
    flame = (red > 140) & (red > green + 10) & (green > blue + 10) & (red - blue > 60) & (warmer > 35)
    core = flame & (red > 200) & (green > 150) & (warmer > 60)
    return flame.astype(np.float32), core.astype(np.float32)


def _looks(
    boxes: Boxes, still: Steady, away: Floats, mask: npt.NDArray[np.bool_], flame: Floats, core: Floats
) -> dict[str, Floats]:
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    grey = still.rgb @ luma
    light = grey - still.usual @ luma
    step = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    edge = np.abs(np.diff(grey, axis=2, append=grey[:, :, -1:])) + np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    lost = np.maximum(np.median(edge, axis=0) - edge, 0)
    churn = mask ^ np.concatenate([mask[:1], mask[:-1]])
    warm = np.maximum((still.rgb[..., 0] - still.rgb[..., 2]) - (still.usual[..., 0] - still.usual[..., 2]), 0)
    pictures = (
        mask,
        churn,
        step,
        np.maximum(light, 0),
        np.maximum(-light, 0),
        flame,
        core,
        warm,
        lost,
        _lasting(still),
    )
    sums = Sums(pictures)
    inside, around = sums.mean(boxes), sums.mean(_grown(boxes, still.rgb.shape[1], still.rgb.shape[2]))
    logs = {"step": 2, "brighter": 3, "darker": 4, "smoke": 8, "lasting": 9}
    result = {name: np.log1p(inside[..., k] / 8) for name, k in logs.items()}
    return result | {
        "filled": inside[..., 0], "churn": inside[..., 1],
        "flame": np.sqrt(inside[..., 5]), "core": np.sqrt(inside[..., 6]), "glow": np.log1p(around[..., 7] / 8),
    }  # fmt: skip


def _grown(boxes: Boxes, rows: int, columns: int) -> Boxes:
    """Boxes with half their size more on each side."""
    down, across = (boxes[:, 2] - boxes[:, 0]) // 2 + 1, (boxes[:, 3] - boxes[:, 1]) // 2 + 1
    return np.stack([
        np.maximum(boxes[:, 0] - down, 0), np.maximum(boxes[:, 1] - across, 0),
        np.minimum(boxes[:, 2] + down, rows), np.minimum(boxes[:, 3] + across, columns),
    ], axis=-1)  # fmt: skip


def _lasting(still: Steady) -> Floats:
    """How unlike the next few frames' median is to that of the last few, 0 to 255: what stays when movers are gone."""
    count = len(still.rgb)
    small = still.rgb[:, ::2, ::2, 1]
    step = np.zeros_like(small)
    for index in range(1, count):
        before = np.median(small[max(0, index - 3) : index], axis=0)
        step[index] = np.abs(np.median(small[index : index + 3], axis=0) - before)
    rows, columns = still.rgb.shape[1:3]
    doubled: Floats = step.repeat(2, axis=1).repeat(2, axis=2)[:, :rows, :columns]
    return doubled


class Sums:
    """Means over fixed boxes by summed areas, of several pictures at once."""

    def __init__(self, pictures: tuple[npt.NDArray[np.generic], ...]) -> None:
        """Each picture: frames x rows x columns."""
        self._tables = [
            np.pad(
                np.cumsum(np.cumsum(p, axis=1, dtype=np.float32), axis=2, dtype=np.float32), ((0, 0), (1, 0), (1, 0))
            )
            for p in pictures
        ]

    def mean(self, boxes: Boxes) -> Floats:
        """`boxes`: n x 4, pixels; the result: n x frames x pictures."""
        top, left, bottom, right = boxes.T
        area = np.maximum((bottom - top) * (right - left), 1)
        means = [
            (t[:, bottom, right] - t[:, top, right] - t[:, bottom, left] + t[:, top, left]) / area for t in self._tables
        ]
        result: Floats = np.stack(means, axis=-1).transpose(1, 0, 2).astype(np.float32)
        return result


def _company(
    boxes: Boxes,
    person: npt.NDArray[np.float64],
    seen: list[list[Patch]],
    burning: list[list[Patch]],
    times: npt.NDArray[np.float64],
) -> dict[str, Floats]:
    """What patches are at each site and near it, and how fast they go, in persons' heights a second."""
    match, arrival, runner, company = (np.zeros((len(boxes), len(seen)), np.float32) for _ in range(4))
    speeds = velocities(seen, times)
    for index, now in enumerate(seen):
        if burning[index]:
            match[:, index] = overlap(boxes, np.array([patch.box for patch in burning[index]])).max(axis=1)
        if not now:
            continue
        there = np.array([patch.box for patch in now])
        shared = overlap(boxes, there)
        speed = np.nan_to_num(np.hypot(*speeds[index].T))
        best = shared.argmax(axis=1)
        match[:, index] = np.maximum(match[:, index], shared.max(axis=1))
        arrival[:, index] = np.where(shared.max(axis=1) > 0.2, speed[best] / person, 0)
        down = np.maximum(boxes[:, None, 0], there[None, :, 0]) - np.minimum(boxes[:, None, 2], there[None, :, 2])
        across = np.maximum(boxes[:, None, 1], there[None, :, 1]) - np.minimum(boxes[:, None, 3], there[None, :, 3])
        near = np.maximum(down, across) < person[:, None]
        company[:, index] = near.sum(axis=1)
        runner[:, index] = np.where(near, speed[None] / person[:, None], 0).max(axis=1)
    return {
        "match": match, "arrival": np.log1p(arrival), "runner": np.log1p(runner), "company": np.log1p(company)
    }  # fmt: skip


def _whole(count: int, still: Steady, flame: Floats) -> dict[str, Floats]:
    """What holds for the whole picture, repeated for each site."""
    green = still.rgb[:, ::2, ::2, 1]
    contrast = green.std(axis=(1, 2))
    whole = {
        "shake": np.log1p(still.shift * 100),
        "exposure": np.abs(still.gain) * 4,
        "flash": np.maximum(still.gain, 0) * 4,
        "whole flame": np.sqrt(flame.mean(axis=(1, 2))) * 8,
        "haze": (np.median(contrast) - contrast) / 8,
    }
    return {name: np.broadcast_to(series.astype(np.float32), (count, len(series))) for name, series in whole.items()}
