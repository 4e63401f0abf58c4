"""Where it happens: eight kinds of place, laid out in metres from a seed. No pixels here.

Every place has what any act may need: a lane for vehicles, room for people, a parked car, a bin and a wall with glass,
so that no place gives a label away.
"""

from dataclasses import dataclass, replace

from numpy.random import Generator

from rocot.sources.scenes.lens import Colour, Lens
from rocot.sources.scenes.palette import car_look, pick
from rocot.sources.scenes.track import Look

KINDS = ("crossing", "shops", "plaza", "station", "parking", "garage", "homes", "forecourt")


@dataclass(frozen=True)
class Prop:
    """A thing that stands still: its kind, ground point, heading (radians), size (metres) and colours."""

    kind: str
    x: float
    z: float
    heading: float = 0.0
    size: float = 1.0
    look: Look | None = None
    colour: Colour = (120, 120, 120)


@dataclass(frozen=True)
class Bay:
    """A stretch of the wall: what it is, from x0 to x1, with its colours."""

    kind: str
    x0: float
    x1: float
    colour: Colour
    sign: Colour
    lit: bool


@dataclass(frozen=True)
class Lane:
    """A line along which vehicles drive: depth z, and way +1 to the right or -1 to the left."""

    z: float
    way: int


@dataclass(frozen=True)
class Place:
    """A place's layout; depths in metres from the camera, nearest first."""

    kind: str
    lens: Lens
    near_walk: tuple[float, float]
    road: tuple[float, float]
    far_walk: tuple[float, float]
    wall: float
    lanes: tuple[Lane, Lane]
    kerb_cars: float
    """The depth at which cars stand along the kerb."""
    crossing: float | None
    """The x of a zebra crossing's middle."""
    bays: tuple[Bay, ...]
    props: tuple[Prop, ...]
    ground: Colour
    road_colour: Colour
    main_far: bool
    """Whether the roomier walk, where people act, lies beyond the road."""

    @property
    def main_walk(self) -> tuple[float, float]:
        """The depths between which there is most room for people."""
        return self.far_walk if self.main_far else self.near_walk

    @property
    def side_walk(self) -> tuple[float, float]:
        """The other walk."""
        return self.near_walk if self.main_far else self.far_walk


def lay_out(rng: Generator) -> Place:
    """A place, drawn from the seed."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    main_far = kind in {"shops", "homes", "forecourt"} or (kind == "crossing" and rng.random() < 0.5)
    if main_far:  # a longer lens and a higher camera, so that people beyond the road are not lost
        lens = Lens(float(rng.uniform(340, 430)), float(rng.uniform(5.0, 6.6)), float(rng.uniform(-40, 5)))
    else:
        lens = Lens(float(rng.uniform(250, 330)), float(rng.uniform(4.0, 5.6)), float(rng.uniform(-14, 34)))
    n = lens.nearest()
    if main_far:
        near, road, far = (n + 0.3, n + 1.4), (n + 1.7, n + 6.6), (n + 6.9, n + 10.7)
        lanes = (Lane(n + 2.8, 1), Lane(n + 4.8, -1))
        kerb = n + 5.85
    else:
        roomy = 4.6 if kind in {"plaza", "station"} else 3.8
        near, road = (n + 0.7, n + roomy), (n + roomy + 0.4, n + roomy + 7.4)
        far = (road[1] + 0.4, road[1] + 2.6)
        lanes = (Lane(road[0] + 3.1, 1), Lane(road[0] + 5.6, -1))
        kerb = road[0] + 0.95
    if rng.random() < 0.5:
        lanes = (Lane(lanes[0].z, -1), Lane(lanes[1].z, 1))
    wall = far[1] + (5.4 if kind in {"parking", "garage"} else 0.9 if kind != "plaza" else 4.0)
    ground, road_colour = _grounds(kind, rng.uniform(0.85, 1.12))
    has_crossing = kind in {"crossing", "plaza", "station", "forecourt"}
    place = Place(
        kind=kind,
        lens=lens,
        near_walk=near,
        road=road,
        far_walk=far,
        wall=wall,
        lanes=lanes,
        kerb_cars=kerb,
        crossing=float(rng.uniform(-0.4, 0.4) * lens.edge(road[0])) if has_crossing else None,
        bays=_bays(rng, kind, lens.edge(wall) + 2.0),
        props=(),
        ground=ground,
        road_colour=road_colour,
        main_far=main_far,
    )
    return _furnish(rng, place)


WALLS: tuple[Colour, ...] = (
    (150, 128, 110), (165, 160, 150), (138, 105, 88), (176, 160, 128), (130, 134, 140), (158, 140, 130),
    (120, 124, 116),
)  # fmt: skip
SIGNS: tuple[Colour, ...] = (
    (190, 60, 45), (40, 90, 150), (215, 140, 40), (50, 120, 80), (120, 60, 120), (220, 200, 90), (60, 60, 70),
    (225, 110, 40),
)  # fmt: skip


def _grounds(kind: str, tone: float) -> tuple[Colour, Colour]:
    base = {
        "plaza": (165, 155, 140), "station": (150, 150, 150), "garage": (118, 118, 116), "parking": (128, 128, 124),
        "homes": (150, 146, 138), "forecourt": (140, 140, 138),
    }.get(kind, (148, 144, 138))  # fmt: skip
    road = {"garage": 104, "parking": 98, "plaza": 116}.get(kind, 90)
    return (
        (int(base[0] * tone), int(base[1] * tone), int(base[2] * tone)),
        (int(road * tone), int(road * tone), int((road + 3) * tone)),
    )


def _bays(rng: Generator, kind: str, edge: float) -> tuple[Bay, ...]:
    """The wall from left to right; wherever it is, some of it is glass."""
    menu = {
        "crossing": ("shop", "shop", "shop", "door", "house"), "shops": ("shop", "shop", "shop", "door"),
        "plaza": ("columns", "shop", "columns", "trees"), "station": ("glass", "glass", "door", "columns"),
        "parking": ("hedge", "shop", "fence", "fence"), "garage": ("concrete", "concrete", "door", "glass"),
        "homes": ("house", "house", "door", "shutter", "shop"), "forecourt": ("shop", "glass", "house", "fence"),
    }[kind]  # fmt: skip
    bays: list[Bay] = []
    x = -edge - float(rng.uniform(0, 3))
    while x < edge:
        width = float(rng.uniform(3.0, 5.2))
        what = menu[int(rng.integers(len(menu)))]
        bays.append(Bay(what, x, x + width, pick(rng, WALLS), pick(rng, SIGNS), bool(rng.random() < 0.55)))
        x += width
    if not any(b.kind in {"shop", "glass"} for b in bays):
        middle = len(bays) // 2
        b = bays[middle]
        bays[middle] = Bay("shop", b.x0, b.x1, b.colour, b.sign, b.lit)
    return tuple(bays)


def _furnish(rng: Generator, place: Place) -> Place:
    """Put parked cars, a bin, lamps and what the kind of place asks for."""
    lens = place.lens
    props: list[Prop] = []
    edge = lens.edge(place.kerb_cars)
    side = 1 if rng.random() < 0.5 else -1
    x = side * float(rng.uniform(0.25, 0.6)) * edge
    if place.crossing is not None and abs(place.crossing - x) < 4.2:
        place = replace(place, crossing=-x * 0.6)
    vans = 0.06 if place.main_far else 0.2  # a van hides who is behind it
    props.append(_parked(rng, x, place.kerb_cars, 0.0, vans))
    if rng.random() < 0.5:
        other = x - side * float(rng.uniform(5.6, 7.5))
        if abs(other) < edge + 2 and (place.crossing is None or abs(other - place.crossing) > 4.2):
            props.append(_parked(rng, other, place.kerb_cars, 0.0, vans))
    if place.kind in {"parking", "garage"}:
        z = place.far_walk[1] + 2.7
        x = -lens.edge(z) - 1
        while x < lens.edge(z) + 1:
            if rng.random() < 0.6:
                props.append(_parked(rng, x, z, 1.5708 if rng.random() < 0.5 else -1.5708))
            x += 2.75
    walk = place.main_walk
    back = walk[1] - 0.25 if place.main_far else walk[1] - 0.1
    props.append(Prop("bin", float(rng.uniform(-0.7, 0.7)) * lens.edge(back), back, colour=pick(rng, SIGNS)))
    lamp_z = place.far_walk[0] + 0.1 if place.main_far else place.near_walk[1] + 0.15
    gap = float(rng.uniform(7.0, 10.0))
    first = float(rng.uniform(-gap, 0))
    props += [
        Prop("lamp", first + gap * i, lamp_z) for i in range(-1, 4) if abs(first + gap * i) < lens.edge(lamp_z) + 4
    ]
    props += _extras(rng, place)
    return replace(place, props=tuple(sorted(props, key=lambda p: -p.z)))


def _parked(rng: Generator, x: float, z: float, heading: float, vans: float = 0.2) -> Prop:
    kind = "van" if rng.random() < vans else "car"
    return Prop(kind, x, z, heading, look=car_look(rng, kind))


def _extras(rng: Generator, place: Place) -> list[Prop]:
    lens, out = place.lens, []
    far = place.far_walk
    if place.kind in {"crossing", "plaza", "homes", "parking"}:
        for _ in range(int(rng.integers(1, 4))):
            z = float(rng.uniform(far[1] - 0.3, place.wall - 0.6 if place.kind == "plaza" else far[1]))
            out.append(Prop("tree", float(rng.uniform(-1, 1)) * lens.edge(z), z, size=float(rng.uniform(0.8, 1.2))))
    if place.kind in {"plaza", "station", "shops", "homes"}:
        z = place.main_walk[1] - 0.45
        out.append(Prop("bench", float(rng.uniform(-0.8, 0.8)) * lens.edge(z), z))
    if place.kind in {"station", "crossing"}:
        z = place.far_walk[1] - 0.3
        out.append(Prop("shelter", float(rng.uniform(-0.6, 0.6)) * lens.edge(z), z, size=3.6, colour=pick(rng, SIGNS)))
    if place.kind in {"garage", "station", "forecourt"}:
        z = place.road[0] - 0.15 if not place.main_far else place.far_walk[0] + 0.2
        gap = float(rng.uniform(6.0, 8.0))
        first = float(rng.uniform(-gap / 2, gap / 2))
        out += [Prop("pillar", first + gap * i, z, colour=(150, 150, 148)) for i in (-2, -1, 0, 1, 2)]
    if place.kind == "forecourt":
        z = (place.road[1] + place.far_walk[0]) / 2 + 0.6
        out += [Prop("pump", x, z, colour=pick(rng, SIGNS)) for x in (-3.0, 2.6)]
    if rng.random() < 0.35:
        z = place.far_walk[1] - 0.3
        out.append(Prop("stall", float(rng.uniform(-0.9, 0.9)) * lens.edge(z), z, colour=pick(rng, SIGNS)))
    if rng.random() < 0.4:
        z = place.near_walk[0] + 0.1
        out.append(Prop("planter", float(rng.choice([-1, 1])) * lens.edge(z) * float(rng.uniform(0.55, 1.0)), z))
    return out
