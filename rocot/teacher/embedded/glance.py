"""The first look: a thumbnail of every frame on a fixed grid, each frame against the ordinary one and its neighbours.

It uses what can be had at a glance: the JPEG's 1/8 scale, no alignment, no objects, no following. What it measures is
where and when the picture departs from its usual self, how fast, and with what light and colour.
"""

import numpy as np

from rocot.teacher.embedded.footage import Footage
from rocot.teacher.embedded.signals import Signals

ROWS = 30
"""The thumbnail's least height in pixels: a person of a quarter of the picture's height spans seven."""
DOWN, ACROSS = 5, 7
"""Regions: each a third of the height and a quarter of the width, neighbours overlapping by half."""

NAMES = (
    "departure", "change", "brighter", "darker", "warmer", "spread", "busy", "flat",
    "whole change", "whole brighter", "whole darker", "whole warmer",
)  # fmt: skip


def glance(footage: Footage, start: float, end: float) -> Signals:
    """The measurements of the first look; colour values in units of 1/64 of full scale, so that all are of one size."""
    rgb = footage.rgb / 64
    usual = np.median(rgb, axis=0)
    delta = rgb - usual
    light = delta @ np.array([0.299, 0.587, 0.114], np.float32)
    warm = np.maximum(delta[..., 0] - delta[..., 2], 0)
    away = np.abs(delta).max(axis=-1)
    step = np.abs(np.diff(rgb, axis=0)).max(axis=-1)
    step = np.concatenate([step[:1], step]) if len(step) else np.zeros_like(away)
    step = (step + np.concatenate([step[1:], step[-1:]])) / 2
    busy = (away > 0.35).astype(np.float32)
    texture = np.abs(np.diff(rgb[..., 1], axis=2, append=rgb[:, :, -1:, 1]))
    flat = np.maximum(np.median(texture, axis=0) - texture, 0)
    local = [away, step, np.maximum(light, 0), np.maximum(-light, 0), warm, away**2, busy, flat]
    rows, columns = _places(away.shape[1], DOWN), _places(away.shape[2], ACROSS)
    grids = [np.stack([m[:, a:b, c:d].mean(axis=(1, 2)) for a, b in rows for c, d in columns]) for m in local]
    grids[5] = np.sqrt(np.maximum(grids[5] - grids[0] ** 2, 0))
    whole = [np.broadcast_to(m.mean(axis=(1, 2)), grids[0].shape) for m in (local[1], local[2], local[3], local[4])]
    values = np.log1p(8 * np.stack([*grids, *whole], axis=-1)).astype(np.float32)
    regions, count = values.shape[:2]
    boxes = np.array(
        [
            (a / away.shape[1], c / away.shape[2], b / away.shape[1], d / away.shape[2])
            for a, b in rows
            for c, d in columns
        ],
        np.float32,
    )
    return Signals(
        NAMES, values, np.repeat(boxes[:, None], count, axis=1), np.ones((regions, count), np.bool_),
        footage.times, start, end,
    )  # fmt: skip


def _places(size: int, count: int) -> list[tuple[int, int]]:
    """`count` stretches of a side, each twice as long as the way to the next."""
    cuts = np.linspace(0, size, count + 2).round().astype(int)
    return [(int(cuts[k]), max(int(cuts[k + 2]), int(cuts[k]) + 1)) for k in range(count)]
