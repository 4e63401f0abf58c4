"""People and dogs, drawn as jointed bodies: head, trunk, two arms and two legs, seen from wherever they face."""

from math import cos, pi, sin

from PIL.ImageDraw import ImageDraw

from rocot.sources.scenes.lens import Box, Colour, Lens, Point, shade
from rocot.sources.scenes.poses import Pose
from rocot.sources.scenes.track import Look

Light = tuple[float, float, float]
Joint = tuple[float, float, float]
"""Forward, left and up of the feet, metres, for a person 1.75 m tall."""

THIGH, SHIN, FOOT = 0.44, 0.42, 0.07
TRUNK, NECK = 0.52, 0.17
UPPER, FORE = 0.29, 0.28


def _leg(hip: float, knee: float) -> tuple[Point, Point]:
    kf, ku = THIGH * sin(hip), -THIGH * cos(hip)
    return (kf, ku), (kf + SHIN * sin(hip - knee), ku - SHIN * cos(hip - knee))


def _arm(root: Joint, swing: float, elbow: float, out: float, side: float) -> tuple[Joint, Joint]:
    ci, si = cos(out), sin(out)
    ef = (root[0] + UPPER * sin(swing) * ci, root[1] + side * UPPER * si, root[2] - UPPER * cos(swing) * ci)
    low, half = swing + elbow, out * 0.5
    return ef, (
        ef[0] + FORE * sin(low) * cos(half),
        ef[1] + side * FORE * sin(half),
        ef[2] - FORE * cos(low) * cos(half),
    )


def joints(p: Pose) -> dict[str, Joint]:
    """The joints of a pose; the lower foot touches the ground."""
    (klf, klu), (alf, alu) = _leg(p.hip_l, p.knee_l)
    (krf, kru), (arf, aru) = _leg(p.hip_r, p.knee_r)
    up = max(-alu, -aru) + FOOT
    w = 0.09 + p.apart
    nf, nu = TRUNK * sin(p.lean), up + TRUNK * cos(p.lean)
    sf, su = nf * 0.92, up + (nu - up) * 0.92
    sl, sr = (sf, 0.2, su), (sf, -0.2, su)
    el, hl = _arm(sl, p.arm_l + p.lean * 0.5, p.elbow_l, p.out_l, 1.0)
    er, hr = _arm(sr, p.arm_r + p.lean * 0.5, p.elbow_r, p.out_r, -1.0)
    out = {
        "pelvis": (0.0, 0.0, up), "neck": (nf, 0.0, nu),
        "head": (nf + NECK * sin(p.lean + p.nod), 0.0, nu + NECK * cos(p.lean + p.nod)),
        "sl": sl, "sr": sr, "el": el, "er": er, "hl": hl, "hr": hr,
        "pl": (0.0, 0.08, up), "pr": (0.0, -0.08, up),
        "kl": (klf, w, up + klu), "kr": (krf, -w, up + kru),
        "al": (alf, w, up + alu), "ar": (arf, -w, up + aru),
    }  # fmt: skip
    if p.pitch:
        c, s = cos(p.pitch), sin(p.pitch)
        out = {k: (f * c + u * s, side, max(0.08, u * c - f * s)) for k, (f, side, u) in out.items()}
    return out


def person(
    draw: ImageDraw, lens: Lens, at: Point, facing: float, pose: Pose, look: Look, light: Light, item: str = "",
    lift: float = 0.0,
) -> Box:  # fmt: skip
    """Draw a person standing at a ground point; the canvas box that was touched."""
    k = look.size / 1.75
    ch, sh = cos(facing) * k, sin(facing) * k
    x, z = at
    p = {
        n: lens.project(x + f * ch - s * sh, u * k + lift, z + f * sh + s * ch) for n, (f, s, u) in joints(pose).items()
    }
    px = lens.scale(z) * k
    near, far = ("r", "l") if ch > 0 else ("l", "r")
    shirt, trousers, skin = shade(look.main, light), shade(look.second, light), shade(look.skin, light)
    dark_shirt, dark_trousers = shade(look.main, light, 0.68), shade(look.second, light, 0.65)
    leg, arm = max(2, round(0.15 * px)), max(2, round(0.105 * px))
    trunk = max(3, round((0.25 + 0.13 * abs(sin(facing))) * px))

    _limb(draw, (p["s" + far], p["e" + far], p["h" + far]), arm, dark_shirt, shade(look.skin, light, 0.75))
    _limb(draw, (p["p" + far], p["k" + far], p["a" + far]), leg, dark_trousers, (0, 0, 0), foot=(ch * px * 0.22, light))
    _limb(draw, (p["p" + near], p["k" + near], p["a" + near]), leg, trousers, (0, 0, 0), foot=(ch * px * 0.22, light))
    _capsule(draw, p["pelvis"], _mid(p["pelvis"], p["neck"], 0.88), trunk, shirt)
    if look.long:
        knee = _mid(p["kl"], p["kr"], 0.5)
        r = trunk * 0.62
        draw.polygon(
            [(p["pelvis"][0] - r * 0.7, p["pelvis"][1]), (p["pelvis"][0] + r * 0.7, p["pelvis"][1]),
             (knee[0] + r, knee[1]), (knee[0] - r, knee[1])], fill=shirt,
        )  # fmt: skip
    _head(draw, p["neck"], p["head"], px, facing, look, skin, light)
    if item == "bag":
        _bag(draw, p["h" + near], px, light)
    _limb(draw, (p["s" + near], p["e" + near], p["h" + near]), arm, shade(look.main, light, 0.86), skin)
    xs = [q[0] for q in p.values()]
    ys = [q[1] for q in p.values()]
    if item and item != "bag":
        tip = _item(draw, item, p["h" + near], p["e" + near], p["h" + far], px, light)
        xs.append(tip[0])
        ys.append(tip[1])
    m = round(0.3 * px) + 3
    low = 0.62 * px if item == "bag" else 0.0
    return (int(min(xs)) - m, int(min(ys)) - m, int(max(xs)) + m, int(max(ys) + max(m, low)))


def _mid(a: Point, b: Point, share: float) -> Point:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


def _dot(draw: ImageDraw, at: Point, r: float, fill: Colour) -> None:
    draw.ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=fill)


def _capsule(draw: ImageDraw, a: Point, b: Point, width: int, fill: Colour) -> None:
    draw.line((a, b), fill=fill, width=width)
    _dot(draw, a, width / 2 - 0.5, fill)
    _dot(draw, b, width / 2 - 0.5, fill)


def _limb(
    draw: ImageDraw, chain: tuple[Point, Point, Point], width: int, fill: Colour, end: Colour,
    foot: tuple[float, Light] | None = None,
) -> None:  # fmt: skip
    draw.line(chain, fill=fill, width=width, joint="curve")
    _dot(draw, chain[0], width / 2 - 0.5, fill)
    tip = chain[2]
    if foot is None:
        _dot(draw, tip, width * 0.55, end)
    else:
        w = width * 0.45
        toe = (tip[0] + foot[0], tip[1] + w)
        _capsule(draw, (tip[0], tip[1] + w * 0.6), toe, max(2, round(w * 1.5)), shade((38, 34, 32), foot[1]))


def _head(
    draw: ImageDraw, neck: Point, head: Point, px: float, facing: float, look: Look, skin: Colour, light: Light
) -> None:
    r = 0.125 * px
    hair = shade(look.hair, light)
    draw.line((neck, head), fill=skin, width=max(2, round(0.1 * px)))
    away = sin(facing)
    if away > 0.5:
        _dot(draw, head, r, hair)
        return
    _dot(draw, head, r, skin)
    turn = -cos(facing) * 0.28 * r
    cap = (head[0] + turn - r, head[1] - r * 1.08, head[0] + turn + r, head[1] + r * 0.55)
    draw.pieslice(cap, 175, 365, fill=hair)
    if look.hat:
        draw.rectangle((head[0] - r * 1.3, head[1] - r * 0.55, head[0] + r * 1.3, head[1] - r * 0.25), fill=hair)


def _bag(draw: ImageDraw, hand: Point, px: float, light: Light) -> None:
    w, h, drop = 0.19 * px, 0.3 * px, 0.16 * px
    colour = shade((205, 40, 60), light)
    draw.line(((hand[0] - w * 0.6, hand[1] + drop), hand, (hand[0] + w * 0.6, hand[1] + drop)), fill=colour, width=2)
    draw.rectangle((hand[0] - w, hand[1] + drop, hand[0] + w, hand[1] + drop + h), fill=colour)
    draw.rectangle(
        (hand[0] - w, hand[1] + drop, hand[0] + w, hand[1] + drop + h * 0.25), fill=shade(colour, (0.7,) * 3)
    )


def _item(draw: ImageDraw, item: str, hand: Point, elbow: Point, other: Point, px: float, light: Light) -> Point:
    dx, dy = hand[0] - elbow[0], hand[1] - elbow[1]
    n = max(1.0, (dx * dx + dy * dy) ** 0.5)
    dx, dy = dx / n, dy / n
    if item == "bat":
        tip = (hand[0] + dx * 0.75 * px, hand[1] + dy * 0.75 * px)
        draw.line((hand, tip), fill=shade((190, 150, 90), light), width=max(3, round(0.07 * px)))
        return tip
    if item in {"broom", "rag"}:
        reach = 1.15 * px if item == "broom" else 0.5 * px
        tip = (hand[0] + dx * reach, hand[1] + dy * reach)
        draw.line((hand, tip), fill=shade((170, 150, 110), light), width=max(2, round(0.035 * px)))
        draw.line(
            ((tip[0] - 0.16 * px, tip[1]), (tip[0] + 0.16 * px, tip[1])), fill=shade((90, 110, 150), light),
            width=max(3, round(0.09 * px)),
        )  # fmt: skip
        return tip
    if item == "can":
        _dot(draw, hand, 0.08 * px, shade((220, 220, 225), light))
        return hand
    if item == "extinguisher":
        mid = _mid(hand, other, 0.5)
        draw.line((mid, (mid[0], mid[1] + 0.42 * px)), fill=shade((200, 30, 30), light), width=max(3, round(0.17 * px)))
        return hand
    if item == "box":
        mid = _mid(hand, other, 0.5)
        r = 0.2 * px
        draw.rectangle((mid[0] - r, mid[1] - r, mid[0] + r, mid[1] + r), fill=shade((176, 136, 92), light))
        return mid
    return hand


def dog(
    draw: ImageDraw, lens: Lens, at: Point, facing: float, metres: float, t: float, look: Look, light: Light
) -> Box:
    """Draw a dog; its legs move with the metres it has gone."""
    px = lens.scale(at[1]) * look.size
    x, y = lens.project(at[0], 0.0, at[1])
    way = 1.0 if cos(facing) >= 0 else -1.0
    coat, dark = shade(look.main, light), shade(look.main, light, 0.7)
    top = y - 0.42 * px
    for i, fx in enumerate((-0.32, -0.26, 0.26, 0.32)):
        a = 0.6 * sin(2 * pi * metres / 0.8 + (0, pi, pi, 0)[i])
        hip = (x + way * fx * px, top)
        draw.line((hip, (hip[0] + way * a * 0.3 * px, y)), fill=dark if i % 2 else coat, width=max(2, round(0.09 * px)))
    _capsule(draw, (x - way * 0.3 * px, top), (x + way * 0.3 * px, top - 0.03 * px), max(3, round(0.24 * px)), coat)
    neck = (x + way * 0.48 * px, top - 0.24 * px)
    draw.line(((x + way * 0.3 * px, top), neck), fill=coat, width=max(2, round(0.16 * px)))
    _dot(draw, neck, 0.13 * px, coat)
    draw.line((neck, (neck[0] + way * 0.22 * px, neck[1] + 0.04 * px)), fill=dark, width=max(2, round(0.11 * px)))
    tail = (x - way * 0.6 * px, top - (0.2 + 0.08 * sin(14 * t)) * px)
    draw.line(((x - way * 0.34 * px, top), tail), fill=coat, width=max(2, round(0.06 * px)))
    m = round(0.85 * px) + 3
    return (int(x) - m, int(y) - m, int(x) + m, int(y) + 4)
