"""Fire, smoke, blasts, spray, broken glass, paint and changing light, drawn over a frame.

Everything is a function of the time since the effect began and of its seed, so that frames may be drawn in any order.
"""

from collections.abc import Callable
from functools import lru_cache
from math import cos, exp, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rocot.sources.scenes.figures import Light
from rocot.sources.scenes.lens import Box, Colour, Lens, Point, shade
from rocot.sources.scenes.track import Effect

EMPTY: Box = (0, 0, 0, 0)


def _chance(seed: int, i: int, k: int) -> float:
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


def _lit(light: Light) -> Light:
    """The light on smoke: its own fire lights it from below."""
    return (max(0.8, light[0]), max(0.74, light[1]), max(0.68, light[2]))


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


def fire(air: Air, e: Effect, t: float, light: Light) -> None:
    """Flames that grow, flicker, and die down when put out; dark smoke above."""
    age, left = t - e.start, e.end - t
    grown = min(1.0, 0.25 + age / 2.0) * min(1.0, left / 1.2)
    s = air.lens.scale(e.z) * e.size * grown
    base = air.lens.project(e.x, e.y, e.z)
    grey = shade((74, 69, 66), _lit(light))
    for i in range(9):
        life = (age * 0.45 + i / 9) % 1.0
        if age < life * 2.0:
            continue
        drift = 0.5 * sin(age * 0.7 + i) + 0.6 * life
        at = (base[0] + s * drift * life, base[1] - s * (0.9 + 2.4 * life))
        air.puff(at, s * (0.3 + 0.6 * life), grey, 0.62 * (1 - life))
    frame = int(age * 25)
    for i in range(16):
        life = (age * (1.1 + 0.5 * _chance(e.seed, i, 1)) + _chance(e.seed, i, 2)) % 1.0
        x = (_chance(e.seed, i, 3) - 0.5) * 0.9 * (1 - 0.6 * life) + 0.07 * sin(age * 9 + i)
        at = (base[0] + s * x, base[1] - s * (0.08 + 1.15 * life * (0.7 + 0.5 * _chance(e.seed, i, 4))))
        colour = (255, 226, 120) if life < 0.3 else (252, 158, 40) if life < 0.65 else (214, 78, 22)
        air.puff(at, s * (0.34 - 0.2 * life) * (0.85 + 0.3 * _chance(frame, i, 5)), colour, 0.95 * (1 - 0.55 * life))


def steam(air: Air, e: Effect, t: float, light: Light) -> None:
    """Pale vapour from a drain, a stall or an exhaust."""
    age, left = t - e.start, e.end - t
    k = min(1.0, age / 1.5, left / 1.5)
    s = air.lens.scale(e.z) * e.size
    base = air.lens.project(e.x, e.y, e.z)
    pale = shade(e.colour, light)
    for i in range(9):
        life = (age * 0.4 + i / 9) % 1.0
        at = (base[0] + s * (0.35 * sin(age + i * 2.1) + 0.4) * life, base[1] - s * 1.9 * life)
        air.puff(at, s * (0.2 + 0.5 * life), pale, 0.6 * k * (1 - life))


def spray(air: Air, e: Effect, t: float, light: Light) -> None:
    """The white jet of an extinguisher, from (x, z) towards +x or -x by the sign of size."""
    age = t - e.start
    s = air.lens.scale(e.z)
    base = air.lens.project(e.x, e.y, e.z)
    way = 1.0 if e.size > 0 else -1.0
    k = max(0.8, *light)
    white = shade((232, 234, 236), (k, k, k))
    for i in range(8):
        life = (age * 1.6 + i / 8) % 1.0
        at = (base[0] + way * s * (0.2 + abs(e.size) * life), base[1] + s * (0.45 * life + 0.1 * sin(i * 3 + age * 8)))
        air.puff(at, s * (0.08 + 0.4 * life), white, 0.95 * (1 - 0.6 * life))


def blast(air: Air, e: Effect, t: float, light: Light) -> None:
    """A flash, a fireball, flying pieces, and a column of smoke that thins out until the end."""
    age, length = t - e.start, e.end - e.start
    s = air.lens.scale(e.z) * e.size
    base = air.lens.project(e.x, e.y + 0.5, e.z)
    fade = min(1.0, (length - age) / (0.45 * length))
    grey = shade((92, 87, 84), _lit(light))
    if age > 0.25:
        for i in range(14):
            a = 2 * pi * _chance(e.seed, i, 1)
            rise = 1 - exp(-age / 1.6)
            at = (
                base[0] + s * (0.9 * cos(a) * (0.5 + rise) + 0.5 * rise),
                base[1] - s * ((0.4 + 2.6 * _chance(e.seed, i, 2)) * rise + 0.25 * sin(a)),
            )
            air.puff(at, s * (0.45 + 0.55 * rise), grey, 0.8 * fade * min(1.0, age / 0.7))
    if age < 1.3:
        k = 1 - exp(-age / 0.18)
        hot = max(0.0, 1 - age / 1.3)
        for i in range(18):
            a, r = 2 * pi * _chance(e.seed, i, 3), _chance(e.seed, i, 4) ** 0.5
            at = (base[0] + s * 1.1 * r * k * cos(a), base[1] - s * (0.9 * r * k * sin(a) + 0.9 * age * r))
            colour = (255, 244, 190) if r + age < 0.5 else (255, 176, 56) if r + age < 1.0 else (206, 84, 24)
            air.puff(at, s * (0.25 + 0.45 * k), colour, 0.4 + 0.6 * hot)
    if age < 1.6:
        dark = shade((60, 52, 46), light)
        pieces = []
        for i in range(10):
            v, a = 3.0 + 5.0 * _chance(e.seed, i, 5), pi * _chance(e.seed, i, 6)
            h = v * sin(a) * age - 4.9 * age * age
            if h < -0.5:
                continue
            p = (base[0] + air.lens.scale(e.z) * v * cos(a) * age, base[1] - air.lens.scale(e.z) * h)
            air.draw.rectangle((p[0] - 3, p[1] - 2, p[0] + 3, p[1] + 2), fill=dark)
            pieces.append(p)
        if pieces:
            air.touch(pieces, 5)


def shards(air: Air, e: Effect, t: float, light: Light) -> None:
    """Bits of glass or metal that jump from a blow and fall."""
    age = t - e.start
    s = air.lens.scale(e.z)
    bright = shade((226, 236, 240), light)
    seen = []
    for i in range(9):
        vx, vy = 3.0 * (_chance(e.seed, i, 1) - 0.5), 1.0 + 2.2 * _chance(e.seed, i, 2)
        y = e.y + vy * age - 4.9 * age * age
        if y < 0.02:
            continue
        base = air.lens.project(e.x, 0.0, e.z)
        p = (base[0] + s * vx * age, base[1] - s * y)
        r = 1 + 0.035 * s
        air.draw.polygon([(p[0] - r, p[1]), (p[0], p[1] - r), (p[0] + r, p[1] + r * 0.6)], fill=bright)
        seen.append(p)
    if seen:
        air.touch(seen, 8)


def cracks(air: Air, e: Effect, t: float, light: Light) -> None:
    """A star of cracks in glass, with a dark hole."""
    c, s = air.lens.project(e.x, e.y, e.z), air.lens.scale(e.z) * e.size
    pale = shade((205, 218, 224), light)
    hole = [
        (
            c[0] + s * 0.34 * (0.6 + 0.6 * _chance(e.seed, i, 1)) * cos(i * 0.9),
            c[1] + s * 0.34 * (0.6 + 0.6 * _chance(e.seed, i, 2)) * sin(i * 0.9),
        )
        for i in range(7)
    ]
    air.draw.polygon(hole, fill=shade((16, 18, 20), light))
    for i in range(7):
        a = i * 0.9 + _chance(e.seed, i, 3)
        r = s * (0.6 + 0.5 * _chance(e.seed, i, 4))
        air.draw.line((c, (c[0] + r * cos(a), c[1] + r * sin(a))), fill=pale, width=1)
    air.touch([(c[0] - s * 1.1, c[1] - s * 1.1), (c[0] + s * 1.1, c[1] + s * 1.1)])


def paint_mark(air: Air, e: Effect, t: float, light: Light) -> None:
    """Letters sprayed on a wall: they grow during the first `seed % 100` tenths of a second, and stay."""
    grow = max(0.1, (e.seed % 100) / 10)
    done = min(1.0, (t - e.start) / grow)
    colour = shade(e.colour, light)
    s = air.lens.scale(e.z)
    width = max(2, int(0.1 * s))
    n = max(2, int(28 * done))
    points = []
    for i in range(n):
        u = i / 27
        points.append(
            air.lens.project(
                e.x + e.size * (u - 0.5) * 1.8,
                e.y + 0.38 * e.size * sin(u * 19 + e.seed % 7) * (0.6 + 0.4 * cos(u * 7)),
                e.z,
            )
        )
    air.draw.line(points, fill=colour, width=width, joint="curve")
    air.touch(points, width + 2)


def screen(air: Air, e: Effect, t: float, light: Light) -> None:
    """A lit advertising panel that changes its picture every few seconds, often to warm colours."""
    tints = ((232, 120, 36), (60, 120, 210), (240, 196, 70), (214, 52, 40), (236, 236, 226), (70, 170, 110))
    n = int((t - e.start) / 2.7) + e.seed
    colour, other = tints[n % 6], tints[(n * 5 + 2) % 6]
    a, b = (
        air.lens.project(e.x - e.size, e.y + e.size * 0.6, e.z),
        air.lens.project(e.x + e.size, e.y - e.size * 0.6, e.z),
    )
    air.draw.rectangle((a[0] - 3, a[1] - 3, b[0] + 3, b[1] + 3), fill=shade((46, 46, 50), light))
    k = 0.55 + 0.45 * min(1.0, max(light))
    air.draw.rectangle((*a, *b), fill=shade(colour, (k, k, k)))
    m = (a[1] + b[1]) / 2
    air.draw.rectangle(
        (a[0] + (b[0] - a[0]) * 0.2, m, b[0] - (b[0] - a[0]) * 0.2, m + (b[1] - m) * 0.5), fill=shade(other, (k, k, k))
    )
    air.touch([a, b], 5)


def tarp(air: Air, e: Effect, t: float, light: Light) -> None:
    """A bright orange sheet that flaps in the wind over something stored."""
    s = air.lens.scale(e.z) * e.size
    base = air.lens.project(e.x, 0.0, e.z)
    top = [
        (base[0] + s * (i / 6 - 0.5) * 1.7, base[1] - s * (0.95 + 0.1 * sin(5 * t + i * 1.3) - 0.25 * abs(i / 3 - 1)))
        for i in range(7)
    ]
    hem = [
        (base[0] + s * (i / 6 - 0.5) * 1.9, base[1] - s * (0.12 + 0.09 * sin(7 * t + i * 1.7)))
        for i in range(6, -1, -1)
    ]
    air.draw.polygon(top + hem, fill=shade((238, 134, 40), light))
    air.draw.line(top, fill=shade((250, 180, 70), light), width=3)
    air.touch(top + hem)


def ball(air: Air, e: Effect, t: float, light: Light) -> None:
    """A ball thrown to and fro, once a second and a half, between x - size and x + size."""
    u = ((t - e.start) / 1.4) % 2.0
    x = e.x + e.size * (1 - 2 * u if u < 1 else 2 * u - 3)
    h = e.y + 1.1 * (1 - (2 * (u % 1.0) - 1) ** 2)
    c, r = air.lens.project(x, h, e.z), 0.13 * air.lens.scale(e.z)
    air.draw.ellipse((c[0] - r, c[1] - r, c[0] + r, c[1] + r), fill=shade((236, 120, 40), light))
    air.touch([c], int(r) + 2)


DRAWN: dict[str, Callable[[Air, Effect, float, Light], None]] = {
    "fire": fire, "steam": steam, "spray": spray, "blast": blast, "shards": shards, "cracks": cracks,
    "paint": paint_mark, "screen": screen, "tarp": tarp, "ball": ball,
}  # fmt: skip


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
