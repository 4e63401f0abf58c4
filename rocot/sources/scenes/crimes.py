"""Fighting, robbery and vandalism. Each act returns the exact span of what it is named for."""

from rocot.sources.scenes.palette import car_look, pick
from rocot.sources.scenes.places import SIGNS
from rocot.sources.scenes.stage import AWAY, LEFT, RIGHT, SpanOf, Stage
from rocot.sources.scenes.track import Life, Manner


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
        c = s.come((x + s.side() * 1.6, z + 0.5), t + s.uniform(0.2, 1.5), manner=Manner(2.6, "run"))
        c.until("alarm" if s.chance(0.5) else "reach", end, LEFT if c.at[0] > x else RIGHT)
        s.add(s.go(c))
    s.add(s.go(a, side=-1, manner=Manner(s.uniform(1.3, 2.0))))
    s.add(s.go(b, side=1, manner=Manner(s.uniform(1.3, 2.4))))
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
        thief = s.come(beside, t, side=-way, manner=Manner(s.uniform(3.4, 4.4), "ride"))
    else:
        thief = s.come(beside, t, side=-way, manner=Manner(s.uniform(1.8, 2.8), "walk"))
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
        s.add(thief.twin(), car_look(s.rng), "bicycle")
    s.add(thief, look)
    s.add(s.go(victim, side=way))
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
        at = (
            car[0].x + (1.1 * side if car[0].kind == "car" else 1.3 + 0.75 * side),
            car[0].z + (1.2 if z_far else -1.2),
        )
        pane = (0.35 * side, 1.1) if car[0].kind == "car" else (1.3, 1.5)
        target = (car[0].x + pane[0], pane[1], car[0].z + (0.75 if z_far else -0.85))
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
        s.happen("shards", (hit, hit + 0.9), target)
    s.happen("cracks", (t + 0.63, s.length), target, 0.5)
    s.add(s.go(life, side=way, manner=Manner(3.8, "run")))
    return (t, end)


def _spray(s: Stage, x: float, t: float, length: float) -> SpanOf:
    end = t + length
    life = s.come((x - 0.5, s.place.wall - 0.55), t, item="can")
    life.do("spray", length, 1.2, (x + 0.5, s.place.wall - 0.55))
    s.graffito(t, length, x, pick(s.rng, SIGNS))
    s.add(s.go(life, manner=Manner(3.6, "run")))
    return (t, end)
