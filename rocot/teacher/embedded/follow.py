"""The second look: places where something stays or happens, cut out and measured with evidence the first did not use.

Frames at four times the first look's scale, camera shift and exposure taken out. At each site: whether a shape of
about its size is there, upright or lying, how its outline churns, how fast it came and what runs off, its size against
that of a person standing there, flames and their glow, smoke (it takes detail away, a lamp does not), and what is left
behind.
"""

import numpy as np
import numpy.typing as npt

from rocot.teacher.embedded.footage import Floats, Footage
from rocot.teacher.embedded.signals import Signals
from rocot.teacher.embedded.steady import Steady, steady
from rocot.teacher.embedded.sums import Sums, grown, headroom
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
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

NAMES = (
    "tall", "wide", "foot", "filled", "above", "match", "upright", "body", "churn", "step", "brighter", "darker",
    "flame", "core", "flicker", "glow", "smoke", "lasting", "scar", "arrival", "runner", "company", "vehicles",
    "shake", "exposure", "flash", "whole flame", "haze",
)  # fmt: skip


def follow(footage: Footage, start: float, end: float) -> Signals:
    """The measurements of the second look."""
    still = steady(footage)
    mask = foreground(still)
    flame, core = flames(still)
    seen = [patches(mask[index], still.rgb[index]) for index in range(len(mask))]
    burning = [patches(flame[index], still.rgb[index], 0.0003) for index in range(len(mask))]
    boxes = np.concatenate([sites(seen, SITES), sites(burning, FLAME_SITES)])
    count, size = len(footage.times), (mask.shape[1], mask.shape[2])
    if not len(boxes):
        boxes = np.array([[0, 0, *size]])  # the whole picture, in which nothing is followed
    base, slope = person_heights(seen, size)
    person = np.maximum(base + slope * boxes[:, 2], 0.08 * size[0])
    fixed = {
        "tall": np.log((boxes[:, 2] - boxes[:, 0]) / person),
        "wide": np.log((boxes[:, 3] - boxes[:, 1]) / person),
        "foot": boxes[:, 2] / size[0],
    }
    columns = {
        **_looks(boxes, person, still, mask, (flame, core)),
        **_company(boxes, person, seen, burning, velocities(seen, footage.times)),
        **{name: np.broadcast_to(value, (len(boxes), count)) for name, value in _whole(still, flame).items()},
        **{name: np.repeat(value[:, None], count, axis=1) for name, value in fixed.items()},
    }
    values = np.stack([columns[name] for name in NAMES], axis=-1).astype(np.float32)
    placed = np.repeat((boxes / np.array([*size, *size]))[:, None], count, axis=1).astype(np.float32)
    return Signals(NAMES, values, placed, columns["match"] > 0.3, footage.times, start, end)


def flames(still: Steady) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where a pixel is flame-coloured and warmer than usual there, and where it is the bright core of a flame."""
    red, green, blue = np.moveaxis(still.rgb, -1, 0)
    warmer = (red - blue) - (still.usual[..., 0] - still.usual[..., 2])
    flame = (red > 140) & (red > green + 10) & (green > blue + 10) & (red - blue > 60) & (warmer > 35)
    return flame, flame & (red > 200) & (green > 150) & (warmer > 60)


def _looks(
    boxes: Boxes,
    person: npt.NDArray[np.float64],
    still: Steady,
    mask: npt.NDArray[np.bool_],
    fire: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
) -> dict[str, Floats]:
    """What the pixels of each site show, frame by frame."""
    grey, usual = still.rgb @ LUMA, still.usual @ LUMA
    warm = np.maximum((still.rgb[..., 0] - still.rgb[..., 2]) - (still.usual[..., 0] - still.usual[..., 2]), 0)
    around = grown(boxes, mask.shape[1:])
    sums = Sums({
        "filled": mask, "churn": mask ^ np.concatenate([mask[:1], mask[:-1]]),
        "step": np.abs(np.diff(grey, axis=0, prepend=grey[:1])),
        "brighter": np.maximum(grey - usual, 0), "darker": np.maximum(usual - grey, 0),
        "flame": fire[0], "core": fire[1], "flicker": fire[0] ^ np.concatenate([fire[0][:1], fire[0][:-1]]),
        "glow": warm, "smoke": np.maximum(_edges(usual) - _edges(grey), 0),
        "lasting": _doubled(_lasting(grey[:, ::2, ::2], 3), mask.shape[1:]),
        "scar": _doubled(_lasting(grey[:, ::2, ::2], 7), mask.shape[1:]),
    })  # fmt: skip
    return {
        **{name: sums.mean(name, boxes) for name in ("filled", "churn")},
        **{name: np.sqrt(sums.mean(name, boxes)) for name in ("flame", "core", "flicker")},
        **{name: np.log1p(sums.mean(name, boxes) / 8) for name in ("step", "brighter", "darker", "smoke", "lasting")},
        **{name: np.log1p(sums.mean(name, around) / 8) for name in ("glow", "scar")},
        "above": sums.mean("filled", headroom(boxes, person)),
    }


def _edges(grey: Floats) -> Floats:
    """Fine detail: differences to the next pixel across and down, ... x rows x columns."""
    across = np.abs(np.diff(grey, axis=-1, append=grey[..., -1:]))
    down = np.abs(np.diff(grey, axis=-2, append=grey[..., -1:, :]))
    result: Floats = across + down
    return result


def _lasting(grey: Floats, side: int) -> Floats:
    """How unlike the next `side` frames' median is to that of the last ones: what stays when movers are gone."""
    count = len(grey)
    step = np.zeros_like(grey)
    if count >= 2 * side:
        runs = np.lib.stride_tricks.sliding_window_view(grey, side, axis=0)
        middle = np.median(runs, axis=-1)
        step[side : count - side + 1] = np.abs(middle[side:] - middle[:-side])
    return step


def _doubled(picture: Floats, size: tuple[int, ...]) -> Floats:
    """A picture of half the size brought to `size`."""
    result: Floats = picture.repeat(2, axis=1).repeat(2, axis=2)[:, : size[0], : size[1]]
    return result


def _company(
    boxes: Boxes,
    person: npt.NDArray[np.float64],
    seen: list[list[Patch]],
    burning: list[list[Patch]],
    speeds: list[npt.NDArray[np.float64]],
) -> dict[str, Floats]:
    """What patches are at each site and near it, and how fast they go, in persons' heights a second."""
    names = ("match", "upright", "body", "arrival", "runner", "company", "vehicles")
    result = {name: np.zeros((len(boxes), len(seen)), np.float32) for name in names}
    for index, now in enumerate(seen):
        if burning[index]:
            result["match"][:, index] = overlap(boxes, np.array([patch.box for patch in burning[index]])).max(axis=1)
        if not now:
            continue
        there = np.array([patch.box for patch in now])
        shared = overlap(boxes, there)
        best, fits = shared.argmax(axis=1), shared.max(axis=1) > 0.2
        speed = np.log1p(np.nan_to_num(np.hypot(*speeds[index].T))[None] / person[:, None])
        area = np.array([patch.area for patch in now])[best] / (0.25 * person**2)
        down = np.maximum(boxes[:, None, 0], there[None, :, 0]) - np.minimum(boxes[:, None, 2], there[None, :, 2])
        across = np.maximum(boxes[:, None, 1], there[None, :, 1]) - np.minimum(boxes[:, None, 3], there[None, :, 3])
        near = np.maximum(down, across) < person[:, None]
        broad = (there[:, 3] - there[:, 1])[None] > 1.3 * person[:, None]
        result["match"][:, index] = np.maximum(result["match"][:, index], shared.max(axis=1))
        result["upright"][:, index] = np.where(fits, np.array([patch.upright for patch in now])[best], 0)
        result["body"][:, index] = np.where(fits, np.log1p(area), 0)
        result["arrival"][:, index] = np.where(fits, np.take_along_axis(speed, best[:, None], axis=1)[:, 0], 0)
        result["runner"][:, index] = np.where(near, speed, 0).max(axis=1)
        result["company"][:, index] = np.log1p(near.sum(axis=1))
        result["vehicles"][:, index] = np.log1p((near & broad).sum(axis=1))
    return result


def _whole(still: Steady, flame: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """What holds for the whole picture in each frame."""
    contrast = still.rgb[:, ::2, ::2, 1].std(axis=(1, 2))
    return {
        "shake": np.log1p(still.shift * 100),
        "exposure": np.abs(still.gain) * 4,
        "flash": np.maximum(still.gain, 0) * 4,
        "whole flame": np.sqrt(flame.mean(axis=(1, 2))) * 8,
        "haze": (np.median(contrast) - contrast) / 8,
    }
