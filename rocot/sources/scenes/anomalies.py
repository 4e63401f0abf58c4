"""The anomalous acts. Each is scripted to begin at a second and to last about so long, and returns its exact span.

What counts as the first and the last instant of each is written in docs/scenes.md.
"""

from collections.abc import Callable

from rocot.sources.scenes.lens import Point
from rocot.sources.scenes.palette import car_look, pick
from rocot.sources.scenes.places import SIGNS, Lane
from rocot.sources.scenes.stage import AWAY, LEFT, NEAR, RIGHT, Stage
from rocot.sources.scenes.track import Life

SpanOf = tuple[float, float]
Act = Callable[[Stage, float, float], SpanOf]
"""(stage, start, wished length) -> (start, end), seconds."""


def fighting(s: Stage, t: float, length: float) -> SpanOf:
    """Two people, after standing together, strike, kick and wrestle; sometimes one goes down, or a third interferes."""
    x, z = s.spot(t, t + length)
    chat = min(t, s.uniform(0.3, 4.0))
    a, b = s.come((x - 0.42, z), t - chat, side=-1), s.come((x + 0.42, z), t - chat, side=1)
    a.until("talk", t, RIGHT)
    b.until("talk" if s.chance(0.5) else "stand", t, LEFT)
    end = t + length
    knock = length > 4.5 and s.chance(0.45)
    _blows(s, a, b, end - (2.6 if knock else 0.0))
    if knock:
        loser, winner, way = (b, a, 1) if s.chance(0.5) else (a, b, -1)
        facing = loser.facing
        loser.do("fall_back", 0.6, facing, (loser.at[0] + 0.3 * way, loser.at[1])).do("lie_back", 0.8).until(
            "rise_back", end
        )
        winner.do("punch", 0.5).do("kick", 1.4).until("guard", end)
    if s.chance(0.35):
        c = s.come((x + s.side() * 1.6, z + 0.5), t + s.uniform(0.2, 1.5), speed=2.6, pose="run")
        c.until("alarm" if s.chance(0.5) else "reach", end, LEFT if c.at[0] > x else RIGHT)
        s.add(s.go(c))
    s.add(s.go(a, side=-1, speed=s.uniform(1.3, 2.0)))
    s.add(s.go(b, side=1, speed=s.uniform(1.3, 2.4)))
    return (t, end)


def _blows(s: Stage, a: Life, b: Life, end: float) -> None:
    """Rounds of about 0.7 s: one strikes and the other reels, or they wrestle; the pair drifts about."""
    while a.t < end - 0.05:
        d = min(s.uniform(0.55, 0.95), end - a.t)
        shift = s.uniform(-0.4, 0.4)
        dz = s.uniform(-0.12, 0.12)
        mid = (a.at[0] + b.at[0]) / 2 + shift
        z = min(max(a.at[1] + dz, s.place.main_walk[0] + 0.3), s.place.main_walk[1] - 0.2)
        kind = s.uniform(0, 1)
        if kind < 0.3:
            a.do("grapple", d, RIGHT, (mid - 0.36, z))
            b.do("grapple", d, LEFT, (mid + 0.36, z + 0.02))
        else:
            blow = "punch" if s.chance(0.65) else "kick"
            if s.chance(0.5):
                a.do(blow, d, RIGHT, (mid - 0.3, z))
                b.do("reel", d, LEFT, (mid + 0.62, z + 0.02))
            else:
                b.do(blow, d, LEFT, (mid + 0.3, z + 0.02))
                a.do("reel", d, RIGHT, (mid - 0.62, z))


def robbery(s: Stage, t: float, length: float) -> SpanOf:
    """A bag is torn from someone's hand, by one on foot or on a bicycle, who makes off with it out of the picture."""
    on_bicycle = s.chance(0.35)
    way = s.side()
    x, z = s.spot(t, t + length, reach=0.45)
    victim = s.come((x, z), t, side=-way, item="bag")
    facing = victim.facing = RIGHT if way > 0 else LEFT
    flight = way if on_bicycle or s.chance(0.5) else -way
    speed = s.uniform(4.6, 5.6) if on_bicycle else s.uniform(3.2, 4.4)
    beside = (x - way * 0.5, z - 0.22)
    dash = (s.lens.edge(z) - flight * x) / speed
    tug = max(0.4 if on_bicycle else 0.9, 2.4 - dash, min(length - dash, 0.9 if on_bicycle else 2.6))
    if on_bicycle:
        thief = s.come(beside, t, side=-way, speed=s.uniform(3.4, 4.4), pose="ride")
    else:
        thief = s.come(beside, t, side=-way, speed=s.uniform(1.8, 2.8), pose="walk")
    thief.do("ride" if on_bicycle else "tug", tug, facing, (x + way * (1.2 if on_bicycle else -0.1), z - 0.22))
    victim.do("tug", tug, RIGHT if on_bicycle is (way > 0) else LEFT, (x + way * 0.2, z))
    thief.hold("bag").go(s.off(flight, thief.at[1], 0.3), speed, "ride" if on_bicycle else "run")
    end = thief.t
    victim.hold("")
    if s.chance(0.45):
        victim.do("fall_front", 0.6, RIGHT if flight > 0 else LEFT, (victim.at[0] + flight * 0.4, z))
        victim.do("lie_front", 0.7).do("rise_front", 1.3)
    else:
        victim.do("reel", 0.5, RIGHT if flight > 0 else LEFT).go((victim.at[0] + flight * 1.3, z), 2.8, "run")
    if victim.t < end:
        victim.until("alarm", end)
    victim.do("wait", s.uniform(2, 5))
    look = s.look()
    if on_bicycle:
        s.add(twin(thief), kind="bicycle", look=car_look(s.rng))
    s.add(thief, look)
    s.add(s.go(victim, side=way))
    return (t, end)


def twin(life: Life) -> Life:
    """The same way without a bag in the hand: a bicycle's under its rider."""
    return Life(life.at, life.t, life.facing, "", list(life.beats))


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
    s.happen("shards", t, t + 1.2, (at[0], 0.8, at[1] - 1.0))
    s.happen("shards", t + 0.04, t + 1.2, (at[0], 0.5, at[1] - 1.0))
    if s.chance(0.5):
        s.happen("steam", t + 0.5, end, (at[0], 0.9, at[1]), 0.7)
    if s.chance(0.4):
        s.happen("shove", t, t + 2.0, (0, 0, 0), s.uniform(0.6, 2.0))


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
    rider.beats = [b.__class__(b.start, b.end, "ride", b.a, b.b, b.facing, "", b.ease) for b in rider.beats]
    bike = twin(rider)
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
    s.happen("steam", t + 0.3, end, (x + w * 1.8, 0.9, kerb), 0.9)
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
    life = s.come(to, t + s.uniform(1.0, 2.0), speed=2.8, pose="run")
    life.until("alarm" if s.chance(0.5) else "wait", max(end, life.t), NEAR if s.place.main_far else AWAY)
    s.add(s.go(life))


def explosion(s: Stage, t: float, length: float) -> SpanOf:
    """A bin, a parked car or something on the ground blows up: flash, fireball, pieces, smoke; people run."""
    length = min(max(length, 3.0), 6.0)
    cars, bin_ = s.kerb_cars(), s.prop("bin")
    pick_ = s.uniform(0, 1)
    if pick_ < 0.35 and cars:
        x, z, size = cars[0].x, cars[0].z - 0.3, 1.35
    elif pick_ < 0.7 and bin_ is not None:
        x, z, size = bin_.x, bin_.z - 0.1, 0.85
    else:
        (x, z), size = s.spot(t, t + length), 0.95
    s.take((x, z), t, t + length)
    s.happen("blast", t, t + length, (x, 0.1, z), size * s.uniform(0.75, 1.15))
    if s.chance(0.6):
        s.happen("shove", t, t + 2.0, (0, 0, 0), s.uniform(1.0, 4.0))
    for _ in range(int(s.rng.integers(1, 4))):
        _blown_away(s, x, z, t)
    return (t, t + length)


def _blown_away(s: Stage, x: float, z: float, t: float) -> None:
    """One who walks by when it goes off: thrown down or cowering, then running."""
    way = s.side()
    far = s.uniform(1.4, 4.0)
    at = (x + way * far, min(max(z + s.uniform(-1.5, 1.5), s.place.main_walk[0] + 0.3), s.place.main_walk[1]))
    life = s.come(at, t, side=s.side())
    if far < 2.4:
        life.do("fall_front", 0.5, RIGHT if way > 0 else LEFT, (at[0] + way * 0.8, at[1]))
        life.do("lie_front", s.uniform(0.5, 1.2)).do("rise_front", 1.0)
    else:
        life.do("cower", s.uniform(0.4, 1.3), RIGHT if way > 0 else LEFT)
    s.add(s.go(life, side=way, speed=s.uniform(3.2, 4.2), pose="run"))


def fire(s: Stage, t: float, length: float) -> SpanOf:
    """Something burns: a bin, a heap, a parked car. It may be set alight, put out, or burn down."""
    cars, bin_ = s.kerb_cars(), s.prop("bin")
    pick_ = s.uniform(0, 1)
    if pick_ < 0.25 and cars:
        x, y, z, size = cars[0].x + 1.2, 0.95, cars[0].z - 0.5, 1.2
    elif pick_ < 0.7 and bin_ is not None:
        x, y, z, size = bin_.x, 0.95, bin_.z - 0.1, 0.85
    else:
        (x, z), y, size = s.spot(t, t + length), 0.05, 0.9
    end = t + length
    s.take((x, z), t, end)
    s.happen("fire", t, end, (x, y, z), size * s.uniform(0.95, 1.5))
    walk_z = min(max(z - 0.2, s.place.main_walk[0] + 0.2), s.place.main_walk[1])
    if s.chance(0.5) and t > 2.5:
        way = s.side()
        setter = s.come((x + way * 0.65, walk_z), t - 1.6, side=way)
        setter.until("bend", t, LEFT if way > 0 else RIGHT)
        s.add(s.go(setter, side=way, speed=3.6, pose="run"))
    if s.chance(0.55):
        way = s.side()
        helper = s.come((x + way * 1.5, walk_z), end - 2.4, side=way, speed=2.8, pose="run", item="extinguisher")
        helper.until("extinguish", end + 0.3, LEFT if way > 0 else RIGHT)
        s.happen("spray", end - 2.2, end + 0.3, (x + way * 1.05, y + 0.55, z - 0.15), -way * 1.0)
        s.add(s.go(helper, side=way))
    elif s.chance(0.6):
        way = s.side()
        watcher = s.come((x + way * 1.9, walk_z), t + 1.5, side=way)
        watcher.until("alarm" if s.chance(0.5) else "wait", end, LEFT if way > 0 else RIGHT)
        s.add(s.go(watcher, side=way))
    return (t, end)


def falling(s: Stage, t: float, length: float) -> SpanOf:
    """Someone slips, trips or faints, lies on the ground, and gets up, alone or helped."""
    x, z = s.spot(t, t + length)
    way = s.side()
    facing = RIGHT if way > 0 else LEFT
    end = t + length
    hurried = s.chance(0.25)
    life = s.come((x, z), t, side=-way, speed=2.8 if hurried else 1.35, pose="run" if hurried else "walk",
                  item="bag" if s.chance(0.2) else "")  # fmt: skip
    life.hold("")
    kind = "front" if hurried or s.chance(0.5) else "back"
    faint = kind == "back" and s.chance(0.4)
    if faint and length > 3.5:
        life.do("stagger", 0.8, facing, (x + way * 0.3, z))
    life.do("fall_" + kind, 0.65, facing, (life.at[0] + way * (0.5 if kind == "front" else 0.25), z))
    life.do("lie_" + kind, max(0.3, end - life.t - 1.6)).until("rise_" + kind, end)
    if length > 3.6 and s.chance(0.5):
        helper = s.come((life.at[0] + way * 0.95, z - 0.12), t + s.uniform(1.4, 2.0), side=way, speed=2.6, pose="run")
        helper.until("crouch", max(end, helper.t + 0.5), LEFT if way > 0 else RIGHT)
        s.add(s.go(helper))
    s.add(s.go(life, side=way, speed=1.1))
    return (t, end)


def vandalism(s: Stage, t: float, length: float) -> SpanOf:
    """A parked car, a window or a shelter is beaten with a bat, or a wall is sprayed; then the doer runs."""
    x_glass = s.glass()
    if x_glass is not None and s.chance(0.4):
        return _spray(s, x_glass, t, length)
    blows = max(3, round(length / 0.9))
    end = t + 0.9 * blows
    car = s.kerb_cars()
    shelter = s.prop("shelter") if s.place.main_far else None
    z_far = s.place.main_far
    if x_glass is not None and s.chance(0.5):
        at, target = (x_glass, s.place.wall - 0.75), (x_glass, 1.5, s.place.wall - 0.05)
        facing = AWAY
    elif shelter is not None and s.chance(0.5):
        at, target, facing = (shelter.x - 0.7, shelter.z - 0.6), (shelter.x + 0.1, 1.4, shelter.z + 0.1), 0.6
    elif car:
        side = s.side()
        at = (car[0].x + side * 1.1, car[0].z + (1.2 if z_far else -1.2))
        target = (car[0].x + side * 0.35, 1.1, car[0].z + (0.75 if z_far else -0.85))
        facing = (LEFT if side > 0 else RIGHT) + (0.5 if (side > 0) == z_far else -0.5)
    else:
        x, z = s.spot(t, end)
        at, target, facing = (x, z), (x + 0.7, 0.8, z), RIGHT
    s.take(at, t, end)
    way = s.side()
    life = s.come(at, t - 0.25, side=way, item="bat")
    life.until("stand", t, facing)
    life.do("swing", 0.9 * blows, facing)
    for i in range(blows):
        hit = t + 0.9 * i + 0.63
        s.happen("shards", hit, hit + 0.9, target)
    s.happen("cracks", t + 0.63, s.length, target, 0.5)
    s.add(s.go(life, side=way, speed=3.8, pose="run"))
    return (t, end)


def _spray(s: Stage, x: float, t: float, length: float) -> SpanOf:
    end = t + length
    life = s.come((x - 0.5, s.place.wall - 0.55), t, item="can")
    life.do("spray", length, 1.2, (x + 0.5, s.place.wall - 0.55))
    s.happen(
        "paint",
        t,
        s.length,
        (x, 1.5, s.place.wall - 0.02),
        0.95,
        pick(s.rng, SIGNS),
        100 * int(s.rng.integers(50)) + min(99, int(length * 10)),
    )
    s.add(s.go(life, speed=3.6, pose="run"))
    return (t, end)


ANOMALIES: dict[str, Act] = {
    "Explosion": explosion,
    "Fighting": fighting,
    "Fire": fire,
    "People_falling": falling,
    "Robbery": robbery,
    "Traffic_accident": accident,
    "Vandalism": vandalism,
}
