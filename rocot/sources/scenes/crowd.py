"""The everyday life of a place: people who walk, wait and talk, traffic that passes. Drawn alike for every label."""

from rocot.sources.scenes.palette import pick
from rocot.sources.scenes.places import SIGNS
from rocot.sources.scenes.stage import AWAY, LEFT, NEAR, RIGHT, Stage
from rocot.sources.scenes.track import Manner


def scenery(s: Stage) -> None:
    """What is bright and moves by itself for the whole clip, in some clips: a screen, a flapping sheet."""
    if s.chance(0.3):
        x = s.uniform(-0.7, 0.7) * s.lens.edge(s.place.wall)
        s.happen(
            "screen",
            (0, s.length),
            (x, s.uniform(2.2, 3.6), s.place.wall - 0.1),
            s.uniform(0.6, 1.1),
            seed=int(s.rng.integers(6)),
        )
    if s.chance(0.25):
        z = s.place.far_walk[1] - 0.2
        s.happen("tarp", (0, s.length), (s.uniform(-0.8, 0.8) * s.lens.edge(z), 0, z), s.uniform(0.8, 1.3))
    if s.chance(0.2):
        x = s.uniform(-0.6, 0.6) * s.lens.edge(s.place.wall)
        s.graffito(-20.0, 0.5, x, pick(s.rng, SIGNS))
    if s.chance(0.2):
        cars = [car for car in s.kerb_cars() if car.kind == "car"]
        if cars:
            s.happen("cracks", (-1, s.length), (cars[0].x + 0.4, 1.15, cars[0].z - 0.8), 0.4)


def passers(s: Stage) -> None:
    """People who walk through on either walk, at a density of the clip's own."""
    a_minute = s.uniform(4, 14)
    for _ in range(int(s.rng.poisson(a_minute * s.length / 60))):
        walk = s.place.side_walk if s.chance(0.55) else s.place.main_walk
        z = s.uniform(walk[0] + 0.15, walk[1] - 0.1)
        side, speed = s.side(), s.uniform(1.0, 1.6)
        middle = s.uniform(-4.0, s.length)
        life = s.come((0.0, z), max(0.0, middle), side=side, item=_carried(s), manner=Manner(speed))
        if middle < 0:
            life.at = (side * middle * speed * -0.5, z)
        s.add(s.go(life, side=-side, manner=Manner(speed)))


def _carried(s: Stage) -> str:
    """What a passer has in the hand: mostly nothing, and now and then what an act would need."""
    return str(
        s.rng.choice(
            ["", "bag", "bat", "box", "can", "extinguisher", "broom"], p=[0.6, 0.22, 0.06, 0.05, 0.03, 0.02, 0.02]
        )
    )


def waiters(s: Stage) -> None:
    """Groups that stand from the beginning: a queue, people with telephones, people who talk."""
    for _ in range(int(s.rng.integers(0, 3))):
        x, z = s.spot(0.0, s.length, reach=0.85)
        kind = str(s.rng.choice(["queue", "talk", "phone"]))
        stay = s.uniform(0.5, 1.6) * s.length
        if kind == "queue":
            for i in range(int(s.rng.integers(2, 5))):
                life = s.come((x + 0.7 * i, z + 0.06 * i), 0.0)
                life.do(str(s.rng.choice(["stand", "wait"])), stay, LEFT, (x + 0.7 * i - 0.5, z))
                s.add(s.go(life))
        elif kind == "talk":
            for dx, facing in ((-0.45, RIGHT), (0.45, LEFT)):
                life = s.come((x + dx, z + 0.02), 0.0)
                s.add(s.go(life.do("talk" if s.chance(0.6) else "stand", stay, facing)))
        else:
            s.add(s.go(s.come((x, z), 0.0).do("wait", stay, NEAR if s.chance(0.6) else AWAY)))


def traffic(s: Stage) -> None:
    """Vehicles that pass on the lanes while no act needs the road."""
    gap = s.uniform(4.0, 14.0)
    for lane in s.place.lanes:
        near = lane.z == min(one.z for one in s.place.lanes)
        t = s.uniform(-3.0, gap)
        speed = s.uniform(5.0, 8.0)
        while t < s.length:
            kind = str(
                s.rng.choice(["car", "car", "car", "taxi", "van", "car" if near else "truck", "car" if near else "bus"])
            )
            crossing = (2 * s.lens.edge(lane.z) + 14) / speed
            if s.open_road(t - crossing / 2, t + crossing / 2):
                life = s.drive(lane, 0.0, max(t, 0.0), speed)
                s.car(life.go(s.off(lane.way, lane.z, 8.0), speed, "drive"), kind)
            t += crossing / 2 + s.uniform(0.6, 1.8) * gap
