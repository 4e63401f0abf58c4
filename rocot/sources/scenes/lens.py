"""The camera's geometry: a pinhole above the ground, looking level, its picture shifted down.

Ground points are (x, z) in metres: x to the right, z away from the camera; y is height above the ground.
Looking level keeps verticals vertical, as most surveillance installers try to. Pixels are those of the
working canvas, which is twice the film's size (for smooth edges) and has a margin on every side (for jitter).
"""

from dataclasses import dataclass

WIDTH, HEIGHT = 320, 240
"""The film's size, pixels."""
MARGIN = 6
"""Film pixels drawn beyond each edge, so that a shaken camera still sees something."""
SCALE = 2
"""Canvas pixels a film pixel."""
CANVAS = ((WIDTH + 2 * MARGIN) * SCALE, (HEIGHT + 2 * MARGIN) * SCALE)

Point = tuple[float, float]
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Lens:
    """Where the camera hangs: focal length and horizon in film pixels, height in metres."""

    focal: float
    height: float
    horizon: float

    def scale(self, z: float) -> float:
        """Canvas pixels a metre at depth z."""
        return SCALE * self.focal / max(z, 1.0)

    def project(self, x: float, y: float, z: float) -> Point:
        """The canvas point where the scene's point is seen."""
        s = SCALE * self.focal / max(z, 1.0)
        return (CANVAS[0] / 2 + s * x, (self.horizon + MARGIN) * SCALE + s * (self.height - y))

    def edge(self, z: float) -> float:
        """The x, metres, at which a thing at depth z stands on the picture's right edge."""
        return WIDTH / 2 * z / self.focal

    def nearest(self) -> float:
        """The depth, metres, of the ground at the picture's lower edge."""
        return self.focal * self.height / (HEIGHT - self.horizon)


def shade(colour: Colour, light: tuple[float, float, float], gain: float = 1.0) -> Colour:
    """The colour under a light given as three factors."""
    return (
        min(255, int(colour[0] * light[0] * gain)),
        min(255, int(colour[1] * light[1] * gain)),
        min(255, int(colour[2] * light[2] * gain)),
    )
