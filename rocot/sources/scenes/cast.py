"""Draws an actor at a moment of its life: which pose, which way, what shadow."""

from math import pi

from PIL.ImageDraw import ImageDraw

from rocot.sources.scenes.backdrop import Backdrop
from rocot.sources.scenes.easel import Easel, Stand
from rocot.sources.scenes.figures import Stance, dog, person
from rocot.sources.scenes.lens import Box, Lens
from rocot.sources.scenes.poses import POSES, Pose, blend, smooth
from rocot.sources.scenes.track import Actor, Beat, apart, share, where
from rocot.sources.scenes.vehicles import WIDTHS, Lamps, bicycle, vehicle
from rocot.sources.scenes.weather import Weather

BLEND = 0.28
"""Seconds in which one pose, and one heading, turns into the next."""
ABRUPT = ("fall", "lie", "rise")
"""Poses that follow on from the one before by themselves."""
SADDLE = 0.25
"""Metres that riding lifts a person above the ground."""


class Cast:
    """The actors of a script, seen through a lens in some weather."""

    def __init__(self, actors: tuple[Actor, ...], lens: Lens, weather: Weather) -> None:
        self.lens, self.weather = lens, weather
        self.gone = {id(actor): _metres(actor) for actor in actors}

    def draw(self, pen: ImageDraw, actor: Actor, t: float, backdrop: Backdrop) -> list[Box]:
        """Draw an actor at time t; the canvas boxes touched, none where it is not there or far out of the picture."""
        found = actor.beat_at(t)
        if found is None:
            return []
        i, beat = found
        at = where(beat, t)
        if abs(at[0]) > self.lens.edge(at[1]) + 6:
            return []
        before = actor.beats[i - 1] if i else None
        stand = Stand(at, _facing(before, beat, t))
        easel = Easel(pen, self.lens, backdrop.light_at(self.lens, *at))
        gone = self.gone[id(actor)][i] + share(beat, t) * apart(beat.a, beat.b)
        if actor.kind in WIDTHS:
            lamps = Lamps(self.weather.dark, beat.ease == "brake" or beat.pose == "halt")
            return [vehicle(easel, actor.kind, actor.look, stand, lamps)]
        if actor.kind == "bicycle":
            return [bicycle(easel, actor.look, stand, gone, fallen=beat.pose == "fallen")]
        shadow = self._shadow(easel, stand, actor.look.size, lying="lie" in beat.pose)
        if actor.kind == "dog":
            return [shadow, dog(easel, stand, gone, t, actor.look)]
        pose = _pose(before, beat, t, gone)
        return [
            shadow,
            person(easel, Stance(stand, pose, SADDLE if beat.pose == "ride" else 0.0, beat.item), actor.look),
        ]

    def _shadow(self, easel: Easel, stand: Stand, size: float, *, lying: bool) -> Box:
        """A dark spot at the feet and, in the sun, a streak; the box touched."""
        (x, z), sun = stand.at, self.weather.sun and min(easel.light) > 0.5 and not lying
        c, s = self.lens.project(x, 0, z), self.lens.scale(z)
        r = 0.3 * s
        if not lying:
            easel.draw.ellipse((c[0] - r, c[1] - r * 0.32, c[0] + r, c[1] + r * 0.32), fill=(0, 0, 0, 95))
        if sun:
            tip = self.lens.project(x + self.weather.sun_slant * size, 0, z + 0.25)
            easel.draw.line((c, tip), fill=(0, 0, 0, 70), width=max(2, int(0.26 * s)))
        m = int(0.35 * s + sun * abs(self.weather.sun_slant) * size * s) + 3
        return (int(c[0]) - m, int(c[1] - 0.3 * s) - 3, int(c[0]) + m, int(c[1] + 0.3 * s) + 3)


def _pose(before: Beat | None, beat: Beat, t: float, gone: float) -> Pose:
    since = t - beat.start
    u = since / max(1e-6, beat.end - beat.start)
    pose = POSES[beat.pose](since, u, gone)
    if before is None or since >= BLEND or beat.pose.startswith(ABRUPT):
        return pose
    return blend(POSES[before.pose](before.end - before.start, 1.0, gone), pose, smooth(since / BLEND))


def _facing(before: Beat | None, beat: Beat, t: float) -> float:
    """The heading now: the turn from the last beat's takes a moment."""
    if before is None or t - beat.start >= BLEND:
        return beat.facing
    turn = (beat.facing - before.facing + pi) % (2 * pi) - pi
    return before.facing + turn * smooth((t - beat.start) / BLEND)


def _metres(actor: Actor) -> list[float]:
    """Metres gone before each beat."""
    out, total = [], 0.0
    for beat in actor.beats:
        out.append(total)
        total += apart(beat.a, beat.b)
    return out
