"""The still part of a clip: ground, walls, signs and standing things, painted once and lit."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from rocot.sources.scenes.brush import Brush
from rocot.sources.scenes.easel import Easel, Light
from rocot.sources.scenes.facades import paint_walls
from rocot.sources.scenes.furniture import LAMP_HEIGHT, draw_prop
from rocot.sources.scenes.grounds import paint_ground
from rocot.sources.scenes.lens import CANVAS, MARGIN, SCALE, Box, Colour, Lens
from rocot.sources.scenes.places import Place, Prop
from rocot.sources.scenes.weather import Weather

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
    shine = ImageDraw.Draw(glow)
    brush = Brush(ImageDraw.Draw(image, "RGBA"), shine if weather.dark else None, place, rng)
    paint_ground(brush)
    paint_walls(brush)
    albedo = np.asarray(image, dtype=np.float32)
    albedo = albedo * _grain(rng)
    cut: list[tuple[Prop, Box, Image.Image]] = []
    layer = Image.fromarray(np.clip(albedo, 0, 255).astype(np.uint8))
    for prop in place.props:
        own = Image.new("RGBA", CANVAS)
        draw_prop(Easel(ImageDraw.Draw(own), place.lens, (1.0, 1.0, 1.0)), prop)
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
