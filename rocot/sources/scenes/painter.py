"""Draws one frame of a script: the still backdrop, then everything that moves, the farthest first."""

from math import cos, sin

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from PIL import ImageDraw

from rocot.sources.scenes import effects
from rocot.sources.scenes.backdrop import Backdrop, Sprite, light_up, paint
from rocot.sources.scenes.figures import Light, dog, person
from rocot.sources.scenes.lens import CANVAS, SCALE, Box, Point
from rocot.sources.scenes.poses import POSES, blend, smooth
from rocot.sources.scenes.script import Script
from rocot.sources.scenes.track import Actor, Beat, Effect, apart, share, where
from rocot.sources.scenes.vehicles import bicycle, vehicle

BLEND = 0.28
"""Seconds in which one pose turns into the next."""
VEHICLES = frozenset({"car", "taxi", "van", "truck", "bus"})


class Painter:
    """Draws the frames of one script, in any order."""

    def __init__(self, script: Script) -> None:
        self.script, self.lens = script, script.place.lens
        painting = paint(script.place, script.weather, Generator(PCG64(script.seed)))
        self.lit = light_up(painting)
        dead = next((int(e.size) for e in script.effects if e.kind == "lamp"), None)
        self.unlit = self.lit if dead is None else light_up(painting, dead)
        self.canvas = self.lit.image.copy()
        self.draw = ImageDraw.Draw(self.canvas, "RGBA")
        self.on_canvas = self.lit
        self.metres = {id(a): _metres(a) for a in script.actors}

    def frame(self, t: float) -> NDArray[np.uint8]:
        """The frame at time t, seconds: rows by columns by RGB, with its margin."""
        backdrop = self._backdrop(t)
        if backdrop is not self.on_canvas:
            self.canvas.paste(backdrop.image)
            self.on_canvas = backdrop
        boxes = [b for b in (_within(box) for box in self._moving(t, backdrop)) if b is not None]
        film = backdrop.film.copy()
        for box in boxes:
            film.paste(self.canvas.crop(box).reduce(SCALE), (box[0] // SCALE, box[1] // SCALE))
        for box in boxes:
            self.canvas.paste(backdrop.image.crop(box), box[:2])
        out = np.array(film)
        self._glows(out, t)
        return out

    def _backdrop(self, t: float) -> Backdrop:
        for e in self.script.effects:
            if e.kind == "lamp":
                since = t - e.start
                flickers = e.seed % 2 and since < 1.2 and int(since * 12) % 3 == 0
                if since < 0 or flickers:
                    return self.unlit
        return self.lit

    def _moving(self, t: float, backdrop: Backdrop) -> list[Box]:
        """Draw what moves and what stands before it; the boxes touched."""
        things: list[tuple[float, Actor | Effect]] = []
        for actor in self.script.actors:
            found = actor.beat_at(t)
            if found is not None:
                z = where(found[1], t)[1]
                things.append((z + (0.05 if actor.kind == "bicycle" else 0.0), actor))
        for e in self.script.effects:
            if e.kind in effects.DRAWN and e.start <= t < e.end:
                things.append((e.z - 0.1, e))
        things.sort(key=lambda thing: -thing[0])
        boxes: list[Box] = []
        sprites = list(backdrop.sprites)
        for z, thing in things:
            while sprites and sprites[0].z >= z:
                self._put_back(sprites.pop(0), boxes)
            boxes += self._actor(thing, t, backdrop) if isinstance(thing, Actor) else self._effect(thing, t, backdrop)
        for sprite in sprites:
            self._put_back(sprite, boxes)
        return boxes

    def _put_back(self, sprite: Sprite, boxes: list[Box]) -> None:
        if any(_meet(sprite.box, box) for box in boxes):
            self.canvas.paste(sprite.image, sprite.box[:2], sprite.mask)

    def _effect(self, e: Effect, t: float, backdrop: Backdrop) -> list[Box]:
        air = effects.Air(self.canvas, self.draw, self.lens)
        effects.DRAWN[e.kind](air, e, t, backdrop.light_at(self.lens, e.x, e.z))
        return air.boxes

    def _actor(self, actor: Actor, t: float, backdrop: Backdrop) -> list[Box]:
        found = actor.beat_at(t)
        if found is None:
            return []
        i, beat = found
        at = where(beat, t)
        if abs(at[0]) > self.lens.edge(at[1]) + 6:
            return []
        before = actor.beats[i - 1] if i else None
        facing = _facing(before, beat, t)
        light = backdrop.light_at(self.lens, *at)
        gone = self.metres[id(actor)][i] + share(beat, t) * apart(beat.a, beat.b)
        dark = self.script.weather.dark
        if actor.kind in VEHICLES:
            braking = beat.ease == "brake" or beat.pose == "halt"
            return [vehicle(self.draw, self.lens, actor.kind, at, facing, actor.look, light, dark, braking)]
        if actor.kind == "bicycle":
            return [bicycle(self.draw, self.lens, at, facing, gone, actor.look, light, beat.pose == "fallen")]
        self._shadow(at, actor.look.size, light, lying="lie" in beat.pose)
        if actor.kind == "dog":
            return [dog(self.draw, self.lens, at, facing, gone, t, actor.look, light), self._shadow_box(at, 1.0)]
        pose = POSES[beat.pose](t - beat.start, share(beat, t), gone)
        since = t - beat.start
        if before is not None and since < BLEND and not beat.pose.startswith(("fall", "lie", "rise")):
            old = POSES[before.pose](before.end - before.start, 1.0, self.metres[id(actor)][i])
            pose = blend(old, pose, smooth(since / BLEND))
        lift = 0.25 if beat.pose == "ride" else 0.0
        box = person(self.draw, self.lens, at, facing, pose, actor.look, light, beat.item, lift)
        return [box, self._shadow_box(at, actor.look.size)]

    def _shadow(self, at: Point, size: float, light: Light, *, lying: bool) -> None:
        c, s = self.lens.project(at[0], 0, at[1]), self.lens.scale(at[1])
        r = 0.3 * s
        if not lying:
            self.draw.ellipse((c[0] - r, c[1] - r * 0.32, c[0] + r, c[1] + r * 0.32), fill=(0, 0, 0, 95))
        if self.script.weather.sun and min(light) > 0.5 and not lying:
            tip = self.lens.project(at[0] + self.script.weather.sun_slant * size, 0, at[1] + 0.25)
            self.draw.line((c, tip), fill=(0, 0, 0, 70), width=max(2, int(0.26 * s)))

    def _shadow_box(self, at: Point, size: float) -> Box:
        c, s = self.lens.project(at[0], 0, at[1]), self.lens.scale(at[1])
        reach = abs(self.script.weather.sun_slant) * size * s if self.script.weather.sun else 0.0
        m = int(0.35 * s + reach) + 3
        return (int(c[0]) - m, int(c[1] - 0.3 * s) - 3, int(c[0]) + m, int(c[1] + 0.3 * s) + 3)

    def _glows(self, film: NDArray[np.uint8], t: float) -> None:
        dark = self.script.weather.dark
        k = 1.0 if dark else 0.35
        for e in self.script.effects:
            if not e.start <= t < e.end:
                continue
            age = t - e.start
            at = self._film_point(e.x, e.y, e.z)
            s = self.lens.scale(e.z) / SCALE
            if e.kind == "fire":
                f = k * min(1.0, age / 2, (e.end - t) / 1.2) * (1 + 0.15 * sin(age * 17) + 0.1 * sin(age * 29))
                effects.glow(film, at, 3.2 * s * e.size, (70 * f, 38 * f, 10 * f))
            elif e.kind == "blast" and age < 1.4:
                f = max(0.0, 1 - age / 1.4)
                effects.glow(film, at, 9 * s * e.size, (150 * f, 110 * f, 50 * f))
            elif e.kind == "glare":
                f = sin(3.1416 * age / (e.end - e.start)) ** 2
                effects.glow(film, at, 6 * s * e.size, (170 * f, 150 * f, 110 * f))
        if dark:
            self._headlights(film, t)

    def _headlights(self, film: NDArray[np.uint8], t: float) -> None:
        for actor in self.script.actors:
            found = actor.beat_at(t) if actor.kind in VEHICLES else None
            if found is None:
                continue
            at, facing = where(found[1], t), found[1].facing
            ahead = actor.look.size / 2 + 1.6
            x, z = at[0] + ahead * cos(facing), at[1] + ahead * sin(facing)
            if abs(x) < self.lens.edge(z) + 3 and z > 2:
                effects.glow(film, self._film_point(x, 0.1, z), 2.2 * self.lens.scale(z) / SCALE, (52, 48, 36))

    def _film_point(self, x: float, y: float, z: float) -> Point:
        p = self.lens.project(x, y, z)
        return (p[0] / SCALE, p[1] / SCALE)


def _metres(actor: Actor) -> list[float]:
    """Metres gone before each beat."""
    out, total = [], 0.0
    for beat in actor.beats:
        out.append(total)
        total += apart(beat.a, beat.b)
    return out


def _facing(before: Beat | None, beat: Beat, t: float) -> float:
    """The heading now: the turn from the last beat's takes a moment."""
    if before is None or t - beat.start >= BLEND:
        return beat.facing
    turn = (beat.facing - before.facing + 3.14159265) % 6.2831853 - 3.14159265
    return before.facing + turn * smooth((t - beat.start) / BLEND)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _within(box: Box) -> Box | None:
    """The box on the canvas, on even pixels, or None where nothing is left of it."""
    x0, y0 = max(0, box[0]) & ~1, max(0, box[1]) & ~1
    x1, y1 = min(CANVAS[0], box[2] + 1 & ~1), min(CANVAS[1], box[3] + 1 & ~1)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
