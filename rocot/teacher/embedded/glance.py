"""The first look: a thumbnail of every frame on a fixed grid, each frame against the ordinary one and its neighbours.

It uses what can be had at a glance: the JPEG at a quarter of its size, no alignment, no shapes, no following. What it
measures is where and when the picture departs from its usual self, how fast, and with what light and colour.
"""

import numpy as np

from rocot.teacher.embedded.footage import Floats, Footage
from rocot.teacher.embedded.signals import Signals

ROWS = 60
"""The thumbnail's least height in pixels: a person of a quarter of the picture's height spans fifteen."""
DOWN, ACROSS = 5, 7
"""Regions: each a third of the height and a quarter of the width, neighbours overlapping by half."""

NAMES = (
    "departure", "change", "brighter", "darker", "warmer", "busy", "flat", "glowing", "brightest", "warmest",
    "whole change", "whole brighter", "whole darker", "whole warmer",
)  # fmt: skip


def glance(footage: Footage, start: float, end: float) -> Signals:
    """The measurements of the first look: log(1 + levels / 8), levels of 0 to 255."""
    maps = _maps(footage.rgb * np.float32(1 / 8))
    rows, columns = maps["departure"].shape[1:]
    places = [(a, b, c, d) for a, b in _places(rows, DOWN) for c, d in _places(columns, ACROSS)]
    peaks = {"brightest": "brighter", "warmest": "warmer"}
    whole = ("change", "brighter", "darker", "warmer")
    grids = {name: np.stack([m[:, a:b, c:d].mean(axis=(1, 2)) for a, b, c, d in places]) for name, m in maps.items()}
    grids |= {
        name: np.stack([maps[of][:, a:b, c:d].max(axis=(1, 2)) for a, b, c, d in places]) for name, of in peaks.items()
    }
    grids |= {f"whole {name}": np.broadcast_to(maps[name].mean(axis=(1, 2)), grids[name].shape) for name in whole}
    values = np.log1p(np.stack([grids[name] for name in NAMES], axis=-1)).astype(np.float32)
    boxes = np.array([(a / rows, c / columns, b / rows, d / columns) for a, b, c, d in places], np.float32)
    count = len(footage.times)
    return Signals(
        NAMES, values, np.repeat(boxes[:, None], count, axis=1), np.ones((len(places), count), np.bool_),
        footage.times, start, end,
    )  # fmt: skip


def _maps(rgb: Floats) -> dict[str, Floats]:
    """Pictures of what departs from the usual: frames x rows x columns, in eights of a level."""
    delta = rgb - np.median(rgb, axis=0)
    light = delta @ np.array([0.299, 0.587, 0.114], np.float32)
    warm = np.maximum(delta[..., 0] - delta[..., 2], 0)
    away = _largest(np.abs(delta))
    step = _largest(np.abs(np.diff(rgb, axis=0, prepend=rgb[:1])))
    edge = np.abs(np.diff(rgb[..., 1], axis=2, append=rgb[:, :, -1:, 1]))
    return {
        "departure": away,
        "change": step,
        "brighter": np.maximum(light, 0),
        "darker": np.maximum(-light, 0),
        "warmer": warm,
        "busy": 8.0 * (away > 2.8),
        "flat": np.maximum(edge.mean(axis=0) - edge, 0),
        "glowing": 8.0 * ((warm > 5) & (light > 2) & (rgb[..., 0] > 17)),
    }


def _largest(colours: Floats) -> Floats:
    """The largest of the three channels."""
    result: Floats = np.maximum(np.maximum(colours[..., 0], colours[..., 1]), colours[..., 2])
    return result


def _places(size: int, count: int) -> list[tuple[int, int]]:
    """`count` stretches of a side, each twice as long as the way to the next."""
    cuts = np.linspace(0, size, count + 2).round().astype(int)
    return [(int(cuts[k]), max(int(cuts[k + 2]), int(cuts[k]) + 1)) for k in range(count)]
