"""What lies on the ground: paving, the road and its markings, stains."""

from rocot.sources.scenes.brush import Brush, scaled
from rocot.sources.scenes.lens import CANVAS

WHITE = (208, 208, 202)


def paint_ground(b: Brush) -> None:
    """Paint a place's ground from the camera to the wall."""
    place, kind = b.place, b.place.kind
    edge = b.lens.edge(place.wall) + 2
    b.band(1.2, place.wall, place.ground)
    if kind in {"plaza", "station", "crossing", "shops"}:
        _tiles(b, edge, 1.6 if kind == "plaza" else 0.9)
    b.band(place.road[0], place.road[1], place.road_colour)
    for z in place.road:
        b.band(z - 0.07, z + 0.07, scaled(place.ground, 1.2))
    if kind not in {"plaza", "garage"}:
        _middle_line(b, edge)
    if place.crossing is not None:
        _zebra(b, place.crossing)
    if kind == "station":
        _rails(b)
    if kind in {"parking", "garage"}:
        _bays(b, edge)
    _stains(b)


def _middle_line(b: Brush, edge: float) -> None:
    middle = (b.place.lanes[0].z + b.place.lanes[1].z) / 2
    x = -edge
    while x < edge:
        b.patch((x, x + 1.4), (middle - 0.06, middle + 0.06), WHITE)
        x += 3.2


def _zebra(b: Brush, x: float) -> None:
    z = b.place.road[0] + 0.3
    while z < b.place.road[1] - 0.4:
        b.patch((x - 1.5, x + 1.5), (z, z + 0.45), WHITE)
        z += 0.95


def _rails(b: Brush) -> None:
    """A yellow line along the platform, and tram rails in the farther lane."""
    z = b.place.near_walk[1] + 0.1
    b.band(z - 0.3, z, (206, 176, 60))
    for dz in (-0.72, 0.72):
        b.band(b.place.lanes[1].z + dz - 0.05, b.place.lanes[1].z + dz + 0.05, (70, 70, 74))


def _bays(b: Brush, edge: float) -> None:
    z0, z1 = b.place.far_walk[1] + 0.3, b.place.far_walk[1] + 5.1
    b.band(z0 - 0.2, b.place.wall, scaled(b.place.road_colour, 1.05))
    x = -edge - 1.375
    while x < edge:
        b.patch((x - 0.05, x + 0.05), (z0, z1), WHITE)
        x += 2.75


def _stains(b: Brush) -> None:
    for _ in range(int(b.rng.integers(2, 7))):
        z = b.uniform(b.place.near_walk[0], b.place.far_walk[1])
        x = b.uniform(-1, 1) * b.lens.edge(z)
        c, k = b.lens.project(x, 0, z), b.uniform(0.25, 0.9) * b.lens.scale(z)
        dark = int(b.rng.integers(25, 90))
        b.draw.ellipse((c[0] - k, c[1] - k * 0.3, c[0] + k, c[1] + k * 0.3), fill=(20, 20, 22, dark))


def _tiles(b: Brush, edge: float, size: float) -> None:
    line = scaled(b.place.ground, 0.88)
    z = 2.0
    while z < b.place.wall:
        y = b.lens.project(0, 0, z)[1]
        b.draw.line((0, y, CANVAS[0], y), fill=line)
        z += size
    x = -edge
    while x < edge:
        b.draw.line((b.lens.project(x, 0, 2.0), b.lens.project(x, 0, b.place.wall)), fill=line)
        x += size
