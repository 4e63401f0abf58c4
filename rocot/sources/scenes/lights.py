"""Light that comes and goes, added to a film-sized frame: fires, blasts, glare, headlights."""

from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from rocot.sources.scenes.air import glow
from rocot.sources.scenes.lens import SCALE, Lens, Point
from rocot.sources.scenes.script import Script
from rocot.sources.scenes.track import Effect, where
from rocot.sources.scenes.vehicles import WIDTHS

Frame = NDArray[np.uint8]


def shine(film: Frame, script: Script, t: float) -> None:
    """Add every light of the moment, in place."""
    for effect in script.effects:
        if effect.start <= t < effect.end:
            _effect(film, script, effect, t)
    if script.weather.dark:
        _headlights(film, script, t)


def _effect(film: Frame, script: Script, e: Effect, t: float) -> None:
    lens, age = script.place.lens, t - e.start
    at, s = _seen(lens, e.x, e.y, e.z), lens.scale(e.z) / SCALE * e.size
    if e.kind == "fire":
        flicker = 1 + 0.15 * sin(age * 17) + 0.1 * sin(age * 29)
        k = (1.0 if script.weather.dark else 0.35) * min(1.0, age / 2, (e.end - t) / 1.2) * flicker
        glow(film, at, 3.2 * s, (70 * k, 38 * k, 10 * k))
    elif e.kind == "blast" and age < 1.4:
        k = 1 - age / 1.4
        glow(film, at, 9 * s, (150 * k, 110 * k, 50 * k))
    elif e.kind == "glare":
        k = sin(pi * age / (e.end - e.start)) ** 2
        glow(film, at, 6 * s, (170 * k, 150 * k, 110 * k))


def _headlights(film: Frame, script: Script, t: float) -> None:
    """A pale pool on the ground before each vehicle."""
    lens = script.place.lens
    for actor in script.actors:
        found = actor.beat_at(t) if actor.kind in WIDTHS else None
        if found is None:
            continue
        (x, z), facing = where(found[1], t), found[1].facing
        ahead = actor.look.size / 2 + 1.6
        x, z = x + ahead * cos(facing), z + ahead * sin(facing)
        if abs(x) < lens.edge(z) + 3 and z > 2:
            glow(film, _seen(lens, x, 0.1, z), 2.2 * lens.scale(z) / SCALE, (52, 48, 36))


def _seen(lens: Lens, x: float, y: float, z: float) -> Point:
    """The film pixel where a point is seen."""
    px, py = lens.project(x, y, z)
    return (px / SCALE, py / SCALE)
