"""Explosions, fires and falls. Each act returns the exact span of what it is named for."""

from rocot.sources.scenes.stage import LEFT, RIGHT, WALKING, SpanOf, Stage
from rocot.sources.scenes.track import Manner


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
    s.happen("blast", (t, t + length), (x, 0.1, z), size * s.uniform(0.75, 1.15))
    if s.chance(0.6):
        s.happen("shove", (t, t + 2.0), (0, 0, 0), s.uniform(1.0, 4.0))
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
    s.add(s.go(life, side=way, manner=Manner(s.uniform(3.2, 4.2), "run")))


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
    end = t + max(length, 4.0)
    s.take((x, z), t, end)
    s.happen("fire", (t, end), (x, y, z), size * s.uniform(0.95, 1.5))
    walk_z = min(max(z - 0.2, s.place.main_walk[0] + 0.2), s.place.main_walk[1])
    if s.chance(0.5) and t > 2.5:
        way = s.side()
        setter = s.come((x + way * 0.65, walk_z), t - 1.6, side=way)
        setter.until("bend", t, LEFT if way > 0 else RIGHT)
        s.add(s.go(setter, side=way, manner=Manner(3.6, "run")))
    if s.chance(0.55):
        way = s.side()
        helper = s.come((x + way * 1.5, walk_z), end - 2.4, side=way, item="extinguisher", manner=Manner(2.8, "run"))
        helper.until("extinguish", end + 0.3, LEFT if way > 0 else RIGHT)
        s.happen("spray", (end - 2.2, end + 0.3), (x + way * 1.05, y + 0.55, z - 0.15), -way * 1.0)
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
    manner = Manner(2.8, "run") if hurried else WALKING
    life = s.come((x, z), t, manner, side=-way, item="bag" if s.chance(0.2) else "")
    life.hold("")
    kind = "front" if hurried or s.chance(0.5) else "back"
    faint = kind == "back" and s.chance(0.4)
    if faint and length > 3.5:
        life.do("stagger", 0.8, facing, (x + way * 0.3, z))
    life.do("fall_" + kind, 0.65, facing, (life.at[0] + way * (0.5 if kind == "front" else 0.25), z))
    life.do("lie_" + kind, max(0.3, end - life.t - 1.6)).until("rise_" + kind, end)
    if length > 3.6 and s.chance(0.5):
        helper = s.come(
            (life.at[0] + way * 0.95, z - 0.12), t + s.uniform(1.4, 2.0), side=way, manner=Manner(2.6, "run")
        )
        helper.until("crouch", max(end, helper.t + 0.5), LEFT if way > 0 else RIGHT)
        s.add(s.go(helper))
    s.add(s.go(life, side=way, manner=Manner(1.1)))
    return (t, end)
