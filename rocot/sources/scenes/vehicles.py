"""Cars, vans, trucks, buses and bicycles: boxes in perspective with windows, wheels and lights."""

from math import cos, pi, sin

from PIL.ImageDraw import ImageDraw

from rocot.sources.scenes.figures import Light
from rocot.sources.scenes.lens import Box, Colour, Lens, Point, shade
from rocot.sources.scenes.track import Look

GLASS: Colour = (52, 64, 78)
SIZES = {"car": (4.2, 1.8), "taxi": (4.3, 1.8), "van": (4.9, 2.0), "truck": (6.4, 2.3), "bus": (9.5, 2.5)}
"""Length and width, metres."""


class _Frame:
    """A vehicle's own axes: forward along its heading, left, up; and what of it the camera sees."""

    def __init__(self, draw: ImageDraw, lens: Lens, at: Point, facing: float, light: Light) -> None:
        self.draw, self.lens, self.at, self.light = draw, lens, at, light
        self.c, self.s = cos(facing), sin(facing)
        self.seen: list[Point] = []

    def px(self, f: float, side: float, u: float) -> Point:
        p = self.lens.project(self.at[0] + f * self.c - side * self.s, u, self.at[1] + f * self.s + side * self.c)
        self.seen.append(p)
        return p

    def faces_us(self, nf: float, ns: float, f: float, side: float) -> bool:
        """Whether a wall with this outward normal, at this point, is turned to the camera."""
        nx, nz = nf * self.c - ns * self.s, nf * self.s + ns * self.c
        return nx * (self.at[0] + f * self.c - side * self.s) + nz * (self.at[1] + f * self.s + side * self.c) < 0

    def quad(self, corners: list[tuple[float, float, float]], colour: Colour, gain: float = 1.0) -> None:
        self.draw.polygon([self.px(*q) for q in corners], fill=shade(colour, self.light, gain))

    def glow(self, corners: list[tuple[float, float, float]], colour: Colour) -> None:
        self.draw.polygon([self.px(*q) for q in corners], fill=colour)


def _prism(
    fr: _Frame,
    low: tuple[float, float],
    top: tuple[float, float],
    w: tuple[float, float],
    u: tuple[float, float],
    colour: Colour,
    sides: Colour,
) -> None:
    """A box, wider below than above: low/top are (rear, front), w the half widths, u the heights."""
    (b0, b1), (t0, t1), (wb, wt), (u0, u1) = low, top, w, u
    walls = [
        ((1, 0), (b1, 0.0), [(b1, -wb, u0), (b1, wb, u0), (t1, wt, u1), (t1, -wt, u1)], 0.92),
        ((-1, 0), (b0, 0.0), [(b0, -wb, u0), (b0, wb, u0), (t0, wt, u1), (t0, -wt, u1)], 0.72),
        ((0, 1), (0.0, wb), [(b0, wb, u0), (b1, wb, u0), (t1, wt, u1), (t0, wt, u1)], 0.84),
        ((0, -1), (0.0, -wb), [(b0, -wb, u0), (b1, -wb, u0), (t1, -wt, u1), (t0, -wt, u1)], 0.84),
    ]
    for (nf, ns), (f, side), corners, gain in walls:
        if fr.faces_us(nf, ns, f, side):
            fr.quad(corners, sides, gain)
    fr.quad([(t0, -wt, u1), (t1, -wt, u1), (t1, wt, u1), (t0, wt, u1)], colour, 1.1)


def _wheels(fr: _Frame, spots: tuple[float, ...], half: float, r: float) -> None:
    for ns in (1.0, -1.0):
        if not fr.faces_us(0, ns, 0, ns * half):
            continue
        for f in spots:
            rim = [(f + r * cos(a), ns * (half + 0.01), r + r * sin(a)) for a in (i * pi / 6 for i in range(12))]
            fr.quad(rim, (26, 26, 28))
            hub = [
                (f + r * 0.5 * cos(a), ns * (half + 0.02), r + r * 0.5 * sin(a)) for a in (i * pi / 3 for i in range(6))
            ]
            fr.quad(hub, (150, 150, 155))


def _lamps(fr: _Frame, rear: float, front: float, half: float, u: float, lit: bool, braking: bool) -> None:
    for ns in (1.0, -1.0):
        a, b = ns * half * 0.55, ns * half * 0.95
        if fr.faces_us(1, 0, front, 0):
            corners = [
                (front + 0.01, a, u),
                (front + 0.01, b, u),
                (front + 0.01, b, u + 0.2),
                (front + 0.01, a, u + 0.2),
            ]
            if lit:
                fr.glow(corners, (255, 250, 215))
            else:
                fr.quad(corners, (225, 225, 215))
        if fr.faces_us(-1, 0, rear, 0):
            corners = [(rear - 0.01, a, u), (rear - 0.01, b, u), (rear - 0.01, b, u + 0.2), (rear - 0.01, a, u + 0.2)]
            if lit or braking:
                fr.glow(corners, (255, 40, 30) if braking else (170, 20, 20))
            else:
                fr.quad(corners, (150, 25, 25))


def _shadow(fr: _Frame, half_l: float, half_w: float) -> None:
    m = 0.12
    corners = [
        (-half_l - m, -half_w - m),
        (half_l + m, -half_w - m),
        (half_l + m, half_w + m),
        (-half_l - m, half_w + m),
    ]
    fr.draw.polygon([fr.px(f, s, 0.0) for f, s in corners], fill=(0, 0, 0, 110))


def _car(fr: _Frame, look: Look, half: float, taxi: bool) -> None:
    n = look.size / 2
    _prism(fr, (-n, n), (-n * 0.97, n * 0.97), (half, half * 0.97), (0.3, 0.88), look.main, look.main)
    _wheels(fr, (-n * 0.6, n * 0.62), half, 0.33)
    _prism(fr, (-n * 0.72, n * 0.42), (-n * 0.45, n * 0.12), (half * 0.93, half * 0.78), (0.88, 1.45), look.main, GLASS)
    for ns in (1.0, -1.0):
        if fr.faces_us(0, ns, 0, ns * half):
            w0, w1 = ns * half * 0.93, ns * half * 0.78
            for b, t in ((-n * 0.72, -n * 0.45), (-n * 0.14, -n * 0.14), (n * 0.42, n * 0.12)):
                fr.draw.line((fr.px(b, w0, 0.88), fr.px(t, w1, 1.45)), fill=shade(look.main, fr.light, 0.8), width=2)
    if taxi:
        fr.quad([(-0.3, 0, 1.45), (0.2, 0, 1.45), (0.2, 0, 1.7), (-0.3, 0, 1.7)], (240, 220, 90), 1.2)


def _box(fr: _Frame, look: Look, kind: str, half: float) -> None:
    n, tall = look.size / 2, {"van": 2.1, "truck": 2.9, "bus": 3.0}[kind]
    if kind == "truck":
        _prism(fr, (n * 0.42, n), (n * 0.42, n * 0.9), (half * 0.95, half * 0.9), (0.45, 2.2), look.second, look.second)
        _prism(fr, (-n, n * 0.36), (-n, n * 0.36), (half, half), (0.55, tall), look.main, look.main)
    else:
        _prism(
            fr,
            (-n, n),
            (-n, n * (0.82 if kind == "van" else 0.98)),
            (half, half * 0.94),
            (0.35, tall),
            look.main,
            look.main,
        )
    _wheels(fr, (-n * 0.62, n * 0.66), half, 0.38 if kind == "van" else 0.48)
    f0, f1 = {"van": (n * 0.28, n * 0.78), "truck": (n * 0.5, n * 0.86), "bus": (-n * 0.93, n * 0.95)}[kind]
    u0, u1 = {"van": (1.15, 1.8), "truck": (1.35, 1.95), "bus": (1.35, 2.35)}[kind]
    panes = 6 if kind == "bus" else 1
    for ns in (1.0, -1.0):
        if fr.faces_us(0, ns, 0, ns * half):
            for i in range(panes):
                a = f0 + (f1 - f0) * i / panes
                b = f0 + (f1 - f0) * (i + 0.86) / panes
                fr.quad(
                    [(a, ns * half, u0), (b, ns * half, u0), (b, ns * half * 0.97, u1), (a, ns * half * 0.97, u1)],
                    GLASS,
                )
            if kind == "bus":
                fr.quad(
                    [(-n, ns * half, 0.8), (n, ns * half, 0.8), (n, ns * half, 1.05), (-n, ns * half, 1.05)],
                    look.second,
                )
    if fr.faces_us(1, 0, n, 0):
        k = 0.9 if kind == "van" else 1.0
        fr.quad(
            [
                (n * k, -half * 0.85, u0),
                (n * k, half * 0.85, u0),
                (n * k * 0.97, half * 0.8, u1),
                (n * k * 0.97, -half * 0.8, u1),
            ],
            GLASS,
        )


def vehicle(
    draw: ImageDraw, lens: Lens, kind: str, at: Point, facing: float, look: Look, light: Light, lit: bool, braking: bool
) -> Box:
    """Draw a vehicle whose middle is over a ground point; the canvas box that was touched."""
    fr = _Frame(draw, lens, at, facing, light)
    half = SIZES[kind][1] / 2
    n = look.size / 2
    _shadow(fr, n, half)
    if kind in {"car", "taxi"}:
        _car(fr, look, half, kind == "taxi")
    else:
        _box(fr, look, kind, half)
    _lamps(fr, -n, n, half, 0.6, lit, braking)
    return _bounds(fr)


def bicycle(
    draw: ImageDraw, lens: Lens, at: Point, facing: float, metres: float, look: Look, light: Light, fallen: bool
) -> Box:
    """Draw a bicycle without its rider, upright or lying on its side."""
    fr = _Frame(draw, lens, at, facing, light)

    def px(f: float, u: float) -> Point:
        return fr.px(f, u, 0.05) if fallen else fr.px(f, 0.0, u)

    width = max(2, round(0.05 * lens.scale(at[1])))
    tyre, tube = shade((30, 30, 32), light), shade(look.main, light)
    for f in (-0.52, 0.52):
        rim = [px(f + 0.34 * cos(a), 0.34 + 0.34 * sin(a)) for a in (i * pi / 7 for i in range(15))]
        draw.line(rim, fill=tyre, width=width)
        a = metres / 0.34
        draw.line(
            (px(f + 0.3 * cos(a), 0.34 - 0.3 * sin(a)), px(f - 0.3 * cos(a), 0.34 + 0.3 * sin(a))), fill=tyre, width=1
        )
    frame = [(-0.52, 0.34), (-0.15, 0.85), (0.4, 0.8), (-0.02, 0.32), (-0.52, 0.34)]
    draw.line([px(*q) for q in frame], fill=tube, width=width)
    draw.line([px(*q) for q in ((-0.02, 0.32), (-0.18, 0.95), (-0.3, 0.95), (-0.05, 0.95))], fill=tube, width=width)
    draw.line([px(*q) for q in ((0.52, 0.34), (0.38, 1.0), (0.55, 1.05))], fill=tube, width=width)
    return _bounds(fr)


def _bounds(fr: _Frame) -> Box:
    xs, ys = [p[0] for p in fr.seen], [p[1] for p in fr.seen]
    return (int(min(xs)) - 3, int(min(ys)) - 3, int(max(xs)) + 4, int(max(ys)) + 4)
