"""Measurements in words. A phrase tells a number that was measured; what it may mean is for the reasoning to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rocot.teacher.embedded.signals import BESIDE, Signals
from rocot.teacher.embedded.weigh import Table, Weighed


@dataclass(frozen=True)
class Reading:
    """One measurement of a stretch, against what surrounds it."""

    during: float
    peak: float
    before: float
    elsewhere: float


Phrase = Callable[[Reading], str]


def _level(value: float) -> str:
    """Measured levels are kept as log(1 + levels / 8)."""
    return f"{8 * max(np.expm1(value), 0):.0f} of 255 levels"


def _size(value: float) -> str:
    """Sizes are kept as the logarithm of persons' heights."""
    return f"{np.exp(value):.1f} times the height of a person standing there"


def _pace(value: float) -> str:
    """Speeds are kept as log(1 + persons' heights a second)."""
    return f"{max(np.expm1(value), 0):.1f} persons' heights a second"


def _part(value: float) -> str:
    return f"{100 * min(max(value, 0), 1):.0f} %"


FIRST: Mapping[str, Phrase] = {
    "departure": lambda r: f"the picture is {_level(r.during)} off its ordinary look, {_level(r.elsewhere)} otherwise",
    "change": lambda r: f"it changes by {_level(r.during)} from frame to frame, {_level(r.elsewhere)} otherwise",
    "brighter": lambda r: f"it is brighter than usual by {_level(r.during)}, {_level(r.peak)} at most",
    "darker": lambda r: f"it is darker than usual by {_level(r.during)}, {_level(r.peak)} at most",
    "warmer": lambda r: f"its colour is warmer by {_level(r.during)} (red over blue), {_level(r.peak)} at most",
    "busy": lambda r: (
        f"{_part(np.expm1(r.during) / 8)} of it is not as usual, {_part(np.expm1(r.elsewhere) / 8)} otherwise"
    ),
    "glowing": lambda r: (
        f"{_part(np.expm1(r.peak) / 8)} of it at most is bright and warm, {_part(np.expm1(r.elsewhere) / 8)} otherwise"
    ),
    "brightest": lambda r: f"its brightest point rises by {_level(r.peak)}, {_level(r.before)} before",
    "warmest": lambda r: f"its warmest point turns warmer by {_level(r.peak)}, {_level(r.before)} before",
    "flat": lambda r: f"fine detail is weaker there by {_level(r.during)}",
    "whole change": lambda r: (
        f"the whole picture changes by {_level(r.during)} a frame, {_level(r.elsewhere)} otherwise"
    ),
    "whole brighter": lambda r: (
        f"the whole picture is brighter by {_level(r.during)}, against {_level(r.before)} before"
    ),
    "whole darker": lambda r: f"the whole picture is darker by {_level(r.during)}, against {_level(r.before)} before",
    "whole warmer": lambda r: f"the whole picture is warmer by {_level(r.during)}, against {_level(r.before)} before",
}

SECOND: Mapping[str, Phrase] = {
    "tall": lambda r: f"the shape is {_size(r.during)} high",
    "wide": lambda r: f"the shape is {_size(r.during)} wide",
    "filled": lambda r: f"what stands there fills {_part(r.during)} of the box, {_part(r.elsewhere)} otherwise",
    "match": lambda r: f"one shape keeps to the same box (overlap {_part(r.during)}, {_part(r.elsewhere)} otherwise)",
    "churn": lambda r: f"outlines there change by {_part(r.during)} a frame, {_part(r.elsewhere)} otherwise",
    "step": lambda r: f"its pixels change by {_level(r.during)} a frame, {_level(r.elsewhere)} otherwise",
    "brighter": lambda r: f"it is brighter than the place usually is by {_level(r.during)}",
    "darker": lambda r: f"it is darker than the place usually is by {_level(r.during)}",
    "flame": lambda r: (
        f"up to {_part(r.peak**2)} of the box has the colour of flames (bright, red over green over blue)"
    ),
    "core": lambda r: f"up to {_part(r.peak**2)} of the box glows like the core of a flame",
    "above": lambda r: f"where its upper body would be, {_part(r.during)} stands out, {_part(r.before)} before",
    "upright": lambda r: f"the shape is spread {np.exp(r.during):.1f} times as far down as across",
    "body": lambda r: f"the shape covers {max(np.expm1(r.during), 0):.1f} times the area of a person standing there",
    "scar": lambda r: f"the place looks different for long afterwards, by up to {_level(r.peak)}",
    "foot": lambda r: f"its foot is at {_part(r.during)} of the picture's height",
    "flicker": lambda r: f"up to {_part(r.peak**2)} of the box turns to or from the colour of flames between frames",
    "vehicles": lambda r: f"{max(np.expm1(r.during), 0):.1f} shapes wider than a person is tall are at or near it",
    "glow": lambda r: f"its surroundings are warmer than usual by {_level(r.during)}, {_level(r.before)} before",
    "smoke": lambda r: f"detail of what lies behind is weaker by {_level(r.during)}, {_level(r.before)} before",
    "lasting": lambda r: f"what stays there changes by up to {_level(r.peak)}",
    "arrival": lambda r: f"the shape there moves at {_pace(r.during)}, {_pace(r.before)} before",
    "runner": lambda r: f"the fastest thing near it goes at {_pace(r.peak)}",
    "company": lambda r: (
        f"{max(np.expm1(r.during), 0):.1f} shapes are at or near it, {max(np.expm1(r.before), 0):.1f} before"
    ),
    "shake": lambda r: (
        f"the camera is off its place by {max(np.expm1(r.peak), 0):.1f} % of the picture's height at most"
    ),
    "exposure": lambda r: f"the exposure of the whole picture is off by a factor of {2 ** (r.peak / 4):.2f} at most",
    "flash": lambda r: f"the whole picture brightens by a factor of up to {2 ** (r.peak / 4):.2f}",
    "whole flame": lambda r: f"flame colours cover up to {100 * (r.peak / 8) ** 2:.1f} % of the whole picture",
    "haze": lambda r: f"the contrast of the whole picture is lower by {8 * max(r.during, 0):.0f} levels",
}


def reading(signals: Signals, name: str, region: int, first: int, last: int) -> Reading:
    """One measurement of one stretch."""
    series = signals.of(name)[region]
    inside = series[first : last + 1]
    before = series[max(0, first - BESIDE) : first]
    outside = np.concatenate([series[:first], series[last + 1 :]])
    return Reading(
        float(inside.mean()),
        float(inside.max()),
        float(before.mean()) if before.size else float(inside[0]),
        float(outside.mean()) if outside.size else 0.0,
    )


def telling(weighed: Weighed, table: Table, row: int, label: str, shown: Mapping[str, Phrase]) -> list[str]:
    """The measurements that weigh most for a label in one stretch, the weightiest first."""
    parts = table.parts(weighed.stretches.features[row], label)
    by_name: dict[str, float] = {}
    for feature, part in zip(table.features, parts, strict=True):
        name = feature.rpartition(" ")[0]
        if name in shown:
            by_name[name] = by_name.get(name, 0.0) + float(part)
    return sorted(by_name, key=lambda name: -by_name[name])


def place_of(signals: Signals, region: int, first: int, last: int) -> str:
    """Where in the picture, in words, e.g. `the lower left`."""
    top, left, bottom, right = signals.boxes[region, first : last + 1].mean(axis=0)
    down, across = (top + bottom) / 2, (left + right) / 2
    row = "upper" if down < 0.38 else "lower" if down > 0.62 else "middle"
    column = "left" if across < 0.36 else "right" if across > 0.64 else "centre"
    if row == "middle":
        return "the centre" if column == "centre" else f"the middle of the {column} side"
    return f"the {row} {column}"
