"""What stands in a place: lamps, trees, benches, shelters, bins, pillars, stalls and parked cars."""

from math import cos, sin
from zlib import crc32

from rocot.sources.scenes.easel import Easel, Stand
from rocot.sources.scenes.lens import Colour, Point
from rocot.sources.scenes.places import Prop
from rocot.sources.scenes.vehicles import Lamps, vehicle

LAMP_HEIGHT = 4.6
"""Metres."""

Pair = tuple[float, float]


def draw_prop(easel: Easel, prop: Prop) -> None:
    """Draw one standing thing."""
    if prop.look is not None:
        vehicle(easel, prop.kind, prop.look, Stand((prop.x, prop.z), prop.heading), Lamps())
    else:
        _Pen(easel, prop).draw_kind()


class _Pen:
    """Draws upright rectangles and the like at a prop's ground point; lengths in metres."""

    def __init__(self, easel: Easel, prop: Prop) -> None:
        self.easel, self.draw, self.prop = easel, easel.draw, prop
        self.s = easel.lens.scale(prop.z)

    def at(self, dx: float, y: float, dz: float = 0.0) -> Point:
        return self.easel.lens.project(self.prop.x + dx, y, self.prop.z + dz)

    def rect(self, xs: Pair, ys: Pair, colour: Colour, gain: float = 1.0, dz: float = 0.0) -> None:
        a, b = self.at(xs[0], ys[1], dz), self.at(xs[1], ys[0], dz)
        corners = (a[0], a[1], max(b[0], a[0] + 1), max(b[1], a[1] + 1))
        self.draw.rectangle(corners, fill=self.easel.tint(colour, gain))

    def slab(self, xs: Pair, zs: Pair, y: float, colour: Colour, gain: float = 1.0) -> None:
        near = [self.at(xs[0], y, zs[0]), self.at(xs[1], y, zs[0])]
        far = [self.at(xs[1], y, zs[1]), self.at(xs[0], y, zs[1])]
        self.draw.polygon(near + far, fill=self.easel.tint(colour, gain))

    def blot(self, dx: float, y: float, r: float, colour: Colour, gain: float = 1.0) -> None:
        c, k = self.at(dx, y), r * self.s
        self.draw.ellipse((c[0] - k, c[1] - k * 0.9, c[0] + k, c[1] + k * 0.9), fill=self.easel.tint(colour, gain))

    def foot(self, r: float) -> None:
        c, k = self.at(0, 0), r * self.s
        self.draw.ellipse((c[0] - k, c[1] - k * 0.3, c[0] + k, c[1] + k * 0.3), fill=(0, 0, 0, 80))

    def draw_kind(self) -> None:
        kinds = {
            "lamp": self.lamp, "tree": self.tree, "bench": self.bench, "bin": self.bin, "shelter": self.shelter,
            "pillar": self.pillar, "planter": self.planter, "stall": self.stall, "pump": self.pump,
        }  # fmt: skip
        kinds[self.prop.kind]()

    def lamp(self) -> None:
        self.foot(0.25)
        self.rect((-0.06, 0.06), (0, LAMP_HEIGHT), (70, 74, 76))
        self.rect((-0.45, 0.45), (LAMP_HEIGHT, LAMP_HEIGHT + 0.12), (80, 84, 86))

    def tree(self) -> None:
        k = self.prop.size
        self.foot(0.9 * k)
        self.rect((-0.14 * k, 0.14 * k), (0, 2.0 * k), (86, 66, 48))
        seed = crc32(f"{self.prop.x:.3f}".encode())
        for i in range(16):
            a, r = i * 2.4 + seed % 7, 1.15 * k * (i / 16) ** 0.5
            green = (62 + (seed >> i) % 22, 96 + (seed >> (i + 3)) % 26, 52)
            self.blot(r * cos(a), 3.1 * k + r * sin(a) * 0.9, 0.55 * k, green, 1.15 if sin(a) > 0 else 0.8)

    def bench(self) -> None:
        self.foot(0.9)
        for x in (-0.75, 0.7):
            self.rect((x, x + 0.08), (0, 0.45), (60, 60, 62))
        self.rect((-0.9, 0.9), (0.42, 0.52), (140, 100, 62))
        self.rect((-0.9, 0.9), (0.66, 0.9), (128, 90, 56), dz=0.25)

    def bin(self) -> None:
        self.foot(0.4)
        self.rect((-0.3, 0.3), (0.05, 0.95), self.prop.colour, 0.8)
        self.rect((0.1, 0.3), (0.05, 0.95), self.prop.colour, 0.62)
        self.slab((-0.34, 0.34), (-0.25, 0.25), 0.97, (60, 60, 60))

    def shelter(self) -> None:
        w = self.prop.size / 2
        self.rect((-w, w), (0.2, 2.3), (120, 146, 160), 0.8, dz=0.2)
        for x in (-w, -0.05, w - 0.08):
            self.rect((x, x + 0.08), (0, 2.4), (66, 70, 74))
        self.rect((-w + 0.3, w - 0.3), (0.42, 0.5), (150, 120, 80))
        self.slab((-w - 0.2, w + 0.2), (-1.1, 0.3), 2.42, (90, 96, 100), 1.1)
        self.rect((-w - 0.2, w + 0.2), (2.36, 2.56), self.prop.colour, dz=-1.1)

    def pillar(self) -> None:
        self.foot(0.5)
        self.rect((-0.22, 0.22), (0, 6), self.prop.colour, 0.95)
        self.rect((0.08, 0.22), (0, 6), self.prop.colour, 0.7)
        for i in range(3):
            self.rect((-0.22, 0.22), (0.2 + 0.3 * i, 0.35 + 0.3 * i), (214, 180, 50))

    def planter(self) -> None:
        self.foot(0.8)
        for i in range(7):
            self.blot(-0.6 + 0.2 * i, 0.75 + 0.1 * sin(i * 2.1), 0.24, (70, 112, 58), 0.85 + 0.07 * (i % 4))
        self.rect((-0.75, 0.75), (0, 0.6), (150, 138, 126), 0.9)

    def stall(self) -> None:
        self.foot(1.3)
        self.rect((-1.1, 1.1), (0, 2.2), (110, 96, 84), 0.6)
        self.rect((-1.2, 1.2), (0, 1.0), (170, 150, 120), dz=-0.5)
        for i in range(6):
            colour = self.prop.colour if i % 2 else (226, 222, 212)
            self.slab((-1.35 + 0.45 * i, -0.9 + 0.45 * i), (-1.0, 0.2), 2.25, colour)
            self.rect((-1.35 + 0.45 * i, -0.9 + 0.45 * i), (2.0, 2.25), colour, 0.9, dz=-1.0)

    def pump(self) -> None:
        self.foot(0.6)
        self.slab((-1.1, 1.1), (-0.5, 0.5), 0.15, (160, 160, 156))
        self.rect((-0.35, 0.35), (0.15, 1.7), self.prop.colour)
        self.rect((-0.24, 0.24), (1.0, 1.5), (40, 46, 50))
        self.rect((-0.35, 0.35), (1.7, 1.95), (220, 220, 216))
