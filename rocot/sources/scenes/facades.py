"""What closes the picture at the back: shops, houses, glass, columns, hedges, a garage's concrete."""

from collections.abc import Callable

from rocot.sources.scenes.brush import Brush, scaled
from rocot.sources.scenes.lens import CANVAS, Colour
from rocot.sources.scenes.places import Bay

FRAME = (222, 218, 208)


def paint_walls(b: Brush) -> None:
    """Paint a place's wall, bay by bay."""
    kind = b.place.kind
    edge = b.lens.edge(b.place.wall) + 3
    if kind in {"parking", "plaza"}:
        _skyline(b, edge)
    if kind == "garage":
        b.rect((-edge, edge), (0, 12), (112, 112, 112))
        b.rect((-edge, edge), (0.9, 1.5), b.place.bays[0].sign)
    for bay in b.place.bays:
        BAYS[bay.kind](b, bay)
    if kind == "garage":
        _ceiling(b)


def _skyline(b: Brush, edge: float) -> None:
    x = -edge * 2.2
    while x < edge * 2.2:
        w, h = b.uniform(5, 10), b.uniform(5, 12)
        tone = int(b.rng.integers(110, 160))
        b.rect((x, x + w), (0, h), (tone, tone, tone + 8), back=22)
        x += w + b.uniform(0, 2.5)


def _ceiling(b: Brush) -> None:
    p = b.lens.project
    top = p(0, 4.4, b.place.wall)[1]
    b.draw.rectangle((0, 0, CANVAS[0], max(0.0, top)), fill=(84, 84, 86))
    z = b.place.near_walk[0]
    while z < b.place.wall:
        for x in (-4.5, 0.0, 4.5):
            near, far = (
                [p(x - 0.9, 4.35, z), p(x + 0.9, 4.35, z)],
                [p(x + 0.9, 4.35, z + 0.25), p(x - 0.9, 4.35, z + 0.25)],
            )
            b.draw.polygon(near + far, fill=(225, 228, 226))
        z += 4.0


def _front(b: Brush, bay: Bay, upto: float = 9.0) -> None:
    b.rect((bay.x0, bay.x1), (0, upto), bay.colour)
    b.rect((bay.x0, bay.x0 + 0.12), (0, upto), scaled(bay.colour, 0.8))


def _window(b: Brush, xs: tuple[float, float], ys: tuple[float, float], *, lit: bool) -> None:
    (x0, x1), (y0, y1) = xs, ys
    middle = (x0 + x1) / 2
    b.rect((x0 - 0.07, x1 + 0.07), (y0 - 0.07, y1 + 0.07), FRAME)
    b.rect(xs, ys, (66, 78, 92))
    b.rect((x0, x0 + (x1 - x0) * 0.35), (y0 + (y1 - y0) * 0.45, y1), (96, 112, 128))
    b.rect((middle - 0.03, middle + 0.03), ys, FRAME)
    if lit:
        b.lit(xs, ys, (120, 96, 50))


def _upper(b: Brush, bay: Bay) -> None:
    y = 4.1
    while y < 8.5:
        x = bay.x0 + 0.7
        while x + 1.1 < bay.x1:
            _window(b, (x, x + 1.0), (y, y + 1.5), lit=bool(b.rng.random() < 0.3))
            x += 1.9
        y += 2.7


def _shop(b: Brush, bay: Bay) -> None:
    low = b.place.kind == "parking"
    _front(b, bay, 3.7 if low else 9.0)
    if not low:
        _upper(b, bay)
    x0, x1 = bay.x0 + 0.35, bay.x1 - 1.35
    b.rect((x0, x1), (0.45, 2.4), (70, 84, 96))
    b.rect((x0, x0 + (x1 - x0) * 0.3), (0.9, 2.4), (104, 122, 136))
    for i in range(int((x1 - x0) / 0.5)):
        h = b.uniform(0.3, 0.8)
        red, green, blue = (int(v) for v in b.rng.integers(70, 190, 3))
        b.rect((x0 + 0.1 + 0.5 * i, x0 + 0.4 + 0.5 * i), (0.5, 0.5 + h), (red, green, blue))
    b.rect((x1 + 0.2, bay.x1 - 0.25), (0.0, 2.3), (54, 60, 66))
    b.rect((x1 + 0.3, bay.x1 - 0.35), (0.2, 2.2), (86, 98, 108))
    _sign(b, bay)
    if bay.lit:
        b.lit((x0, x1), (0.45, 2.4), (118, 108, 82))
        b.lit((x1 + 0.3, bay.x1 - 0.35), (0.2, 2.2), (88, 80, 60))
    if b.rng.random() < 0.5:
        _awning(b, x0, x1, bay.sign)


def _sign(b: Brush, bay: Bay) -> None:
    b.rect((bay.x0 + 0.2, bay.x1 - 0.2), (2.75, 3.4), bay.sign)
    x = bay.x0 + 0.6
    while x < bay.x1 - 0.8:
        w = b.uniform(0.14, 0.4)
        b.rect((x, x + w), (2.93, 3.22), (236, 232, 220))
        x += w + 0.12
    if bay.lit:
        b.lit((bay.x0 + 0.2, bay.x1 - 0.2), (2.75, 3.4), scaled(bay.sign, 0.6))


def _awning(b: Brush, x0: float, x1: float, colour: Colour) -> None:
    n, z, p = max(3, int((x1 - x0) / 0.4)), b.place.wall, b.lens.project
    for i in range(n):
        left, right = x0 + (x1 - x0) * i / n, x0 + (x1 - x0) * (i + 1) / n
        stripe = colour if i % 2 else (228, 222, 208)
        top, hem = [p(left, 2.75, z), p(right, 2.75, z)], [p(right, 2.2, z - 1.0), p(left, 2.2, z - 1.0)]
        b.draw.polygon(top + hem, fill=stripe)


def _glass(b: Brush, bay: Bay) -> None:
    _front(b, bay)
    w = (bay.x1 - bay.x0 - 0.4) / 3
    for i in range(3):
        x = bay.x0 + 0.2 + w * i
        b.rect((x + 0.05, x + w - 0.05), (0.3, 3.6), (74, 88, 100))
        b.rect((x + 0.05, x + w * 0.5), (1.6, 3.6), (108, 126, 140))
        if bay.lit:
            b.lit((x + 0.05, x + w - 0.05), (0.3, 3.6), (96, 98, 88))
    b.rect((bay.x0, bay.x1), (3.8, 4.3), bay.sign)


def _door(b: Brush, bay: Bay) -> None:
    _front(b, bay)
    _upper(b, bay)
    m = (bay.x0 + bay.x1) / 2
    b.rect((m - 0.7, m + 0.7), (0, 2.5), (200, 194, 182))
    b.rect((m - 0.55, m + 0.55), (0, 2.35), scaled(bay.sign, 0.7))
    _window(b, (bay.x0 + 0.4, m - 1.0), (1.0, 2.2), lit=bay.lit)


def _house(b: Brush, bay: Bay) -> None:
    _front(b, bay)
    _upper(b, bay)
    for i in range(12):
        b.rect((bay.x0, bay.x1), (i * 0.32, i * 0.32 + 0.03), scaled(bay.colour, 0.86))
    _window(b, (bay.x0 + 0.6, bay.x1 - 0.6), (1.0, 2.4), lit=bay.lit)


def _shutter(b: Brush, bay: Bay) -> None:
    _front(b, bay)
    _upper(b, bay)
    b.rect((bay.x0 + 0.4, bay.x1 - 0.4), (0, 2.4), (176, 176, 170))
    for i in range(6):
        b.rect((bay.x0 + 0.4, bay.x1 - 0.4), (i * 0.4, i * 0.4 + 0.04), (140, 140, 136))


def _columns(b: Brush, bay: Bay) -> None:
    b.rect((bay.x0, bay.x1), (0, 9), scaled(bay.colour, 0.55))
    b.rect((bay.x0, bay.x1), (4.4, 9), bay.colour)
    for i in range(2):
        x = bay.x0 + (bay.x1 - bay.x0) * (0.25 + 0.5 * i)
        b.rect((x - 0.35, x + 0.35), (0, 4.4), scaled(bay.colour, 1.12))
        b.rect((x + 0.15, x + 0.35), (0, 4.4), scaled(bay.colour, 0.9))


def _trees(b: Brush, bay: Bay) -> None:
    for _ in range(26):
        g = int(b.rng.integers(-16, 16))
        b.blot(b.uniform(bay.x0, bay.x1), b.uniform(0.6, 5.5), b.uniform(0.5, 1.0), (66 + g, 98 + g, 56 + g))


def _hedge(b: Brush, bay: Bay) -> None:
    for _ in range(34):
        g = int(b.rng.integers(-16, 16))
        b.blot(b.uniform(bay.x0, bay.x1), b.uniform(0.3, 1.9), 0.35, (64 + g, 96 + g, 54 + g))


def _fence(b: Brush, bay: Bay) -> None:
    b.rect((bay.x0, bay.x1), (0, 1.7), scaled(bay.colour, 0.9))
    b.rect((bay.x0, bay.x1), (1.62, 1.75), scaled(bay.colour, 1.15))


def _concrete(b: Brush, bay: Bay) -> None:
    b.rect((bay.x0, bay.x0 + 0.08), (0, 9), (92, 92, 92))
    m = (bay.x0 + bay.x1) / 2
    b.rect((m - 0.35, m + 0.35), (1.9, 2.5), (226, 226, 222))


BAYS: dict[str, Callable[[Brush, Bay], None]] = {
    "shop": _shop, "glass": _glass, "door": _door, "house": _house, "shutter": _shutter, "columns": _columns,
    "trees": _trees, "hedge": _hedge, "fence": _fence, "concrete": _concrete,
}  # fmt: skip
