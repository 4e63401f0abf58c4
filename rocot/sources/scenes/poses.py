"""Bodies in motion: what each joint of a person does, as a function of time and of distance walked.

A pose is a tuple of angles, so that two poses blend by plain interpolation. Angles are radians; 0 everywhere is a
person at attention. Forward swings are positive. `pitch` turns the whole body about the feet: +pi/2 lies face down.
"""

from collections.abc import Callable
from math import cos, pi, sin
from typing import NamedTuple


class Pose(NamedTuple):
    """The joints' angles, radians. l and r are the body's own left and right."""

    lean: float = 0.0
    nod: float = 0.0
    arm_l: float = 0.0
    elbow_l: float = 0.15
    out_l: float = 0.12
    arm_r: float = 0.0
    elbow_r: float = 0.15
    out_r: float = 0.12
    hip_l: float = 0.0
    knee_l: float = 0.0
    hip_r: float = 0.0
    knee_r: float = 0.0
    pitch: float = 0.0
    apart: float = 0.0


PoseAt = Callable[[float, float, float], Pose]
"""(seconds since the beat began, share of the beat done 0..1, metres walked) -> pose."""


def blend(a: Pose, b: Pose, share: float) -> Pose:
    """The pose `share` of the way from a to b."""
    return Pose._make([p + (q - p) * share for p, q in zip(a, b, strict=True)])


def smooth(x: float) -> float:
    """0 to 1 with no jerk at either end."""
    x = 0.0 if x < 0 else min(x, 1.0)
    return x * x * (3 - 2 * x)


class Gait(NamedTuple):
    """A way of going: stride in metres, swings of hip, knee and arm, bend of the elbows, lean of the trunk."""

    stride: float
    hip: float
    knee: float
    arm: float = 0.0
    elbow: float = 0.0
    lean: float = 0.0

    def at(self, metres: float) -> Pose:
        """The pose after so many metres."""
        phase = 2 * pi * metres / self.stride
        s, c = sin(phase), cos(phase)
        return Pose(
            lean=self.lean,
            arm_l=-self.arm * s,
            elbow_l=self.elbow,
            arm_r=self.arm * s,
            elbow_r=self.elbow,
            hip_l=self.hip * s,
            knee_l=0.08 + self.knee * max(0.0, c),
            hip_r=-self.hip * s,
            knee_r=0.08 + self.knee * max(0.0, -c),
        )


def walk(_t: float, _u: float, m: float) -> Pose:
    """Going about."""
    return Gait(1.4, 0.46, 0.75, 0.42, 0.25, 0.04).at(m)


def stagger(t: float, _u: float, m: float) -> Pose:
    """Unsteady, leaning back, arms out."""
    return Gait(1.1, 0.4, 0.5, 0.2, 0.6, 0.0).at(m)._replace(lean=-0.22 + 0.1 * sin(7 * t), out_l=0.8, out_r=0.7)


def run(_t: float, _u: float, m: float) -> Pose:
    """Running, elbows bent."""
    return Gait(2.5, 0.8, 1.5, 0.9, 1.5, 0.26).at(m)


def carry(_t: float, _u: float, m: float) -> Pose:
    """Walking with both arms before the body."""
    return Gait(1.4, 0.42, 0.7, 0.0, 0.0, -0.05).at(m)._replace(arm_l=0.9, elbow_l=0.8, arm_r=0.9, elbow_r=0.8)


def stand(t: float, _u: float, _m: float) -> Pose:
    """Standing, swaying a little."""
    sway = 0.03 * sin(1.3 * t)
    return Pose(lean=sway, arm_l=sway, arm_r=-sway, apart=0.08, nod=0.1 * sin(0.7 * t))


def talk(t: float, _u: float, _m: float) -> Pose:
    """Talking with one hand."""
    g = 0.5 + 0.5 * sin(2.6 * t)
    return Pose(lean=0.03 * sin(t), arm_r=0.3 + 0.5 * g, elbow_r=1.3 + 0.5 * sin(3.7 * t), out_r=0.25, apart=0.08)


def wait(t: float, _u: float, _m: float) -> Pose:
    """Standing bent over a telephone."""
    return Pose(arm_l=0.45, elbow_l=1.7, arm_r=0.5, elbow_r=1.8, nod=0.45 + 0.05 * sin(t), apart=0.06)


def wave(t: float, _u: float, _m: float) -> Pose:
    """Waving with the right arm, high."""
    return Pose(arm_r=2.7 + 0.3 * sin(9 * t), elbow_r=0.3, out_r=0.3, apart=0.08)


def alarm(t: float, _u: float, _m: float) -> Pose:
    """Both arms up and shaking."""
    return Pose(arm_l=2.5 + 0.3 * sin(8 * t), arm_r=2.5 - 0.3 * sin(8 * t), out_l=0.5, out_r=0.5, apart=0.15)


def guard(t: float, _u: float, _m: float) -> Pose:
    """Fists before the face, feet apart."""
    b = 0.08 * sin(9 * t)
    return Pose(0.18 + b, 0.1, 0.9, 1.9, 0.2, 0.8, 2.0, 0.2, 0.4, 0.35, -0.3, 0.3, 0.0, 0.08)


def punch(t: float, _u: float, _m: float) -> Pose:
    """Two blows, right and left, in 0.7 s."""
    phase = (t / 0.7) % 1.0
    right = max(0.0, sin(2 * pi * phase)) ** 0.6
    left = max(0.0, -sin(2 * pi * phase)) ** 0.6
    return Pose(
        0.22 + 0.2 * (right + left), 0.1,
        0.6 + 1.0 * left, 2.1 - 2.0 * left, 0.1,
        0.6 + 1.0 * right, 2.1 - 2.0 * right, 0.1,
        0.55, 0.4, -0.45, 0.25, 0.0, 0.08,
    )  # fmt: skip


def kick(t: float, _u: float, _m: float) -> Pose:
    """One kick, then the foot comes back."""
    k = max(0.0, sin(2 * pi * t / 0.8))
    return Pose(
        -0.15 - 0.25 * k, 0.0, 0.8, 1.6, 0.5, -0.4, 1.0, 0.5, -0.1, 0.2, -0.3 + 1.8 * k, 1.0 - 0.9 * k, 0.0, 0.05
    )


def reel(_t: float, u: float, m: float) -> Pose:
    """Hit: thrown back, arms wide."""
    base = Gait(1.2, 0.35, 0.5).at(m)
    j = sin(pi * min(1.0, u * 1.5))
    return base._replace(
        lean=-0.45 * j, nod=-0.4 * j, arm_l=0.9, arm_r=0.7, elbow_l=0.7, elbow_r=0.9, out_l=0.9 * j, out_r=0.8 * j
    )


def grapple(t: float, _u: float, _m: float) -> Pose:
    """Bent over, holding on, pushing."""
    j = 0.15 * sin(11 * t)
    return Pose(0.5 + j, 0.3, 1.25 + j, 0.5, 0.1, 1.2 - j, 0.4, 0.1, 0.5 + j, 0.5, -0.6, 0.3, 0.0, 0.1)


def hug(t: float, _u: float, _m: float) -> Pose:
    """Arms around the other."""
    j = 0.02 * sin(3 * t)
    return Pose(0.12 + j, 0.2, 1.25, 0.7, 0.15, 1.15, 0.9, 0.1)


def shake_hands(t: float, _u: float, _m: float) -> Pose:
    """One hand out, up and down."""
    return Pose(0.08, 0.05, 0.0, 0.15, 0.12, 0.75 + 0.12 * sin(9 * t), 0.6, 0.0, apart=0.06)


def reach(_t: float, _u: float, _m: float) -> Pose:
    """A step forward, both arms out."""
    return Pose(0.25, 0.1, 1.2, 0.2, 0.1, 1.3, 0.1, 0.1, 0.45, 0.3, -0.4, 0.1)


def tug(t: float, _u: float, _m: float) -> Pose:
    """Pulling hard at something, to and fro."""
    j = sin(12 * t)
    return Pose(-0.3 + 0.25 * j, 0.0, 1.2, 0.4 + 0.3 * j, 0.1, 1.25, 0.3 - 0.2 * j, 0.1, 0.7, 0.5, -0.3, 0.2)


def bend(_t: float, u: float, _m: float) -> Pose:
    """Bowing down to the shoe and up again."""
    d = smooth(u / 0.2) * smooth((1 - u) / 0.2)
    return Pose(1.15 * d, 0.3 * d, 1.35 * d, 0.1, 0.1, 1.4 * d, 0.1, 0.1, 1.35 * d, 1.5 * d, 0.1 * d, 1.45 * d)


def crouch(_t: float, u: float, _m: float) -> Pose:
    """Down on the heels and up again."""
    d = smooth(u / 0.15) * smooth((1 - u) / 0.15)
    return Pose(0.5 * d, 0.2, 0.9 * d, 0.6, 0.1, 0.8 * d, 0.7, 0.1, 1.7 * d, 2.3 * d, 1.4 * d, 2.3 * d)


def sit(_t: float, u: float, _m: float) -> Pose:
    """Sitting down, and getting up again at the end."""
    d = smooth(u / 0.12) * smooth((1 - u) / 0.12)
    return Pose(0.05 * d, 0.1, 0.5 * d, 0.5, 0.1, 0.5 * d, 0.6, 0.1, 1.5 * d, 1.55 * d, 1.45 * d, 1.5 * d)


def ride(_t: float, _u: float, m: float) -> Pose:
    """On a bicycle, pedalling."""
    p = 2 * pi * m / 3.2
    return Pose(
        0.5, -0.2, 1.15, 0.2, 0.1, 1.15, 0.2, 0.1,
        0.95 + 0.4 * sin(p), 1.1 + 0.5 * sin(p + 0.6), 0.95 - 0.4 * sin(p), 1.1 - 0.5 * sin(p + 0.6),
    )  # fmt: skip


def swing(t: float, _u: float, _m: float) -> Pose:
    """A bat or hammer raised over the head and brought down, 0.9 s a blow."""
    p = (t / 0.9) % 1.0
    up = smooth(p / 0.55) if p < 0.55 else 1 - smooth((p - 0.55) / 0.15)
    return Pose(
        0.42 - 0.6 * up, 0.1,
        0.85 + 1.95 * up, 0.15 + 0.7 * up, 0.05,
        0.85 + 1.95 * up, 0.15 + 0.7 * up, 0.05,
        0.5, 0.4, -0.4, 0.15, 0.0, 0.06,
    )  # fmt: skip


def spray(t: float, _u: float, _m: float) -> Pose:
    """One arm out, drawing on a wall."""
    return Pose(0.1, 0.0, 0.1, 0.5, 0.1, 1.55 + 0.45 * sin(2.1 * t), 0.25, 0.25 + 0.4 * sin(1.3 * t), apart=0.1)


def wipe(t: float, _u: float, _m: float) -> Pose:
    """Long slow strokes, as of one who cleans a window."""
    return Pose(0.08, -0.1, 0.1, 0.4, 0.1, 1.9 + 0.4 * sin(2.4 * t), 0.3, 0.1 + 0.35 * sin(1.2 * t), apart=0.1)


def sweep(t: float, _u: float, m: float) -> Pose:
    """Walking with a broom."""
    s = 0.4 * sin(3.2 * t)
    return walk(t, 0, m)._replace(
        lean=0.3, arm_l=0.8 + s, elbow_l=0.5, arm_r=0.7 + s, elbow_r=0.4, out_l=0.1, out_r=0.1
    )


def extinguish(t: float, _u: float, _m: float) -> Pose:
    """Both hands on an extinguisher, leaning in."""
    j = 0.06 * sin(8 * t)
    return Pose(0.2, 0.1, 0.9 + j, 0.5, 0.1, 1.0 - j, 0.4, 0.1, 0.4, 0.3, -0.3, 0.1)


def cower(_t: float, _u: float, _m: float) -> Pose:
    """Ducked, arms over the head."""
    return Pose(0.6, 0.5, 2.3, 2.2, 0.3, 2.3, 2.2, 0.3, 0.9, 1.4, 0.7, 1.3)


def _down(d: float, way: float) -> Pose:
    """A body on its way to the ground: d = 0 upright, 1 lying; way +1 face down, -1 on the back."""
    mid = 4 * d * (1 - d)
    return Pose(
        lean=0.35 * way * mid,
        nod=0.1,
        arm_l=(1.4 * mid + 0.5 * d) * (1.0 if way > 0 else 0.8),
        elbow_l=0.3,
        out_l=0.12 + 0.9 * d,
        arm_r=2.0 * mid + 0.9 * d,
        elbow_r=0.4,
        out_r=0.12 + 0.7 * d,
        hip_l=0.55 * mid + 0.15 * d,
        knee_l=0.9 * mid + 0.3 * d,
        hip_r=0.2 * mid,
        knee_r=0.8 * mid + 0.05 * d,
        pitch=way * (pi / 2) * d,
    )


def fall_front(_t: float, u: float, _m: float) -> Pose:
    """Loses balance and falls on the face: falling quickens, as it does."""
    return _down(min(1.0, u) ** 1.8, 1.0)


def fall_back(_t: float, u: float, _m: float) -> Pose:
    """Slips and falls on the back."""
    return _down(min(1.0, u) ** 1.8, -1.0)


def lie_front(t: float, _u: float, _m: float) -> Pose:
    """Lying on the face, moving a little."""
    return _down(1.0, 1.0)._replace(arm_r=0.9 + 0.12 * sin(1.5 * t), knee_l=0.4 + 0.1 * sin(1.1 * t))


def lie_back(t: float, _u: float, _m: float) -> Pose:
    """Lying on the back, moving a little."""
    return _down(1.0, -1.0)._replace(arm_r=0.7 + 0.2 * sin(1.5 * t), knee_l=0.5 + 0.1 * sin(1.1 * t))


def rise_front(_t: float, u: float, _m: float) -> Pose:
    """Up from the ground: over a crouch, as a shaken person does."""
    return _rise(u, 1.0)


def rise_back(_t: float, u: float, _m: float) -> Pose:
    """Up from the back."""
    return _rise(u, -1.0)


def _rise(u: float, way: float) -> Pose:
    low = Pose(0.7, 0.2, 1.0, 0.4, 0.3, 1.1, 0.3, 0.3, 1.6, 2.2, 1.2, 2.1)
    if u < 0.5:
        return blend(_down(1.0, way), low, smooth(u / 0.5))
    return blend(low, Pose(), smooth((u - 0.5) / 0.5))


POSES: dict[str, PoseAt] = {
    f.__name__: f
    for f in (
        walk, stagger, run, carry, stand, talk, wait, wave, alarm, guard, punch, kick, reel, grapple, hug, shake_hands,
        reach, tug, bend, crouch, sit, ride, swing, spray, wipe, sweep, extinguish, cower, fall_front, fall_back,
        lie_front, lie_back, rise_front, rise_back,
    )
}  # fmt: skip
