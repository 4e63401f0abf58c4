"""Innocent acts that look like something on a first quick look. They are played in normal and abnormal clips alike."""

from collections.abc import Callable

from rocot.sources.scenes.palette import car_look
from rocot.sources.scenes.stage import AWAY, LEFT, NEAR, RIGHT, WALK, Stage
from rocot.sources.scenes.track import Look, Manner

Play = Callable[[Stage, float], None]
"""(stage, the second about which it happens)."""


def run_for_the_bus(s: Stage, t: float) -> None:
    """A bus draws up; someone with a bag runs to its door; it leaves."""
    lane = s.place.lanes[1 if s.place.main_far else 0]
    w = lane.way
    x = s.uniform(-0.2, 0.2) * s.lens.edge(lane.z)
    s.close(t - 7, t + 8)
    bus = s.drive(lane, x - w * 5.0, t - 2.2, 5.5)
    bus.go((x, lane.z), 2.5, "drive", ease="brake").until("halt", t + 4.2)
    s.car(s.drive_off(bus, w), "bus")
    z = s.place.main_walk[0 if s.place.main_far else 1]
    door = (x + w * 2.5, z + (0.1 if s.place.main_far else -0.1))
    for i in range(int(s.rng.integers(1, 3))):
        late = s.come(
            door, t + 2.0 + 0.8 * i, item="bag" if s.chance(0.6) else "", manner=Manner(s.uniform(3.2, 4.2), "run")
        )
        late.do(
            "walk", 0.7, NEAR if s.place.main_far else AWAY, (door[0], lane.z + (0.9 if s.place.main_far else -0.9))
        )
        s.add(late)


def lamp_comes_on(s: Stage, t: float) -> None:
    """A street lamp that was out switches on; by day the exposure jumps instead."""
    lamps = [p for p in s.place.props if p.kind == "lamp"]
    if s.weather.lamps > 0.2 and lamps and not any(e.kind == "lamp" for e in s.effects):
        best = min(range(len(lamps)), key=lambda i: abs(lamps[i].x))
        s.happen("lamp", (t, s.length), (lamps[best].x, 0, lamps[best].z), float(best))
    else:
        exposure_jumps(s, t)


def exposure_jumps(s: Stage, t: float) -> None:
    """The camera's automatic exposure overshoots, as when a cloud passes."""
    s.happen("gain", (t, t + s.uniform(2, 4)), (0, 0, 0), float(s.rng.choice([0.72, 1.25, 1.4])))


def walk_the_dog(s: Stage, t: float) -> None:
    """Someone with a dog that runs ahead and waits."""
    x, z = s.spot(t, t + 3)
    side = s.side()
    s.add(s.go(s.come((x, z), t, side=side), side=-side))
    dog = s.come((x - side * 0.9, z - 0.3), t - 0.6, side=side, manner=Manner(1.5))
    dog.do("stand", 0.6).go(s.off(-side, z - 0.3), 1.5 if s.chance(0.5) else 3.2)
    s.add(dog, Look(0.9, (90, 66, 44), (60, 50, 40)), "dog")


def bicycle(s: Stage, t: float) -> None:
    """A cyclist rides through, between the people."""
    x, z = s.spot(t, t + 1)
    side = s.side()
    rider = s.come((x, z), t, side=side, manner=Manner(s.uniform(3.0, 4.6), "ride"))
    s.go(rider, side=-side, manner=Manner(s.uniform(3.0, 4.6), "ride"))
    s.add(rider.twin(), car_look(s.rng), "bicycle")
    s.add(rider)


def tie_a_shoe(s: Stage, t: float) -> None:
    """A walker stops, goes down on the shoe, and walks on."""
    side = s.side()
    life = s.come(s.spot(t, t + 4), t, side=side)
    life.do("crouch" if s.chance(0.6) else "bend", s.uniform(2.0, 4.5))
    s.add(s.go(life, side=-side))


def hug(s: Stage, t: float) -> None:
    """Two friends run up to each other, embrace, talk, and part or go on."""
    x, z = s.spot(t, t + 5)
    a, b = s.come((x - 0.2, z), t, side=-1), s.come((x + 0.2, z + 0.03), t, side=1, manner=Manner(s.uniform(1.35, 2.4)))
    d = s.uniform(1.4, 2.6)
    a.do("hug", d, RIGHT).do("talk", 2.0, RIGHT, (x - 0.45, z))
    b.do("hug", d, LEFT).do("talk", 2.0, LEFT, (x + 0.45, z))
    side = s.side()
    s.add(s.go(a, side=side))
    s.add(s.go(b, side=side if s.chance(0.5) else -side))


def cheer(s: Stage, t: float) -> None:
    """Friends throw up their arms and clap each other on the shoulder."""
    x, z = s.spot(t, t + 5)
    for i, dx in enumerate((-0.55, 0.5, 0.0)[: int(s.rng.integers(2, 4))]):
        life = s.come((x + dx, z + 0.35 * (i == 2)), t - 0.4 * i, side=-1 if dx < 0 else 1)
        life.until("talk", t + 0.5, RIGHT if dx < 0 else LEFT).do("alarm", s.uniform(1.6, 2.8)).do("shake_hands", 1.5)
        s.add(s.go(life))


def hand_over(s: Stage, t: float) -> None:
    """One gives another a bag, who walks off with it, in no hurry or in some."""
    x, z = s.spot(t, t + 4)
    a, b = s.come((x - 0.5, z), t, side=-1, item="bag"), s.come((x + 0.5, z + 0.03), t, side=1)
    a.do("talk", 0.8, RIGHT).do("reach", 0.7).hold("").do("shake_hands", 1.0).do("wait", 1.0)
    b.do("talk", 0.8, LEFT).do("reach", 0.7).hold("bag").do("shake_hands", 1.0)
    s.add(s.go(a, side=-1))
    if s.chance(0.4):
        s.add(s.go(b, side=1, manner=Manner(3.0, "run")))
    else:
        s.add(s.go(b))


def hard_braking(s: Stage, t: float) -> None:
    """A car brakes hard before someone who crosses, and waits."""
    lane = s.place.lanes[int(s.rng.integers(2))]
    w = lane.way
    x = s.place.crossing if s.place.crossing is not None else s.uniform(-0.3, 0.3) * s.lens.edge(lane.z)
    s.close(t - 5, t + 7)
    car = s.drive(lane, x - w * 7.0, t, 7.5)
    car.go((x - w * 3.4, lane.z), 3.4, "drive", ease="brake").do("halt", 3.4)
    s.car(s.drive_off(car, w))
    up = s.chance(0.5)
    z0, z1 = (s.place.near_walk[1], s.place.far_walk[0]) if up else (s.place.far_walk[0], s.place.near_walk[1])
    share = abs(lane.z - z0) / abs(z1 - z0)
    pace = 1.9
    start = t + 0.6 - share * abs(z1 - z0) / pace
    walker = s.come((x, z0), max(0.0, start))
    walker.go((x, lane.z), pace, "walk").do("wave" if s.chance(0.5) else "stand", 0.7, LEFT if w > 0 else RIGHT)
    walker.go((x, z1), pace, "run" if s.chance(0.5) else "walk")
    s.add(s.go(walker))


def draw_in(s: Stage, t: float) -> None:
    """A car pulls over, stands a while, and goes on."""
    lane = s.place.lanes[int(s.rng.integers(2))]
    w = lane.way
    x = s.uniform(-0.3, 0.3) * s.lens.edge(lane.z)
    s.close(t - 5, t + 10)
    car = s.drive(lane, x - w * 5, t, 5.0)
    car.go((x, lane.z), 2.6, "drive", ease="brake").do("halt", s.uniform(2.5, 5.0))
    s.car(s.drive_off(car, w), "van" if s.chance(0.3) else "")


def jogger(s: Stage, t: float) -> None:
    """One or two run through for exercise, close by others."""
    x, z = s.spot(t, t + 1)
    side = s.side()
    for i in range(int(s.rng.integers(1, 3))):
        life = s.come((x - side * 1.1 * i, z + 0.3 * i), t, side=side, manner=Manner(3.0, "run"))
        s.add(s.go(life, side=-side, manner=Manner(3.0, "run")))


def clean_or_wash(s: Stage, t: float) -> None:
    """Someone cleans a shop window, or washes a parked car."""
    x, cars = s.glass(), s.kerb_cars()
    d = s.uniform(5, 9)
    if x is not None and s.chance(0.6):
        at, facing = (x, s.place.wall - 0.6), AWAY
    elif cars:
        at, facing = (
            (cars[0].x + s.side() * 0.9, cars[0].z + (1.2 if s.place.main_far else -1.2)),
            NEAR if s.place.main_far else AWAY,
        )
    else:
        at, facing = s.spot(t, t + d), AWAY
    s.take(at, t, t + d)
    life = s.come(at, max(0.2, t - d / 2), item="rag")
    s.add(s.go(life.do("wipe", d, facing)))


def sweeper(s: Stage, t: float) -> None:
    """A cleaner sweeps along the walk."""
    x, z = s.spot(t - 4, t + 6)
    side = s.side()
    life = s.come((x, z), max(0.2, t - 3), side=side, item="broom")
    life.go((x - side * 2.5, z), 0.5, "sweep").go((x - side * 1.0, z + 0.2), 0.5, "sweep")
    s.add(s.go(life, side=-side))


def play_ball(s: Stage, t: float) -> None:
    """Two throw an orange ball to and fro."""
    x, z = s.spot(t - 2, t + 5, reach=0.45)
    d, gap = s.uniform(5, 8), s.uniform(1.2, 1.9)
    t0 = max(0.3, t - d / 2)
    a, b = s.come((x - gap, z), t0, side=-1), s.come((x + gap, z), t0, side=1)
    for i in range(int(d / 1.4)):
        a.do("wave" if i % 2 else "reach", 1.4, RIGHT)
        b.do("reach" if i % 2 else "wave", 1.4, LEFT)
    s.happen("ball", (t0, a.t), (x, 1.2, z - 0.05), gap - 0.35)
    s.add(s.go(a, side=-1))
    s.add(s.go(b, side=1))


def sit_down(s: Stage, t: float) -> None:
    """Someone tired sits down, on a bench or on the ground, and gets up again."""
    bench = s.prop("bench")
    d = s.uniform(4, 7)
    if bench is not None and s.chance(0.7):
        at = (bench.x + s.uniform(-0.4, 0.4), bench.z - 0.25)
        s.take(at, t, t + d)
        s.add(s.go(s.come(at, t).do("sit", d, NEAR)))
    else:
        s.add(s.go(s.come(s.spot(t, t + d), t).do("crouch", d)))


def carry_boxes(s: Stage, t: float) -> None:
    """Goods are carried to a parked car or across the walk."""
    cars = s.kerb_cars()
    at = (cars[0].x - 1.6, cars[0].z + (1.2 if s.place.main_far else -1.2)) if cars else s.spot(t, t + 2)
    s.take(at, t, t + 3)
    life = s.come(at, t, item="box", manner=Manner(WALK, "carry"))
    s.add(s.go(life.do("bend", 1.5, NEAR if s.place.main_far else AWAY).hold("")))


def steam_rises(s: Stage, t: float) -> None:
    """Vapour from a drain or a stall."""
    stall = s.prop("stall")
    x, z = (stall.x, stall.z - 0.3) if stall is not None else s.spot(t, t + 5)
    y = 1.4 if stall is not None else 0.05
    s.happen("steam", (max(0.0, t - 1), t + s.uniform(4, 7)), (x, y, z), s.uniform(0.7, 1.2))


def glare(s: Stage, t: float) -> None:
    """Headlights, or the sun on a windscreen, shine into the camera for a moment."""
    lane = s.place.lanes[int(s.rng.integers(2))]
    s.happen(
        "glare",
        (t, t + s.uniform(1.2, 2.6)),
        (s.uniform(-0.7, 0.7) * s.lens.edge(lane.z), 0.8, lane.z),
        s.uniform(0.8, 1.4),
    )


def truck_shakes_the_mast(s: Stage, t: float) -> None:
    """A heavy truck passes and the camera's mast trembles."""
    lane = max(s.place.lanes, key=lambda one: one.z)
    s.close(t - 4, t + 4)
    truck = s.drive(lane, 0.0, t, 6.5)
    s.car(truck.go(s.off(lane.way, lane.z, 7), 6.5, "drive"), "truck")
    s.happen("shove", (t - 0.2, t + 2.5), (0, 0, 0), s.uniform(1.5, 4.0))


CONFUSERS: dict[str, Play] = {
    f.__name__: f
    for f in (
        run_for_the_bus, lamp_comes_on, exposure_jumps, walk_the_dog, bicycle, tie_a_shoe, hug, cheer, hand_over,
        hard_braking, draw_in, jogger, clean_or_wash, sweeper, play_ball, sit_down, carry_boxes, steam_rises, glare,
        truck_shakes_the_mast,
    )
}  # fmt: skip
ON_THE_ROAD = frozenset({"run_for_the_bus", "hard_braking", "draw_in", "truck_shakes_the_mast"})
"""Those that need the road for themselves."""
BODILESS = frozenset({"lamp_comes_on", "exposure_jumps", "steam_rises", "glare", "truck_shakes_the_mast"})
"""Those without people in them."""
