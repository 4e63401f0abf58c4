"""Soft things in the air: puffs on the canvas, glows on the film, and chance that depends on its counters alone."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rocot.sources.scenes.lens import Box, Colour, Lens, Point


def chance(seed: int, i: int, k: int) -> float:
    """A number in 0..1 that depends on the seed and on two counters only."""
    x = (seed * 2654435761 + i * 40503 + k * 9973 + 12345) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return (x & 0xFFFFFF) / 0x1000000


@lru_cache(maxsize=96)
def _puff(diameter: int, alpha: int) -> Image.Image:
    """A soft round mask."""
    r = np.linspace(-1, 1, diameter, dtype=np.float32)
    d2 = r[:, None] ** 2 + r[None, :] ** 2
    soft = np.clip(1.15 * np.exp(-2.2 * d2) - 0.16, 0, 1)
    return Image.fromarray((soft * alpha).astype(np.uint8))


class Air:
    """Draws effects on a canvas, collecting the box that they touch."""

    def __init__(self, canvas: Image.Image, draw: ImageDraw.ImageDraw, lens: Lens) -> None:
        self.canvas, self.draw, self.lens = canvas, draw, lens
        self.boxes: list[Box] = []

    def puff(self, at: Point, r: float, colour: Colour, alpha: float) -> None:
        """A soft ball; r in canvas pixels, alpha 0 to 1."""
        d = min(240, max(4, int(r * 2 / 4) * 4))
        a = int(min(1.0, alpha) * 8) * 31
        if a <= 0:
            return
        x, y = int(at[0] - d / 2), int(at[1] - d / 2)
        self.canvas.paste(colour, (x, y, x + d, y + d), _puff(d, a))
        self.boxes.append((x, y, x + d, y + d))

    def touch(self, points: list[Point], margin: int = 3) -> None:
        """Say that something was drawn around these points."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        self.boxes.append((int(min(xs)) - margin, int(min(ys)) - margin, int(max(xs)) + margin, int(max(ys)) + margin))


def glow(film: NDArray[np.uint8], at: Point, radius: float, colour: tuple[float, float, float]) -> None:
    """Add a soft light to a film-sized frame in place; at and radius in film pixels, colour in grey levels."""
    h, w = film.shape[:2]
    x0, x1 = max(0, int(at[0] - radius)), min(w, int(at[0] + radius))
    y0, y1 = max(0, int(at[1] - radius * 0.7)), min(h, int(at[1] + radius * 0.7))
    if x0 >= x1 or y0 >= y1:
        return
    x = (np.arange(x0, x1, dtype=np.float32) - at[0]) / radius
    y = (np.arange(y0, y1, dtype=np.float32) - at[1]) / (radius * 0.7)
    soft = np.clip(1 - np.sqrt(y[:, None] ** 2 + x[None, :] ** 2), 0, 1)
    part = film[y0:y1, x0:x1]
    added = part + soft[:, :, None] * np.asarray(colour, dtype=np.float32)
    film[y0:y1, x0:x1] = np.minimum(added, 255).astype(np.uint8)
