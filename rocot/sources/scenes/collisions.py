"""Traffic accidents: a car strikes a car, someone on foot, a cyclist, or what stands at the kerb."""

from dataclasses import replace

from rocot.sources.scenes.lens import Point
from rocot.sources.scenes.palette import car_look
from rocot.sources.scenes.places import Lane
from rocot.sources.scenes.stage import AWAY, LEFT, NEAR, RIGHT, SpanOf, Stage
from rocot.sources.scenes.track import Life, Manner


def accident(s: Stage, t: float, length: float) -> SpanOf:
    """A car strikes another car, a cyclist, a person on foot or what stands at the kerb."""
    lane = s.place.lanes[int(s.rng.integers(2))]
    end = t + length
    s.close(t - 7.0, end + 3.0)
    kind = s.uniform(0, 1)
    if kind < 0.3:
        _rear_end(s, lane, t, end)
    elif kind < 0.55:
        _run_down(s, lane, t, end)
    elif kind < 0.8:
        _cyclist_hit(s, lane, t, end)
    else:
        _off_the_road(s, lane, t, end)
    return (t, end)


def _crash(s: Stage, at: Point, t: float, end: float) -> None:
    """Pieces fly, and steam rises from the bonnet for a while."""
    s.happen("shards", (t, t + 1.2), (at[0], 0.8, at[1] - 1.0))
    s.happen("shards", (t + 0.04, t + 1.2), (at[0], 0.5, at[1] - 1.0))
    if s.chance(0.5):
        s.happen("steam", (t + 0.5, end), (at[0], 0.9, at[1]), 0.7)
    if s.chance(0.4):
        s.happen("shove", (t, t + 2.0), (0, 0, 0), s.uniform(0.6, 2.0))


def _rear_end(s: Stage, lane: Lane, t: float, end: float) -> None:
    w = lane.way
    x = s.uniform(-0.3, 0.3) * s.lens.edge(lane.z)
    first = s.drive(lane, x - w * 3.0, t - 2.6, 6.0)
    first.go((x, lane.z), 2.4, "drive", ease="brake").until("halt", t)
    facing = RIGHT if w > 0 else LEFT
    hit = s.drive(lane, x - w * 4.3, t, s.uniform(7.0, 9.0))
    spin = s.uniform(0.15, 0.5) * s.side()
    first.do("halt", 0.7, facing + spin * 0.5, (x + w * 1.5, lane.z + 0.2 * spin), ease="brake")
    first.do("halt", 0.3, facing + spin).until("halt", end)
    hit.do("halt", 0.6, facing - spin * 0.6, (x - w * 3.2, lane.z - 0.2 * spin), ease="brake").until("halt", end)
    _crash(s, (x - w * 2.1, lane.z), t, end)
    first.facing = hit.facing = facing
    s.car(s.drive_off(first, w))
    hit.do("halt", 1.2)
    s.car(s.drive_off(hit, w))
    if s.chance(0.5):
        _onlooker(s, x, t, end)


def _run_down(s: Stage, lane: Lane, t: float, end: float) -> None:
    w = lane.way
    x = s.place.crossing if s.place.crossing is not None else s.uniform(-0.35, 0.35) * s.lens.edge(lane.z)
    facing = RIGHT if w > 0 else LEFT
    start = (x + s.uniform(-0.3, 0.3), s.place.near_walk[1] if s.chance(0.5) else s.place.far_walk[0])
    walker = Life(start, t - abs(start[1] - lane.z) / 1.4)
    if walker.t > 0.5:
        come = s.come(start, walker.t - 0.3)
        come.until("stand", walker.t)
        walker = come
    else:
        z = start[1] + (lane.z - start[1]) * (0.5 - walker.t) / (t - walker.t)
        walker = Life((start[0], z), 0.0)
    walker.do("walk", t - walker.t, NEAR if start[1] > lane.z else AWAY, (x, lane.z))
    car = s.drive(lane, x - w * 2.4, t, s.uniform(6.5, 8.5))
    car.do("halt", 0.8, facing, (x - w * 0.4, lane.z), ease="brake").until("halt", end)
    walker.do("fall_back", 0.55, LEFT if w > 0 else RIGHT, (x + w * 2.6, lane.z - 0.6), ease="brake")
    walker.do("lie_back", max(0.4, end - walker.t - 1.5)).until("rise_back", end)
    _crash(s, (x, lane.z), t, t + 2.5)
    if s.chance(0.6):
        _onlooker(s, x, t, end)
    out = walker.go((x + w * 2.6, s.place.near_walk[1] - 0.3), 1.2, "stagger")
    s.add(s.go(out))
    car.do("halt", 3.0)
    s.car(s.drive_off(car, w))


def _cyclist_hit(s: Stage, lane: Lane, t: float, end: float) -> None:
    w = lane.way
    x = s.uniform(-0.3, 0.3) * s.lens.edge(lane.z)
    facing = RIGHT if w > 0 else LEFT
    rider = s.drive(Lane(lane.z - 0.4, w), x, t, s.uniform(2.8, 3.6))
    rider.beats = [replace(beat, pose="ride") for beat in rider.beats]
    bike = rider.twin()
    car = s.drive(lane, x - w * 3.0, t, s.uniform(7.0, 9.0))
    car.do("halt", 0.9, facing + 0.25 * s.side(), (x - w * 1.4, lane.z), ease="brake").until("halt", end)
    bike.do("fallen", 0.5, facing + 0.5, (x + w * 1.6, lane.z - 0.9), ease="brake").until("fallen", end)
    rider.do("fall_front", 0.6, facing, (x + w * 2.2, lane.z - 1.2), ease="brake")
    rider.do("lie_front", max(0.4, end - rider.t - 1.5)).until("rise_front", end)
    _crash(s, (x, lane.z), t, t + 2.5)
    if s.chance(0.6):
        _onlooker(s, x, t, end)
    bike.facing = rider.facing = facing
    bike.go(s.off(w, bike.at[1]), 1.2, "roll")
    rider.go(s.off(w, rider.at[1]), 1.2, "carry")
    s.add(bike, car_look(s.rng), "bicycle")
    s.add(rider)
    car.do("halt", 2.0)
    car.facing = facing
    s.car(s.drive_off(car, w))


def _off_the_road(s: Stage, lane: Lane, t: float, end: float) -> None:
    w, kerb = lane.way, s.place.kerb_cars
    cars = s.kerb_cars()
    target = cars[0].x if cars else 0.0
    x = target - w * 4.4
    facing = RIGHT if w > 0 else LEFT
    turn = 0.35 * (1 if kerb > lane.z else -1) * w
    car = s.drive(lane, x - w * 6.0, t - 0.75, 8.0)
    car.do("drive", 0.35, facing + turn, (x - w * 2.6, lane.z + (kerb - lane.z) * 0.45))
    car.do("drive", 0.4, facing + turn, (x, lane.z + (kerb - lane.z) * 0.85))
    car.do("halt", 0.6, facing + turn * 1.8, (x + w * 0.4, kerb), ease="brake").until("halt", end)
    _crash(s, (x + w * 2.2, kerb), t, end)
    s.happen("steam", (t + 0.3, end), (x + w * 1.8, 0.9, kerb), 0.9)
    if s.chance(0.6):
        _onlooker(s, x, t, end)
    car.do("drive", 1.5, facing + turn, (x - w * 2.0, lane.z), ease="start")
    car.facing = facing
    s.car(s.drive_off(car, w))


def _onlooker(s: Stage, x: float, t: float, end: float) -> None:
    """Someone on the walk runs up to see."""
    to = (
        x + s.uniform(-1.5, 1.5),
        s.place.main_walk[0 if s.place.main_far else 1] - (0.0 if s.place.main_far else 0.4),
    )
    life = s.come(to, t + s.uniform(1.0, 2.0), manner=Manner(2.8, "run"))
    life.until("alarm" if s.chance(0.5) else "wait", max(end, life.t), NEAR if s.place.main_far else AWAY)
    s.add(s.go(life))
