"""People and dogs, drawn as jointed bodies: head, trunk, two arms and two legs, seen from wherever they face."""

from math import cos, pi, sin
from typing import NamedTuple

from rocot.sources.scenes.easel import Easel, Stand, between, bounds
from rocot.sources.scenes.lens import Box, Colour, Point
from rocot.sources.scenes.poses import Pose
from rocot.sources.scenes.track import Look

Joint = tuple[float, float, float]
"""Forward, left and up of the feet, metres, for a person 1.75 m tall."""
Chain = tuple[Point, Point, Point]
"""Shoulder, elbow, hand; or hip, knee, ankle."""

THIGH, SHIN, FOOT = 0.44, 0.42, 0.07
TRUNK, NECK = 0.52, 0.17
UPPER, FORE = 0.29, 0.28


class Stance(NamedTuple):
    """How a person is there: where, facing what, in which pose, `lift` metres above the ground, holding what."""

    stand: Stand
    pose: Pose
    lift: float = 0.0
    item: str = ""


def _leg(hip: float, knee: float) -> tuple[Point, Point]:
    kf, ku = THIGH * sin(hip), -THIGH * cos(hip)
    return (kf, ku), (kf + SHIN * sin(hip - knee), ku - SHIN * cos(hip - knee))


def _arm(root: Joint, swing: float, elbow: float, out: float) -> tuple[Joint, Joint]:
    side = 1.0 if root[1] > 0 else -1.0
    ci, si = cos(out), sin(out)
    ef = (root[0] + UPPER * sin(swing) * ci, root[1] + side * UPPER * si, root[2] - UPPER * cos(swing) * ci)
    low, half = swing + elbow, out * 0.5
    hand = (ef[0] + FORE * sin(low) * cos(half), ef[1] + side * FORE * sin(half), ef[2] - FORE * cos(low) * cos(half))
    return ef, hand


def joints(p: Pose) -> dict[str, Joint]:
    """The joints of a pose; the lower foot touches the ground."""
    (klf, klu), (alf, alu) = _leg(p.hip_l, p.knee_l)
    (krf, kru), (arf, aru) = _leg(p.hip_r, p.knee_r)
    up = max(-alu, -aru) + FOOT
    w = 0.09 + p.apart
    nf, nu = TRUNK * sin(p.lean), up + TRUNK * cos(p.lean)
    sf, su = nf * 0.92, up + (nu - up) * 0.92
    sl, sr = (sf, 0.2, su), (sf, -0.2, su)
    el, hl = _arm(sl, p.arm_l + p.lean * 0.5, p.elbow_l, p.out_l)
    er, hr = _arm(sr, p.arm_r + p.lean * 0.5, p.elbow_r, p.out_r)
    out = {
        "pelvis": (0.0, 0.0, up),
        "neck": (nf, 0.0, nu),
        "head": (nf + NECK * sin(p.lean + p.nod), 0.0, nu + NECK * cos(p.lean + p.nod)),
        "sl": sl,
        "sr": sr,
        "el": el,
        "er": er,
        "hl": hl,
        "hr": hr,
        "pl": (0.0, 0.08, up),
        "pr": (0.0, -0.08, up),
        "kl": (klf, w, up + klu),
        "kr": (krf, -w, up + kru),
        "al": (alf, w, up + alu),
        "ar": (arf, -w, up + aru),
    }
    if p.pitch:
        c, s = cos(p.pitch), sin(p.pitch)
        out = {k: (f * c + u * s, side, max(0.08, u * c - f * s)) for k, (f, side, u) in out.items()}
    return out


def person(easel: Easel, stance: Stance, look: Look) -> Box:
    """Draw a person standing at a ground point; the canvas box that was touched."""
    ((x, z), facing), pose, lift, item = stance
    k = look.size / 1.75
    ch, sh = cos(facing) * k, sin(facing) * k
    p = {
        n: easel.lens.project(x + f * ch - s * sh, u * k + lift, z + f * sh + s * ch)
        for n, (f, s, u) in joints(pose).items()
    }
    px = easel.lens.scale(z) * k
    near, far = ("r", "l") if ch > 0 else ("l", "r")
    leg, arm = max(2, round(0.15 * px)), max(2, round(0.105 * px))
    trunk = max(3, round((0.25 + 0.13 * abs(sin(facing))) * px))
    toe = ch * px * 0.22
    shirt = easel.tint(look.main)

    _draw_arm(easel, (p["s" + far], p["e" + far], p["h" + far]), arm, easel.tint(look.main, 0.68), look.skin)
    _draw_leg(easel, (p["p" + far], p["k" + far], p["a" + far]), leg, easel.tint(look.second, 0.65), toe)
    _draw_leg(easel, (p["p" + near], p["k" + near], p["a" + near]), leg, easel.tint(look.second), toe)
    easel.capsule(p["pelvis"], between(p["pelvis"], p["neck"], 0.88), trunk, shirt)
    if look.long:
        _draw_skirt(easel, p["pelvis"], between(p["kl"], p["kr"], 0.5), trunk * 0.62, shirt)
    _draw_head(easel, (p["neck"], p["head"]), px, facing, look)
    if item == "bag":
        _draw_bag(easel, p["h" + near], px)
    _draw_arm(easel, (p["s" + near], p["e" + near], p["h" + near]), arm, easel.tint(look.main, 0.86), look.skin)
    seen = list(p.values())
    if item == "bag":
        seen.append((p["h" + near][0], p["h" + near][1] + 0.4 * px))
    elif item:
        seen.append(_draw_item(easel, item, (p["h" + near], p["e" + near], p["h" + far]), px))
    return bounds(seen, round(0.3 * px) + 3)


def _draw_arm(easel: Easel, chain: Chain, width: int, sleeve: Colour, skin: Colour) -> None:
    easel.draw.line(chain, fill=sleeve, width=width, joint="curve")
    easel.dot(chain[0], width / 2 - 0.5, sleeve)
    easel.dot(chain[2], width * 0.55, easel.tint(skin, 0.9))


def _draw_leg(easel: Easel, chain: Chain, width: int, cloth: Colour, toe: float) -> None:
    easel.draw.line(chain, fill=cloth, width=width, joint="curve")
    easel.dot(chain[0], width / 2 - 0.5, cloth)
    x, y = chain[2]
    w = width * 0.45
    easel.capsule((x, y + w * 0.6), (x + toe, y + w), max(2, round(w * 1.5)), easel.tint((38, 34, 32)))


def _draw_skirt(easel: Easel, pelvis: Point, knee: Point, r: float, cloth: Colour) -> None:
    top = [(pelvis[0] - r * 0.7, pelvis[1]), (pelvis[0] + r * 0.7, pelvis[1])]
    easel.draw.polygon([*top, (knee[0] + r, knee[1]), (knee[0] - r, knee[1])], fill=cloth)


def _draw_head(easel: Easel, bones: tuple[Point, Point], px: float, facing: float, look: Look) -> None:
    neck, head = bones
    r = 0.125 * px
    skin, hair = easel.tint(look.skin), easel.tint(look.hair)
    easel.draw.line((neck, head), fill=skin, width=max(2, round(0.1 * px)))
    if sin(facing) > 0.5:  # seen from behind
        easel.dot(head, r, hair)
        return
    easel.dot(head, r, skin)
    turn = -cos(facing) * 0.28 * r
    cap = (head[0] + turn - r, head[1] - r * 1.08, head[0] + turn + r, head[1] + r * 0.55)
    easel.draw.pieslice(cap, 175, 365, fill=hair)
    if look.hat:
        easel.draw.rectangle((head[0] - r * 1.3, head[1] - r * 0.55, head[0] + r * 1.3, head[1] - r * 0.25), fill=hair)


def _draw_bag(easel: Easel, hand: Point, px: float) -> None:
    w, h, drop = 0.19 * px, 0.3 * px, 0.16 * px
    colour = easel.tint((205, 40, 60))
    x, y = hand
    easel.draw.line(((x - w * 0.6, y + drop), hand, (x + w * 0.6, y + drop)), fill=colour, width=2)
    easel.draw.rectangle((x - w, y + drop, x + w, y + drop + h), fill=colour)
    easel.draw.rectangle((x - w, y + drop, x + w, y + drop + h * 0.25), fill=easel.tint((144, 28, 42)))


def _draw_item(easel: Easel, item: str, holding: Chain, px: float) -> Point:
    """Draw what is in the hand (hand, its elbow, the other hand are given); the farthest point drawn."""
    hand, elbow, other = holding
    dx, dy = hand[0] - elbow[0], hand[1] - elbow[1]
    n = max(1.0, (dx * dx + dy * dy) ** 0.5)
    dx, dy = dx / n, dy / n
    middle = between(hand, other, 0.5)
    if item == "bat":
        tip = (hand[0] + dx * 0.75 * px, hand[1] + dy * 0.75 * px)
        easel.draw.line((hand, tip), fill=easel.tint((190, 150, 90)), width=max(3, round(0.07 * px)))
        return tip
    if item in {"broom", "rag"}:
        reach = 1.15 * px if item == "broom" else 0.5 * px
        tip = (hand[0] + dx * reach, hand[1] + dy * reach)
        easel.draw.line((hand, tip), fill=easel.tint((170, 150, 110)), width=max(2, round(0.035 * px)))
        brush = ((tip[0] - 0.16 * px, tip[1]), (tip[0] + 0.16 * px, tip[1]))
        easel.draw.line(brush, fill=easel.tint((90, 110, 150)), width=max(3, round(0.09 * px)))
        return tip
    if item == "can":
        easel.dot(hand, 0.08 * px, easel.tint((220, 220, 225)))
    elif item == "extinguisher":
        foot = (middle[0], middle[1] + 0.42 * px)
        easel.draw.line((middle, foot), fill=easel.tint((200, 30, 30)), width=max(3, round(0.17 * px)))
    elif item == "box":
        r = 0.2 * px
        box = (middle[0] - r, middle[1] - r, middle[0] + r, middle[1] + r)
        easel.draw.rectangle(box, fill=easel.tint((176, 136, 92)))
    return middle


def dog(easel: Easel, stand: Stand, gone: float, t: float, look: Look) -> Box:
    """Draw a dog; its legs move with the metres it has gone, its tail with the time."""
    (ax, az), facing = stand
    px = easel.lens.scale(az) * look.size
    x, y = easel.lens.project(ax, 0.0, az)
    way = 1.0 if cos(facing) >= 0 else -1.0
    coat, dark = easel.tint(look.main), easel.tint(look.main, 0.7)
    top = y - 0.42 * px
    for i, fx in enumerate((-0.32, -0.26, 0.26, 0.32)):
        a = 0.6 * sin(2 * pi * gone / 0.8 + (0, pi, pi, 0)[i])
        hip = (x + way * fx * px, top)
        paw = (hip[0] + way * a * 0.3 * px, y)
        easel.draw.line((hip, paw), fill=dark if i % 2 else coat, width=max(2, round(0.09 * px)))
    easel.capsule((x - way * 0.3 * px, top), (x + way * 0.3 * px, top - 0.03 * px), max(3, round(0.24 * px)), coat)
    neck = (x + way * 0.48 * px, top - 0.24 * px)
    easel.draw.line(((x + way * 0.3 * px, top), neck), fill=coat, width=max(2, round(0.16 * px)))
    easel.dot(neck, 0.13 * px, coat)
    snout = (neck[0] + way * 0.22 * px, neck[1] + 0.04 * px)
    easel.draw.line((neck, snout), fill=dark, width=max(2, round(0.11 * px)))
    tail = (x - way * 0.6 * px, top - (0.2 + 0.08 * sin(14 * t)) * px)
    easel.draw.line(((x - way * 0.34 * px, top), tail), fill=coat, width=max(2, round(0.06 * px)))
    return bounds([(x, y - 0.85 * px), (x - 0.85 * px, y), (x + 0.85 * px, y)], 4)
