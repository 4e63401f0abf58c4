"""What breaks, is painted, flaps, shines or is thrown: glass, walls, sheets, screens, balls."""

from math import cos, sin

from rocot.sources.scenes.air import Air, chance
from rocot.sources.scenes.easel import Light
from rocot.sources.scenes.lens import shade
from rocot.sources.scenes.track import Effect


def shards(air: Air, e: Effect, t: float, light: Light) -> None:
    """Bits of glass or metal that jump from a blow and fall."""
    age = t - e.start
    s = air.lens.scale(e.z)
    bright = shade((226, 236, 240), light)
    seen = []
    for i in range(9):
        vx, vy = 3.0 * (chance(e.seed, i, 1) - 0.5), 1.0 + 2.2 * chance(e.seed, i, 2)
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


def cracks(air: Air, e: Effect, _t: float, light: Light) -> None:
    """A star of cracks in glass, with a dark hole."""
    c, s = air.lens.project(e.x, e.y, e.z), air.lens.scale(e.z) * e.size
    pale = shade((205, 218, 224), light)
    hole = [
        (
            c[0] + s * 0.34 * (0.6 + 0.6 * chance(e.seed, i, 1)) * cos(i * 0.9),
            c[1] + s * 0.34 * (0.6 + 0.6 * chance(e.seed, i, 2)) * sin(i * 0.9),
        )
        for i in range(7)
    ]
    air.draw.polygon(hole, fill=shade((16, 18, 20), light))
    for i in range(7):
        a = i * 0.9 + chance(e.seed, i, 3)
        r = s * (0.6 + 0.5 * chance(e.seed, i, 4))
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
