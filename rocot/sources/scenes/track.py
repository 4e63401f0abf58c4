"""What happens, without a pixel: actors that live through beats, things that happen, where and when.

Times are seconds of the clip, places metres on the ground. A `Life` writes an actor's beats one after another.
"""

from dataclasses import dataclass, field
from math import atan2, hypot
from typing import NamedTuple

from rocot.sources.scenes.lens import Colour, Point


@dataclass(frozen=True)
class Beat:
    """One stretch of an actor's life: from one ground point to another, in one manner."""

    start: float
    end: float
    pose: str
    a: Point
    b: Point
    facing: float
    """Heading, radians: 0 looks to the right, pi/2 away from the camera."""
    item: str = ""
    """What is in the hand: "", "bag", "bat", "can", "broom", "extinguisher", "rag", "box"."""
    ease: str = "even"
    """How the way is shared over the time: "even", "brake" (fast, then to rest), "start" (from rest)."""


class Manner(NamedTuple):
    """A way of getting about: metres a second, and the pose."""

    speed: float
    pose: str = "walk"


@dataclass(frozen=True)
class Look:
    """An actor's build and colours."""

    size: float
    """A person's height, or a vehicle's length, metres."""
    main: Colour
    """Shirt or bodywork."""
    second: Colour
    """Trousers or roof."""
    skin: Colour = (200, 160, 130)
    hair: Colour = (40, 30, 25)
    hat: bool = False
    long: bool = False
    """A skirt or a long coat."""


@dataclass(frozen=True)
class Actor:
    """Someone or something that moves: kind is "person", "dog", "bicycle", "car", "van", "truck" or "bus"."""

    kind: str
    look: Look
    beats: tuple[Beat, ...]

    def beat_at(self, t: float) -> tuple[int, Beat] | None:
        """The beat at time t, or None before the first and after the last."""
        if not self.beats or t < self.beats[0].start or t >= self.beats[-1].end:
            return None
        for i, beat in enumerate(self.beats):
            if t < beat.end:
                return i, beat
        return None


@dataclass(frozen=True)
class Effect:
    """A thing that happens in the air, on a wall or to the light, from start to end (seconds)."""

    kind: str
    start: float
    end: float
    x: float
    y: float
    z: float
    size: float = 1.0
    colour: Colour = (214, 216, 218)
    seed: int = 0


def share(beat: Beat, t: float) -> float:
    """How much of the beat's way is done at time t, 0 to 1."""
    u = (t - beat.start) / max(1e-6, beat.end - beat.start)
    u = 0.0 if u < 0 else min(u, 1.0)
    if beat.ease == "brake":
        return 1 - (1 - u) ** 2
    if beat.ease == "start":
        return u * u
    return u


def where(beat: Beat, t: float) -> Point:
    """The ground point at time t."""
    u = share(beat, t)
    return (beat.a[0] + (beat.b[0] - beat.a[0]) * u, beat.a[1] + (beat.b[1] - beat.a[1]) * u)


def heading(a: Point, b: Point) -> float:
    """The heading, radians, of one who goes from a to b."""
    return atan2(b[1] - a[1], b[0] - a[0])


def apart(a: Point, b: Point) -> float:
    """Metres between two ground points."""
    return hypot(a[0] - b[0], a[1] - b[1])


@dataclass
class Life:
    """Writes an actor's beats in order; what it holds (`item`) stays in the hand until changed."""

    at: Point
    t: float = 0.0
    facing: float = 0.0
    item: str = ""
    beats: list[Beat] = field(default_factory=list)

    def go(
        self, to: Point, speed: float, pose: str = "walk", ease: str = "even", facing: float | None = None
    ) -> "Life":
        """Go to a point at a mean speed, metres a second; a facing given is kept (walking backwards, skidding)."""
        seconds = apart(self.at, to) / speed
        if seconds > 1e-3:
            self.facing = heading(self.at, to) if facing is None else facing
            self._add(seconds, pose, to, ease)
        return self

    def do(
        self, pose: str, seconds: float, facing: float | None = None, to: Point | None = None, ease: str = "even"
    ) -> "Life":
        """Do something for some seconds, on the spot or drifting to a point."""
        if facing is not None:
            self.facing = facing
        if seconds > 1e-3:
            self._add(seconds, pose, to or self.at, ease)
        return self

    def until(self, pose: str, when: float, facing: float | None = None) -> "Life":
        """Do something until the clip's second `when`."""
        return self.do(pose, when - self.t, facing)

    def hold(self, item: str) -> "Life":
        """Take something into the hand, or nothing."""
        self.item = item
        return self

    def _add(self, seconds: float, pose: str, to: Point, ease: str) -> None:
        self.beats.append(Beat(self.t, self.t + seconds, pose, self.at, to, self.facing, self.item, ease))
        self.t += seconds
        self.at = to

    def twin(self) -> "Life":
        """Another who goes the same way: a bicycle, under its rider."""
        return Life(self.at, self.t, self.facing, "", list(self.beats))

    def actor(self, kind: str, look: Look) -> Actor:
        """The finished actor."""
        return Actor(kind, look, tuple(self.beats))


def arrive(to: Point, when: float, origin: Point, manner: Manner, item: str = "") -> Life:
    """A life that comes from `origin` and stands at `to` at the second `when`.

    Where the way is longer than the time, the clip opens with the actor already on the way.
    """
    seconds = apart(origin, to) / manner.speed
    if seconds > when:
        done = 1 - when / seconds
        origin = (origin[0] + (to[0] - origin[0]) * done, origin[1] + (to[1] - origin[1]) * done)
        seconds = when
    life = Life(origin, when - seconds, heading(origin, to), item)
    return life.go(to, manner.speed, manner.pose) if seconds > 0.02 else life
