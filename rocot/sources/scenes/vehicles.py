"""Cars, vans, trucks, buses and bicycles: boxes in perspective with windows, wheels and lights."""

from math import cos, pi, sin
from typing import NamedTuple

from rocot.sources.scenes.easel import Easel, Stand, bounds
from rocot.sources.scenes.lens import Box, Colour, Point
from rocot.sources.scenes.track import Look

GLASS: Colour = (52, 64, 78)
WIDTHS = {"car": 1.8, "taxi": 1.8, "van": 2.0, "truck": 2.3, "bus": 2.5}
"""Metres; the length is the look's."""

Corner = tuple[float, float, float]
"""Forward, left and up of the ground below the vehicle's middle, metres."""
Pair = tuple[float, float]


class Lamps(NamedTuple):
    """Which lights burn."""

    lit: bool = False
    braking: bool = False


class _Prism(NamedTuple):
    """A box that may taper upwards, metres: rear and front of base and top, half widths and heights of both."""

    base: Pair
    top: Pair
    half: Pair
    height: Pair


class _Frame:
    """A vehicle's own axes: forward along its heading, left, up; and what of it the camera sees."""

    def __init__(self, easel: Easel, stand: Stand) -> None:
        self.easel, self.at = easel, stand.at
        self.c, self.s = cos(stand.facing), sin(stand.facing)
        self.seen: list[Point] = []

    def px(self, f: float, side: float, u: float) -> Point:
        x, z = self.at[0] + f * self.c - side * self.s, self.at[1] + f * self.s + side * self.c
        p = self.easel.lens.project(x, u, z)
        self.seen.append(p)
        return p

    def faces_us(self, normal: Pair, foot: Pair) -> bool:
        """Whether a wall with this outward normal, over this point, is turned to the camera."""
        (nf, ns), (f, side) = normal, foot
        nx, nz = nf * self.c - ns * self.s, nf * self.s + ns * self.c
        x, z = self.at[0] + f * self.c - side * self.s, self.at[1] + f * self.s + side * self.c
        return nx * x + nz * z < 0

    def side_seen(self, ns: float, half: float) -> bool:
        """Whether the left (ns = 1) or right (-1) side is turned to the camera."""
        return self.faces_us((0, ns), (0, ns * half))

    def quad(self, corners: list[Corner], colour: Colour, gain: float = 1.0) -> None:
        self.glow(corners, self.easel.tint(colour, gain))

    def glow(self, corners: list[Corner], colour: Colour) -> None:
        self.easel.draw.polygon([self.px(*q) for q in corners], fill=colour)


def vehicle(easel: Easel, kind: str, look: Look, stand: Stand, lamps: Lamps) -> Box:
    """Draw a vehicle whose middle is over a ground point; the canvas box that was touched."""
    fr = _Frame(easel, stand)
    half, n = WIDTHS[kind] / 2, look.size / 2
    _shadow(fr, n + 0.12, half + 0.12)
    if kind in {"car", "taxi"}:
        _car(fr, look, half)
    elif kind == "truck":
        _truck(fr, look, half)
    else:
        _van_or_bus(fr, look, half, bus=kind == "bus")
    if kind == "taxi":
        fr.quad([(-0.3, 0, 1.45), (0.2, 0, 1.45), (0.2, 0, 1.7), (-0.3, 0, 1.7)], (240, 220, 90), 1.2)
    _lights(fr, n, half, lamps)
    return bounds(fr.seen, 3)


def _prism(fr: _Frame, shape: _Prism, roof: Colour, sides: Colour) -> None:
    (b0, b1), (t0, t1), (wb, wt), (u0, u1) = shape
    walls: list[tuple[Pair, Pair, list[Corner], float]] = [
        ((1, 0), (b1, 0), [(b1, -wb, u0), (b1, wb, u0), (t1, wt, u1), (t1, -wt, u1)], 0.92),
        ((-1, 0), (b0, 0), [(b0, -wb, u0), (b0, wb, u0), (t0, wt, u1), (t0, -wt, u1)], 0.72),
        ((0, 1), (0, wb), [(b0, wb, u0), (b1, wb, u0), (t1, wt, u1), (t0, wt, u1)], 0.84),
        ((0, -1), (0, -wb), [(b0, -wb, u0), (b1, -wb, u0), (t1, -wt, u1), (t0, -wt, u1)], 0.84),
    ]
    for normal, foot, corners, gain in walls:
        if fr.faces_us(normal, foot):
            fr.quad(corners, sides, gain)
    fr.quad([(t0, -wt, u1), (t1, -wt, u1), (t1, wt, u1), (t0, wt, u1)], roof, 1.1)


def _shadow(fr: _Frame, n: float, half: float) -> None:
    corners = [(-n, -half), (n, -half), (n, half), (-n, half)]
    fr.easel.draw.polygon([fr.px(f, s, 0.0) for f, s in corners], fill=(0, 0, 0, 110))


def _ring(f: float, side: float, r: float, share: float, steps: int) -> list[Corner]:
    """A circle around an axle at height r; its radius is a share of r."""
    turns = [2 * pi * i / steps for i in range(steps)]
    return [(f + share * r * cos(a), side, r + share * r * sin(a)) for a in turns]


def _wheels(fr: _Frame, axles: tuple[float, ...], half: float, r: float) -> None:
    for ns in (1.0, -1.0):
        if fr.side_seen(ns, half):
            for f in axles:
                fr.quad(_ring(f, ns * (half + 0.01), r, 1.0, 12), (26, 26, 28))
                fr.quad(_ring(f, ns * (half + 0.02), r, 0.5, 6), (150, 150, 155))


def _lights(fr: _Frame, n: float, half: float, lamps: Lamps) -> None:
    for ns in (1.0, -1.0):
        a, b = ns * half * 0.55, ns * half * 0.95
        for end, off in ((1.0, (225, 225, 215)), (-1.0, (150, 25, 25))):
            f = end * (n + 0.01)
            corners: list[Corner] = [(f, a, 0.6), (f, b, 0.6), (f, b, 0.8), (f, a, 0.8)]
            if not fr.faces_us((end, 0), (f, 0)):
                continue
            if end > 0 and lamps.lit:
                fr.glow(corners, (255, 250, 215))
            elif end < 0 and lamps.braking:
                fr.glow(corners, (255, 40, 30))
            elif end < 0 and lamps.lit:
                fr.glow(corners, (170, 20, 20))
            else:
                fr.quad(corners, off)


def _car(fr: _Frame, look: Look, half: float) -> None:
    n = look.size / 2
    _prism(fr, _Prism((-n, n), (-n * 0.97, n * 0.97), (half, half * 0.97), (0.3, 0.88)), look.main, look.main)
    _wheels(fr, (-n * 0.6, n * 0.62), half, 0.33)
    w0, w1 = half * 0.93, half * 0.78
    _prism(fr, _Prism((-n * 0.72, n * 0.42), (-n * 0.45, n * 0.12), (w0, w1), (0.88, 1.45)), look.main, GLASS)
    pillar = fr.easel.tint(look.main, 0.8)
    for ns in (1.0, -1.0):
        if fr.side_seen(ns, half):
            for low, top in ((-n * 0.72, -n * 0.45), (-n * 0.14, -n * 0.14), (n * 0.42, n * 0.12)):
                fr.easel.draw.line((fr.px(low, ns * w0, 0.88), fr.px(top, ns * w1, 1.45)), fill=pillar, width=2)


def _truck(fr: _Frame, look: Look, half: float) -> None:
    n = look.size / 2
    cab = _Prism((n * 0.42, n), (n * 0.42, n * 0.9), (half * 0.95, half * 0.9), (0.45, 2.2))
    _prism(fr, cab, look.second, look.second)
    _prism(fr, _Prism((-n, n * 0.36), (-n, n * 0.36), (half, half), (0.55, 2.9)), look.main, look.main)
    _wheels(fr, (-n * 0.62, n * 0.66), half, 0.48)
    _side_panes(fr, half, (n * 0.5, n * 0.86), (1.35, 1.95), 1)
    _windscreen(fr, n, half, (1.35, 1.95))


def _van_or_bus(fr: _Frame, look: Look, half: float, *, bus: bool) -> None:
    n = look.size / 2
    front, tall = (n * 0.98, 3.0) if bus else (n * 0.82, 2.1)
    _prism(fr, _Prism((-n, n), (-n, front), (half, half * 0.94), (0.35, tall)), look.main, look.main)
    _wheels(fr, (-n * 0.62, n * 0.66), half, 0.48 if bus else 0.38)
    if bus:
        _side_panes(fr, half, (-n * 0.93, n * 0.95), (1.35, 2.35), 6)
        for ns in (1.0, -1.0):
            if fr.side_seen(ns, half):
                w = ns * half
                fr.quad([(-n, w, 0.8), (n, w, 0.8), (n, w, 1.05), (-n, w, 1.05)], look.second)
        _windscreen(fr, n, half, (1.35, 2.35))
    else:
        _side_panes(fr, half, (n * 0.28, n * 0.78), (1.15, 1.8), 1)
        _windscreen(fr, n * 0.9, half, (1.15, 1.8))


def _side_panes(fr: _Frame, half: float, along: Pair, height: Pair, panes: int) -> None:
    (f0, f1), (u0, u1) = along, height
    for ns in (1.0, -1.0):
        if fr.side_seen(ns, half):
            w, v = ns * half, ns * half * 0.97
            for i in range(panes):
                a, b = f0 + (f1 - f0) * i / panes, f0 + (f1 - f0) * (i + 0.86) / panes
                fr.quad([(a, w, u0), (b, w, u0), (b, v, u1), (a, v, u1)], GLASS)


def _windscreen(fr: _Frame, f: float, half: float, height: Pair) -> None:
    if fr.faces_us((1, 0), (f, 0)):
        w, v, (u0, u1) = half * 0.85, half * 0.8, height
        fr.quad([(f, -w, u0), (f, w, u0), (f * 0.97, v, u1), (f * 0.97, -v, u1)], GLASS)


def bicycle(easel: Easel, look: Look, stand: Stand, gone: float, *, fallen: bool) -> Box:
    """Draw a bicycle without its rider, upright or lying on its side; `gone` metres turn its wheels."""
    fr = _Frame(easel, stand)

    def px(f: float, u: float) -> Point:
        return fr.px(f, u, 0.05) if fallen else fr.px(f, 0.0, u)

    width = max(2, round(0.05 * easel.lens.scale(stand.at[1])))
    tyre, tube = easel.tint((30, 30, 32)), easel.tint(look.main)
    for f in (-0.52, 0.52):
        rim = [px(f + 0.34 * cos(a), 0.34 + 0.34 * sin(a)) for a in (i * pi / 7 for i in range(15))]
        easel.draw.line(rim, fill=tyre, width=width)
        c, s = 0.3 * cos(gone / 0.34), 0.3 * sin(gone / 0.34)
        easel.draw.line((px(f + c, 0.34 - s), px(f - c, 0.34 + s)), fill=tyre, width=1)
    frame = ((-0.52, 0.34), (-0.15, 0.85), (0.4, 0.8), (-0.02, 0.32), (-0.52, 0.34))
    saddle = ((-0.02, 0.32), (-0.18, 0.95), (-0.3, 0.95), (-0.05, 0.95))
    for tubes in (frame, saddle, ((0.52, 0.34), (0.38, 1.0), (0.55, 1.05))):
        easel.draw.line([px(*q) for q in tubes], fill=tube, width=width)
    return bounds(fr.seen, 3)
