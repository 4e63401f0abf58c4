"""Fire, smoke, steam, spray and blasts.

Each is a function of the time since it began and of its seed, so that frames may be drawn in any order.
"""

from math import cos, exp, pi, sin

from rocot.sources.scenes.air import Air, chance
from rocot.sources.scenes.easel import Light
from rocot.sources.scenes.lens import shade
from rocot.sources.scenes.track import Effect


def _lit(light: Light) -> Light:
    """The light on smoke: its own fire lights it from below."""
    return (max(0.8, light[0]), max(0.74, light[1]), max(0.68, light[2]))


def fire(air: Air, e: Effect, t: float, light: Light) -> None:
    """Flames that grow, flicker, and die down when put out; dark smoke above."""
    age, left = t - e.start, e.end - t
    grown = min(1.0, 0.3 + age / 1.6) * min(1.0, left / 1.2)
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
        life = (age * (1.1 + 0.5 * chance(e.seed, i, 1)) + chance(e.seed, i, 2)) % 1.0
        x = (chance(e.seed, i, 3) - 0.5) * 0.9 * (1 - 0.6 * life) + 0.07 * sin(age * 9 + i)
        at = (base[0] + s * x, base[1] - s * (0.08 + 1.15 * life * (0.7 + 0.5 * chance(e.seed, i, 4))))
        colour = (255, 226, 120) if life < 0.3 else (252, 158, 40) if life < 0.65 else (214, 78, 22)
        air.puff(at, s * (0.34 - 0.2 * life) * (0.85 + 0.3 * chance(frame, i, 5)), colour, 0.95 * (1 - 0.55 * life))


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
            a = 2 * pi * chance(e.seed, i, 1)
            rise = 1 - exp(-age / 1.6)
            at = (
                base[0] + s * (0.9 * cos(a) * (0.5 + rise) + 0.5 * rise),
                base[1] - s * ((0.4 + 2.6 * chance(e.seed, i, 2)) * rise + 0.25 * sin(a)),
            )
            air.puff(at, s * (0.45 + 0.55 * rise), grey, 0.8 * fade * min(1.0, age / 0.7))
    if age < 1.3:
        k = 1 - exp(-age / 0.18)
        hot = max(0.0, 1 - age / 1.3)
        for i in range(18):
            a, r = 2 * pi * chance(e.seed, i, 3), chance(e.seed, i, 4) ** 0.5
            at = (base[0] + s * 1.1 * r * k * cos(a), base[1] - s * (0.9 * r * k * sin(a) + 0.9 * age * r))
            colour = (255, 244, 190) if r + age < 0.5 else (255, 176, 56) if r + age < 1.0 else (206, 84, 24)
            air.puff(at, s * (0.25 + 0.45 * k), colour, 0.4 + 0.6 * hot)
    if age < 1.6:
        dark = shade((60, 52, 46), light)
        pieces = []
        for i in range(10):
            v, a = 3.0 + 5.0 * chance(e.seed, i, 5), pi * chance(e.seed, i, 6)
            h = v * sin(a) * age - 4.9 * age * age
            if h < -0.5:
                continue
            p = (base[0] + air.lens.scale(e.z) * v * cos(a) * age, base[1] - air.lens.scale(e.z) * h)
            air.draw.rectangle((p[0] - 3, p[1] - 2, p[0] + 3, p[1] + 2), fill=dark)
            pieces.append(p)
        if pieces:
            air.touch(pieces, 5)
