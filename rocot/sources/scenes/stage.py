"""The stage on which acts are played: a place, a length, and what has been put on it so far."""

from dataclasses import dataclass, field
from math import pi

from numpy.random import Generator

from rocot.sources.scenes.lens import Colour, Lens, Point
from rocot.sources.scenes.palette import car_look, person_look
from rocot.sources.scenes.places import Lane, Place, Prop
from rocot.sources.scenes.track import Actor, Effect, Life, Look, Manner, arrive
from rocot.sources.scenes.weather import Weather

SpanOf = tuple[float, float]
"""Start and end, seconds of the clip."""

RIGHT, LEFT, AWAY, NEAR = 0.0, pi, pi / 2, -pi / 2
WALK = 1.35
"""Metres a second."""
WALKING = Manner(WALK)
HALF_WIDTH = {
    "car": 2.1, "van": 2.5, "pillar": 0.3, "bin": 0.35, "bench": 0.9, "shelter": 1.8, "planter": 0.8, "stall": 1.3,
    "pump": 0.6,
}  # fmt: skip
"""Half the width, metres, of what may hide an act."""


@dataclass
class Stage:
    """Where acts put actors and effects. Lengths in metres, times in seconds of the clip."""

    place: Place
    weather: Weather
    length: float
    rng: Generator
    actors: list[Actor] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    closed: list[tuple[float, float]] = field(default_factory=list)
    """When no other traffic may use the road."""
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Ground that an act uses: x, z, from and until."""

    @property
    def lens(self) -> Lens:
        return self.place.lens

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def side(self) -> int:
        """-1 or +1, evenly."""
        return 1 if self.rng.random() < 0.5 else -1

    def look(self) -> Look:
        return person_look(self.rng)

    def spot(self, t0: float, t1: float, reach: float = 0.6) -> Point:
        """A free point of the main walk for an act from t0 to t1, within `reach` of the way to the picture's edge."""
        z0, z1 = self.place.main_walk
        hidden_too = self.chance(0.15)
        best, room = (0.0, (z0 + z1) / 2), -1.0
        for _ in range(12):
            z = self.uniform(z0 + 0.5, z1 - 0.5)
            x = self.uniform(-reach, reach) * self.lens.edge(z)
            gaps = [abs(x - ox) + abs(z - oz) for ox, oz, a, b in self.taken if a - 3 < t1 and t0 < b + 3]
            if not hidden_too:
                gaps += [self._clear_of(p, x, z) for p in self.place.props if p.kind in HALF_WIDTH and p.z < z + 0.6]
            gap = min([*gaps, 6.0])
            if gap > room:
                best, room = (x, z), gap
        self.take(best, t0, t1)
        return best

    def _clear_of(self, prop: Prop, x: float, z: float) -> float:
        """Metres, as seen by the camera, between a standing thing and one who stands at (x, z)."""
        seen = prop.x * z / prop.z
        return abs(x - seen) - HALF_WIDTH[prop.kind] * z / prop.z

    def take(self, at: Point, t0: float, t1: float) -> None:
        """Keep other acts away from a point for a time."""
        self.taken.append((at[0], at[1], t0, t1))

    def off(self, side: int, z: float, beyond: float = 1.0) -> Point:
        """A point beyond the picture's left (-1) or right (+1) edge."""
        return (side * (self.lens.edge(z) + beyond), z)

    def come(self, to: Point, when: float, manner: Manner = WALKING, *, side: int = 0, item: str = "") -> Life:
        """A person who reaches `to` at the second `when`, from a side of the picture (0: either)."""
        return arrive(to, when, self.off(side or self.side(), to[1]), manner, item)

    def go(self, life: Life, manner: Manner = WALKING, *, side: int = 0) -> Life:
        """Send someone out of the picture."""
        return life.go(self.off(side or self.side(), life.at[1]), manner.speed, manner.pose)

    def add(self, life: Life, look: Look | None = None, kind: str = "person") -> None:
        """Put an actor on the stage."""
        self.actors.append(life.actor(kind, look or self.look()))

    def drive(self, lane: Lane, to: float, when: float, speed: float) -> Life:
        """A vehicle on a lane that reaches x = `to` at the second `when` at an even speed."""
        return arrive((to, lane.z), when, self.off(-lane.way, lane.z, 6.5), Manner(speed, "drive"))

    def drive_off(self, life: Life, way: int, speed: float = 6.0) -> Life:
        """Out of the picture, from rest."""
        return life.go(self.off(way, life.at[1], 7.0), speed, "drive", ease="start")

    def car(self, life: Life, kind: str = "") -> None:
        """Put a car, or another vehicle, on the stage."""
        what = kind or ("taxi" if self.chance(0.15) else "car")
        self.add(life, car_look(self.rng, what), what)

    def close(self, t0: float, t1: float) -> None:
        """Keep other traffic off the road."""
        self.closed.append((t0, t1))

    def open_road(self, t0: float, t1: float) -> bool:
        """Whether the road is free from t0 to t1."""
        return all(t1 <= a or b <= t0 for a, b in self.closed)

    def happen(
        self, kind: str, during: tuple[float, float], at: tuple[float, float, float], size: float = 1.0,
        seed: int | None = None,
    ) -> None:  # fmt: skip
        """Let something happen at (x, y, z), from one second to another."""
        number = int(self.rng.integers(1 << 20)) if seed is None else seed
        self.effects.append(Effect(kind, *during, *at, size, seed=number))

    def graffito(self, start: float, grow: float, x: float, colour: Colour) -> None:
        """Letters on the wall that are painted during `grow` seconds, 0.1 to 9.9, and stay."""
        number = 100 * int(self.rng.integers(50)) + min(99, int(grow * 10))
        self.effects.append(Effect("paint", start, self.length, x, 1.5, self.place.wall - 0.02, 0.95, colour, number))

    def kerb_cars(self) -> list[Prop]:
        """The cars parked along the kerb that are well in the picture."""
        limit = 0.8 * self.lens.edge(self.place.kerb_cars)
        return [p for p in self.place.props if p.look is not None and p.z == self.place.kerb_cars and abs(p.x) < limit]

    def prop(self, kind: str) -> Prop | None:
        """A standing thing of this kind that is well in the picture."""
        found = [p for p in self.place.props if p.kind == kind and abs(p.x) < 0.85 * self.lens.edge(p.z)]
        return found[int(self.rng.integers(len(found)))] if found else None

    def glass(self) -> float | None:
        """The x of a shop window or glass wall that people on the main walk can reach."""
        if not self.place.main_far:
            return None
        edge = 0.75 * self.lens.edge(self.place.wall)
        seen = [(b.x0 + b.x1) / 2 - 0.4 for b in self.place.bays if b.kind in {"shop", "glass"}]
        seen = [x for x in seen if abs(x) < edge]
        return seen[int(self.rng.integers(len(seen)))] if seen else None
