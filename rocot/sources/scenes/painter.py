"""Draws one frame of a script: the still backdrop, then everything that moves, the farthest first."""

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from PIL import ImageDraw

from rocot.sources.scenes.air import Air
from rocot.sources.scenes.backdrop import Backdrop, Sprite, light_up, paint
from rocot.sources.scenes.cast import Cast
from rocot.sources.scenes.effects import DRAWN
from rocot.sources.scenes.lens import CANVAS, SCALE, Box
from rocot.sources.scenes.lights import shine
from rocot.sources.scenes.script import Script
from rocot.sources.scenes.track import Actor, Effect, where


class Painter:
    """Draws the frames of one script, in any order.

    Moving things are drawn on a canvas of twice the film's size that holds the still backdrop; only the boxes they
    touch are scaled down into the film, and then wiped. That is what makes smooth edges cheap.
    """

    def __init__(self, script: Script) -> None:
        self.script, self.lens = script, script.place.lens
        painting = paint(script.place, script.weather, Generator(PCG64(script.seed)))
        self.lit = light_up(painting)
        self.lamp = next((e for e in script.effects if e.kind == "lamp"), None)
        self.unlit = self.lit if self.lamp is None else light_up(painting, int(self.lamp.size))
        self.cast = Cast(script.actors, self.lens, script.weather)
        self.canvas = self.lit.image.copy()
        self.pen = ImageDraw.Draw(self.canvas, "RGBA")
        self.on_canvas = self.lit

    def frame(self, t: float) -> NDArray[np.uint8]:
        """The frame at time t, seconds: rows by columns by RGB, with its margin."""
        backdrop = self._backdrop(t)
        if backdrop is not self.on_canvas:
            self.canvas.paste(backdrop.image)
            self.on_canvas = backdrop
        boxes = [box for box in map(_within, self._moving(t, backdrop)) if box is not None]
        film = backdrop.film.copy()
        for box in boxes:
            film.paste(self.canvas.crop(box).reduce(SCALE), (box[0] // SCALE, box[1] // SCALE))
        for box in boxes:
            self.canvas.paste(backdrop.image.crop(box), box[:2])
        out = np.array(film)
        shine(out, self.script, t)
        return out

    def _backdrop(self, t: float) -> Backdrop:
        """The place with its lamp out before it comes on, and flickering when it does, if it is that kind."""
        if self.lamp is None:
            return self.lit
        since = t - self.lamp.start
        flickers = self.lamp.seed % 2 == 1 and since < 1.2 and int(since * 12) % 3 == 0
        return self.unlit if since < 0 or flickers else self.lit

    def _moving(self, t: float, backdrop: Backdrop) -> list[Box]:
        """Draw what moves, and what stands before it again; the boxes touched."""
        boxes: list[Box] = []
        sprites = list(backdrop.sprites)
        for z, thing in self._things(t):
            while sprites and sprites[0].z >= z:
                self._put_back(sprites.pop(0), boxes)
            if isinstance(thing, Actor):
                boxes += self.cast.draw(self.pen, thing, t, backdrop)
            else:
                air = Air(self.canvas, self.pen, self.lens)
                DRAWN[thing.kind](air, thing, t, backdrop.light_at(self.lens, thing.x, thing.z))
                boxes += air.boxes
        for sprite in sprites:
            self._put_back(sprite, boxes)
        return boxes

    def _things(self, t: float) -> list[tuple[float, Actor | Effect]]:
        """What is there at time t, with its depth, the farthest first. A bicycle is behind its rider."""
        things: list[tuple[float, Actor | Effect]] = []
        for actor in self.script.actors:
            found = actor.beat_at(t)
            if found is not None:
                things.append((where(found[1], t)[1] + 0.05 * (actor.kind == "bicycle"), actor))
        things += [(e.z - 0.1, e) for e in self.script.effects if e.kind in DRAWN and e.start <= t < e.end]
        things.sort(key=lambda thing: -thing[0])
        return things

    def _put_back(self, sprite: Sprite, boxes: list[Box]) -> None:
        if any(_meet(sprite.box, box) for box in boxes):
            self.canvas.paste(sprite.image, sprite.box[:2], sprite.mask)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _within(box: Box) -> Box | None:
    """The box on the canvas, on even pixels, or None where nothing is left of it."""
    x0, y0 = max(0, box[0]) & ~1, max(0, box[1]) & ~1
    x1, y1 = min(CANVAS[0], box[2] + 1 & ~1), min(CANVAS[1], box[3] + 1 & ~1)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
