"""What every drawn thing is drawn with: the canvas's pen, the lens, and the light where the thing stands."""

from typing import NamedTuple

from PIL.ImageDraw import ImageDraw

from rocot.sources.scenes.lens import Box, Colour, Lens, Point, shade

Light = tuple[float, float, float]
"""Factors for red, green and blue."""


class Easel(NamedTuple):
    """Pen, lens and light; lengths in canvas pixels unless they are said to be metres."""

    draw: ImageDraw
    lens: Lens
    light: Light

    def tint(self, colour: Colour, gain: float = 1.0) -> Colour:
        """The colour as it looks in this light."""
        return shade(colour, self.light, gain)

    def dot(self, at: Point, r: float, fill: Colour) -> None:
        """A filled circle."""
        self.draw.ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=fill)

    def capsule(self, a: Point, b: Point, width: int, fill: Colour) -> None:
        """A thick line with round ends."""
        self.draw.line((a, b), fill=fill, width=width)
        self.dot(a, width / 2 - 0.5, fill)
        self.dot(b, width / 2 - 0.5, fill)


class Stand(NamedTuple):
    """A ground point, metres, and a heading, radians."""

    at: Point
    facing: float


def bounds(points: list[Point], margin: int) -> Box:
    """The box around the points, with a margin."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return (int(min(xs)) - margin, int(min(ys)) - margin, int(max(xs)) + margin + 1, int(max(ys)) + margin + 1)


def between(a: Point, b: Point, share: float) -> Point:
    """The point `share` of the way from a to b."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
