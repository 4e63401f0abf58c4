"""The still part of a clip: ground, walls, signs and standing things, painted once and lit."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from rocot.sources.scenes.furniture import LAMP_HEIGHT, draw_prop
from rocot.sources.scenes.lens import CANVAS, MARGIN, SCALE, Box, Colour, Lens
from rocot.sources.scenes.places import Bay, Place, Prop
from rocot.sources.scenes.weather import Light, Weather

Floats = NDArray[np.float32]
COARSE = 8
"""Canvas pixels a cell of the light map."""


@dataclass(frozen=True)
class Sprite:
    """A standing thing cut out, to be put back over whoever walks behind it."""

    z: float
    box: Box
    image: Image.Image
    mask: Image.Image


@dataclass(frozen=True)
class Backdrop:
    """A painted place under its light."""

    image: Image.Image
    film: Image.Image
    """The same at film resolution."""
    light: Floats
    """The light at each coarse cell of the canvas, three factors."""
    sprites: tuple[Sprite, ...]

    def light_at(self, lens: Lens, x: float, z: float) -> Light:
        """The light on one who stands at a ground point."""
        px, py = lens.project(x, 0.3, z)
        rows, cols = self.light.shape[:2]
        r = min(rows - 1, max(0, int(py / COARSE)))
        c = min(cols - 1, max(0, int(px / COARSE)))
        cell = self.light[r, c]
        return (float(cell[0]), float(cell[1]), float(cell[2]))


@dataclass(frozen=True)
class Painting:
    """A place painted in full light, with what shines of itself apart: lit anew for each state of the lamps."""

    place: Place
    weather: Weather
    albedo: Floats
    glow: Floats
    props: tuple[tuple[Prop, Box, Image.Image], ...]


def paint(place: Place, weather: Weather, rng: Generator) -> Painting:
    """Paint a place; the light comes later."""
    image = Image.new("RGB", CANVAS, _sky(weather))
    glow = Image.new("RGB", CANVAS)
    draw, shine = ImageDraw.Draw(image, "RGBA"), ImageDraw.Draw(glow)
    brush = _Brush(draw, shine, place, weather, rng)
    brush.ground()
    brush.walls()
    albedo = np.asarray(image, dtype=np.float32)
    albedo = albedo * _grain(rng)
    cut: list[tuple[Prop, Box, Image.Image]] = []
    layer = Image.fromarray(np.clip(albedo, 0, 255).astype(np.uint8))
    for prop in place.props:
        own = Image.new("RGBA", CANVAS)
        draw_prop(ImageDraw.Draw(own), place.lens, prop, (1.0, 1.0, 1.0))
        box = own.getbbox()
        if box is None:
            continue
        piece = own.crop(box)
        layer.paste(piece, box[:2], piece.getchannel("A"))
        glow.paste((0, 0, 0), box[:2], piece.getchannel("A"))
        cut.append((prop, box, piece))
        if prop.kind == "lamp" and weather.lamps > 0:
            _lamp_head(shine, place.lens, prop, weather)
    bloom = glow.reduce(4).filter(ImageFilter.GaussianBlur(4)).resize(CANVAS, Image.Resampling.BILINEAR)
    light = np.asarray(glow, dtype=np.float32) + 0.7 * np.asarray(bloom, dtype=np.float32)
    return Painting(place, weather, np.asarray(layer, dtype=np.float32), light, tuple(cut))


def light_up(painting: Painting, dead_lamp: int | None = None) -> Backdrop:
    """The painting under its lamps; `dead_lamp` is the index of a lamp that is out."""
    place, weather = painting.place, painting.weather
    coarse = _light_map(place, weather, dead_lamp)
    fine = np.stack(
        [
            np.asarray(Image.fromarray(coarse[:, :, c]).resize(CANVAS, Image.Resampling.BILINEAR), dtype=np.float32)
            for c in range(3)
        ],
        axis=2,
    )
    glow = painting.glow
    if dead_lamp is not None:
        glow = glow.copy()
        lamp = [p for p in place.props if p.kind == "lamp"][dead_lamp]
        x, y = place.lens.project(lamp.x, LAMP_HEIGHT, lamp.z)
        r = int(1.6 * place.lens.scale(lamp.z))
        glow[max(0, int(y) - r) : max(0, int(y) + r), max(0, int(x) - r) : max(0, int(x) + r)] = 0
    image = Image.fromarray(np.clip(painting.albedo * fine + glow, 0, 255).astype(np.uint8))
    sprites = []
    for prop, box, piece in painting.props:
        mask = piece.getchannel("A").point(lambda a: 255 if a > 128 else 0)
        sprites.append(Sprite(prop.z, box, image.crop(box), mask))
    return Backdrop(image, image.reduce(SCALE), coarse, tuple(sprites))


def _sky(weather: Weather) -> Colour:
    return (96, 104, 120) if weather.dark else (196, 208, 222)


def _grain(rng: Generator) -> Floats:
    """Mottled surfaces: fine grain over broad stains, a factor around 1."""
    w, h = CANVAS
    out = np.ones((h, w), dtype=np.float32)
    for cell, depth in ((2, 0.05), (16, 0.04), (90, 0.05)):
        small = rng.normal(0, depth, (h // cell + 2, w // cell + 2)).astype(np.float32)
        out += np.asarray(Image.fromarray(small).resize((w, h), Image.Resampling.BILINEAR))
    return out[:, :, None]


def _lamp_head(shine: ImageDraw.ImageDraw, lens: Lens, prop: Prop, weather: Weather) -> None:
    x, y = lens.project(prop.x, LAMP_HEIGHT, prop.z)
    r = 0.28 * lens.scale(prop.z)
    c = weather.lamp_colour
    k = 120 + 130 * weather.lamps
    shine.ellipse(
        (x - 1.5 * r, y - r * 0.5, x + 1.5 * r, y + r * 0.7), fill=(int(k * c[0]), int(k * c[1]), int(k * c[2]))
    )


def _light_map(place: Place, weather: Weather, dead_lamp: int | None) -> Floats:
    """Light on the ground and on the wall, from the sky and from each lamp, at coarse resolution."""
    lens = place.lens
    cols, rows = CANVAS[0] // COARSE + 1, CANVAS[1] // COARSE + 1
    px = (np.arange(cols) + 0.5) * COARSE - CANVAS[0] / 2
    py = (np.arange(rows) + 0.5) * COARSE - (lens.horizon + MARGIN) * SCALE
    z = np.full(rows, place.wall)
    below = py > 1
    z[below] = np.minimum(place.wall, SCALE * lens.focal * lens.height / py[below])
    y = lens.height - py * z / (SCALE * lens.focal)
    y = np.maximum(y, 0.0)
    x = px[None, :] * z[:, None] / (SCALE * lens.focal)
    light = np.empty((rows, cols, 3), dtype=np.float32)
    light[:] = weather.ambient
    if weather.sun:
        shadow = (x + 0.35 * z[:, None] * np.sign(weather.sun_slant) > 0.2 * place.wall) & (y[:, None] < 6)
        light *= np.where(shadow, 0.62, 1.0)[:, :, None]
    if weather.lamps > 0:
        for i, lamp in enumerate(p for p in place.props if p.kind == "lamp"):
            if i == dead_lamp:
                continue
            d2 = (x - lamp.x) ** 2 + (z[:, None] - lamp.z) ** 2 + 0.35 * (y[:, None] - 1.0) ** 2
            pool = (weather.lamps * 0.72 / (1.0 + d2 / 9.0)).astype(np.float32)
            light += pool[:, :, None] * np.asarray(weather.lamp_colour, dtype=np.float32)
    return light


class _Brush:
    """Paints ground and walls, in metres."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, shine: ImageDraw.ImageDraw, place: Place, weather: Weather, rng: Generator
    ) -> None:
        self.draw, self.shine, self.place, self.weather, self.rng = draw, shine, place, weather, rng
        self.lens = place.lens

    def band(self, z0: float, z1: float, colour: Colour) -> None:
        """A strip of ground across the picture."""
        top, low = self.lens.project(0, 0, z1)[1], self.lens.project(0, 0, z0)[1]
        self.draw.rectangle((0, top, CANVAS[0], low), fill=colour)

    def patch(self, x0: float, x1: float, z0: float, z1: float, colour: Colour) -> None:
        """A rectangle on the ground."""
        p = self.lens.project
        self.draw.polygon([p(x0, 0, z0), p(x1, 0, z0), p(x1, 0, z1), p(x0, 0, z1)], fill=colour)

    def rect(self, x0: float, x1: float, y0: float, y1: float, colour: Colour, back: float = 0.0) -> None:
        """A rectangle on the wall."""
        a = self.lens.project(x0, y1, self.place.wall + back)
        b = self.lens.project(x1, y0, self.place.wall + back)
        self.draw.rectangle((a[0], a[1], b[0], b[1]), fill=colour)

    def lit(self, x0: float, x1: float, y0: float, y1: float, colour: Colour) -> None:
        """A rectangle on the wall that shines of itself when it is dark."""
        if not self.weather.dark:
            return
        a, b = self.lens.project(x0, y1, self.place.wall), self.lens.project(x1, y0, self.place.wall)
        self.shine.rectangle((a[0], a[1], b[0], b[1]), fill=colour)

    def ground(self) -> None:
        place, k = self.place, self.place.kind
        self.band(1.2, place.wall, place.ground)
        edge = self.lens.edge(place.wall) + 2
        if k in {"plaza", "station", "crossing", "shops"}:
            self._tiles(edge, 1.6 if k == "plaza" else 0.9)
        self.band(place.road[0], place.road[1], place.road_colour)
        for z, w in ((place.road[0], 0.14), (place.road[1], 0.14)):
            self.band(z - w / 2, z + w / 2, _scale(place.ground, 1.2))
        middle = (place.lanes[0].z + place.lanes[1].z) / 2
        if k not in {"plaza", "garage"}:
            x = -edge
            while x < edge:
                self.patch(x, x + 1.4, middle - 0.06, middle + 0.06, (205, 205, 200))
                x += 3.2
        if place.crossing is not None:
            z = place.road[0] + 0.3
            while z < place.road[1] - 0.4:
                self.patch(place.crossing - 1.5, place.crossing + 1.5, z, z + 0.45, (212, 212, 206))
                z += 0.95
        if k == "station":
            z = place.near_walk[1] + 0.1
            self.band(z - 0.3, z, (206, 176, 60))
            for dz in (-0.72, 0.72):
                self.band(place.lanes[1].z + dz - 0.05, place.lanes[1].z + dz + 0.05, (70, 70, 74))
        if k in {"parking", "garage"}:
            z0, z1 = place.far_walk[1] + 0.3, place.far_walk[1] + 5.1
            self.band(z0 - 0.2, place.wall, _scale(place.road_colour, 1.05))
            x = -edge - 1.375
            while x < edge:
                self.patch(x - 0.05, x + 0.05, z0, z1, (206, 206, 200))
                x += 2.75
        for _ in range(int(self.rng.integers(2, 7))):
            z = float(self.rng.uniform(place.near_walk[0], place.far_walk[1]))
            x = float(self.rng.uniform(-1, 1)) * self.lens.edge(z)
            r = float(self.rng.uniform(0.25, 0.9))
            c, s = self.lens.project(x, 0, z), self.lens.scale(z)
            dark = int(self.rng.integers(25, 90))
            self.draw.ellipse(
                (c[0] - r * s, c[1] - r * s * 0.3, c[0] + r * s, c[1] + r * s * 0.3), fill=(20, 20, 22, dark)
            )

    def _tiles(self, edge: float, size: float) -> None:
        place = self.place
        line = _scale(place.ground, 0.88)
        z = 2.0
        while z < place.wall:
            y = self.lens.project(0, 0, z)[1]
            self.draw.line((0, y, CANVAS[0], y), fill=line)
            z += size
        x = -edge
        while x < edge:
            self.draw.line((self.lens.project(x, 0, 2.0), self.lens.project(x, 0, place.wall)), fill=line)
            x += size

    def walls(self) -> None:
        place = self.place
        edge = self.lens.edge(place.wall) + 3
        if place.kind in {"parking", "plaza"}:
            self._skyline(edge)
        if place.kind == "garage":
            self.rect(-edge, edge, 0, 12, (112, 112, 112))
            self.rect(-edge, edge, 0.9, 1.5, self.place.bays[0].sign)
        for bay in place.bays:
            getattr(self, "_" + bay.kind)(bay)
        if place.kind == "garage":
            self._ceiling(edge)

    def _skyline(self, edge: float) -> None:
        x = -edge * 2.2
        while x < edge * 2.2:
            w, h = float(self.rng.uniform(5, 10)), float(self.rng.uniform(5, 12))
            tone = int(self.rng.integers(110, 160))
            self.rect(x, x + w, 0, h, (tone, tone, tone + 8), back=22)
            x += w + float(self.rng.uniform(0, 2.5))

    def _ceiling(self, edge: float) -> None:
        top = self.lens.project(0, 4.4, self.place.wall)[1]
        self.draw.rectangle((0, 0, CANVAS[0], max(0.0, top)), fill=(84, 84, 86))
        z = self.place.near_walk[0]
        while z < self.place.wall:
            for x in (-4.5, 0.0, 4.5):
                p = self.lens.project
                corners = [
                    p(x - 0.9, 4.35, z),
                    p(x + 0.9, 4.35, z),
                    p(x + 0.9, 4.35, z + 0.25),
                    p(x - 0.9, 4.35, z + 0.25),
                ]
                self.draw.polygon(corners, fill=(225, 228, 226))
            z += 4.0

    def _front(self, bay: Bay, upto: float = 9.0) -> None:
        self.rect(bay.x0, bay.x1, 0, upto, bay.colour)
        self.rect(bay.x0, bay.x0 + 0.12, 0, upto, _scale(bay.colour, 0.8))

    def _window(self, x0: float, x1: float, y0: float, y1: float, lit: bool) -> None:
        self.rect(x0 - 0.07, x1 + 0.07, y0 - 0.07, y1 + 0.07, (222, 218, 208))
        self.rect(x0, x1, y0, y1, (66, 78, 92))
        self.rect(x0, x0 + (x1 - x0) * 0.35, y0 + (y1 - y0) * 0.45, y1, (96, 112, 128))
        self.rect((x0 + x1) / 2 - 0.03, (x0 + x1) / 2 + 0.03, y0, y1, (222, 218, 208))
        if lit:
            self.lit(x0, x1, y0, y1, (120, 96, 50))

    def _upper(self, bay: Bay) -> None:
        y = 4.1
        while y < 8.5:
            x = bay.x0 + 0.7
            while x + 1.1 < bay.x1:
                self._window(x, x + 1.0, y, y + 1.5, bool(self.rng.random() < 0.3))
                x += 1.9
            y += 2.7

    def _shop(self, bay: Bay) -> None:
        low = self.place.kind == "parking"
        self._front(bay, 3.7 if low else 9.0)
        if not low:
            self._upper(bay)
        x0, x1 = bay.x0 + 0.35, bay.x1 - 1.35
        self.rect(x0, x1, 0.45, 2.4, (70, 84, 96))
        self.rect(x0, x0 + (x1 - x0) * 0.3, 0.9, 2.4, (104, 122, 136))
        for i in range(int((x1 - x0) / 0.5)):
            h = 0.3 + 0.5 * float(self.rng.random())
            tint = tuple(int(v) for v in self.rng.integers(70, 190, 3))
            self.rect(x0 + 0.1 + 0.5 * i, x0 + 0.4 + 0.5 * i, 0.5, 0.5 + h, (tint[0], tint[1], tint[2]))
        self.rect(x1 + 0.2, bay.x1 - 0.25, 0.0, 2.3, (54, 60, 66))
        self.rect(x1 + 0.3, bay.x1 - 0.35, 0.2, 2.2, (86, 98, 108))
        self._sign(bay)
        if bay.lit:
            self.lit(x0, x1, 0.45, 2.4, (118, 108, 82))
            self.lit(x1 + 0.3, bay.x1 - 0.35, 0.2, 2.2, (88, 80, 60))
        if self.rng.random() < 0.5:
            self._awning(x0, x1, _other(bay.sign))

    def _sign(self, bay: Bay) -> None:
        self.rect(bay.x0 + 0.2, bay.x1 - 0.2, 2.75, 3.4, bay.sign)
        x = bay.x0 + 0.6
        while x < bay.x1 - 0.8:
            w = float(self.rng.uniform(0.14, 0.4))
            self.rect(x, x + w, 2.93, 3.22, (236, 232, 220))
            x += w + 0.12
        if bay.lit:
            self.lit(bay.x0 + 0.2, bay.x1 - 0.2, 2.75, 3.4, _scale(bay.sign, 0.6))

    def _awning(self, x0: float, x1: float, colour: Colour) -> None:
        n = max(3, int((x1 - x0) / 0.4))
        z = self.place.wall
        for i in range(n):
            a, b = x0 + (x1 - x0) * i / n, x0 + (x1 - x0) * (i + 1) / n
            tint = colour if i % 2 else (228, 222, 208)
            p = self.lens.project
            self.draw.polygon([p(a, 2.75, z), p(b, 2.75, z), p(b, 2.2, z - 1.0), p(a, 2.2, z - 1.0)], fill=tint)

    def _glass(self, bay: Bay) -> None:
        self._front(bay)
        n = 3
        for i in range(n):
            w = (bay.x1 - bay.x0 - 0.4) / n
            x = bay.x0 + 0.2 + w * i
            self.rect(x + 0.05, x + w - 0.05, 0.3, 3.6, (74, 88, 100))
            self.rect(x + 0.05, x + w * 0.5, 1.6, 3.6, (108, 126, 140))
            if bay.lit:
                self.lit(x + 0.05, x + w - 0.05, 0.3, 3.6, (96, 98, 88))
        self.rect(bay.x0, bay.x1, 3.8, 4.3, bay.sign)

    def _door(self, bay: Bay) -> None:
        self._front(bay)
        self._upper(bay)
        m = (bay.x0 + bay.x1) / 2
        self.rect(m - 0.7, m + 0.7, 0, 2.5, (200, 194, 182))
        self.rect(m - 0.55, m + 0.55, 0, 2.35, _scale(bay.sign, 0.7))
        self._window(bay.x0 + 0.4, m - 1.0, 1.0, 2.2, bay.lit)

    def _house(self, bay: Bay) -> None:
        self._front(bay)
        self._upper(bay)
        for i in range(12):
            self.rect(bay.x0, bay.x1, i * 0.32, i * 0.32 + 0.03, _scale(bay.colour, 0.86))
        self._window(bay.x0 + 0.6, bay.x1 - 0.6, 1.0, 2.4, bay.lit)

    def _garage(self, bay: Bay) -> None:
        self._front(bay)
        self._upper(bay)
        self.rect(bay.x0 + 0.4, bay.x1 - 0.4, 0, 2.4, (176, 176, 170))
        for i in range(6):
            self.rect(bay.x0 + 0.4, bay.x1 - 0.4, i * 0.4, i * 0.4 + 0.04, (140, 140, 136))

    def _columns(self, bay: Bay) -> None:
        self.rect(bay.x0, bay.x1, 0, 9, _scale(bay.colour, 0.55))
        self.rect(bay.x0, bay.x1, 4.4, 9, bay.colour)
        for i in range(2):
            x = bay.x0 + (bay.x1 - bay.x0) * (0.25 + 0.5 * i)
            self.rect(x - 0.35, x + 0.35, 0, 4.4, _scale(bay.colour, 1.12))
            self.rect(x + 0.15, x + 0.35, 0, 4.4, _scale(bay.colour, 0.9))

    def _trees(self, bay: Bay) -> None:
        p = self.lens.project
        for _ in range(26):
            x, y = float(self.rng.uniform(bay.x0, bay.x1)), float(self.rng.uniform(0.6, 5.5))
            c, r = p(x, y, self.place.wall), float(self.rng.uniform(0.5, 1.0)) * self.lens.scale(self.place.wall)
            g = int(self.rng.integers(-16, 16))
            self.draw.ellipse((c[0] - r, c[1] - r, c[0] + r, c[1] + r), fill=(66 + g, 98 + g, 56 + g))

    def _hedge(self, bay: Bay) -> None:
        p = self.lens.project
        for _ in range(34):
            x, y = float(self.rng.uniform(bay.x0, bay.x1)), float(self.rng.uniform(0.3, 1.9))
            c, r = p(x, y, self.place.wall), 0.35 * self.lens.scale(self.place.wall)
            g = int(self.rng.integers(-16, 16))
            self.draw.ellipse((c[0] - r, c[1] - r, c[0] + r, c[1] + r), fill=(64 + g, 96 + g, 54 + g))

    def _fence(self, bay: Bay) -> None:
        self.rect(bay.x0, bay.x1, 0, 1.7, _scale(bay.colour, 0.9))
        self.rect(bay.x0, bay.x1, 1.62, 1.75, _scale(bay.colour, 1.15))

    def _concrete(self, bay: Bay) -> None:
        self.rect(bay.x0, bay.x0 + 0.08, 0, 9, (92, 92, 92))
        m = (bay.x0 + bay.x1) / 2
        self.rect(m - 0.35, m + 0.35, 1.9, 2.5, (226, 226, 222))


def _scale(colour: Colour, k: float) -> Colour:
    return (min(255, int(colour[0] * k)), min(255, int(colour[1] * k)), min(255, int(colour[2] * k)))


def _other(colour: Colour) -> Colour:
    return (colour[1], colour[0], colour[2]) if colour[0] < colour[1] else colour
