"""Paints flat things in metres on the backdrop: strips and patches of ground, rectangles on the wall."""

from typing import NamedTuple

from numpy.random import Generator
from PIL.ImageDraw import ImageDraw

from rocot.sources.scenes.lens import CANVAS, Box, Colour, Lens
from rocot.sources.scenes.places import Place

Pair = tuple[float, float]


class Brush(NamedTuple):
    """The backdrop's pen, and a second one for what shines of itself when it is dark (None by day)."""

    draw: ImageDraw
    shine: ImageDraw | None
    place: Place
    rng: Generator

    @property
    def lens(self) -> Lens:
        """The place's lens."""
        return self.place.lens

    def band(self, z0: float, z1: float, colour: Colour) -> None:
        """A strip of ground across the picture, between two depths."""
        top, low = self.lens.project(0, 0, z1)[1], self.lens.project(0, 0, z0)[1]
        self.draw.rectangle((0, top, CANVAS[0], low), fill=colour)

    def patch(self, xs: Pair, zs: Pair, colour: Colour) -> None:
        """A rectangle on the ground."""
        p = self.lens.project
        near, far = [p(xs[0], 0, zs[0]), p(xs[1], 0, zs[0])], [p(xs[1], 0, zs[1]), p(xs[0], 0, zs[1])]
        self.draw.polygon(near + far, fill=colour)

    def rect(self, xs: Pair, ys: Pair, colour: Colour, back: float = 0.0) -> None:
        """A rectangle on the wall, or so many metres behind it."""
        self.draw.rectangle(self._on_wall(xs, ys, back), fill=colour)

    def lit(self, xs: Pair, ys: Pair, colour: Colour) -> None:
        """A rectangle on the wall that shines of itself when it is dark."""
        if self.shine is not None:
            self.shine.rectangle(self._on_wall(xs, ys, 0.0), fill=colour)

    def blot(self, x: float, y: float, r: float, colour: Colour) -> None:
        """A round patch on the wall, r metres."""
        c, k = self.lens.project(x, y, self.place.wall), r * self.lens.scale(self.place.wall)
        self.draw.ellipse((c[0] - k, c[1] - k, c[0] + k, c[1] + k), fill=colour)

    def _on_wall(self, xs: Pair, ys: Pair, back: float) -> Box:
        a = self.lens.project(xs[0], ys[1], self.place.wall + back)
        b = self.lens.project(xs[1], ys[0], self.place.wall + back)
        return (round(a[0]), round(a[1]), round(max(a[0], b[0])), round(max(a[1], b[1])))

    def uniform(self, low: float, high: float) -> float:
        """A number from the clip's own chance."""
        return float(self.rng.uniform(low, high))


def scaled(colour: Colour, k: float) -> Colour:
    """The colour, lighter or darker."""
    return (min(255, int(colour[0] * k)), min(255, int(colour[1] * k)), min(255, int(colour[2] * k)))
