"""Where to look closer, by what the encoder spent: bytes of a frame over what frames of its kind take otherwise."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log2
from statistics import fmean
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["I", "P", "B"]
"""How a frame is coded: I on its own, P from earlier frames, B from frames on both sides of it."""

AROUND = 60.0
"""Seconds on each side of a frame whose frames of its kind tell what is usual: night falls, cameras are cleaned."""
GRAIN = 0.5
"""Seconds over which sizes are averaged: one frame tells little."""
GAIN = 4.0
"""How many times denser frames lie where the bytes double."""


@dataclass(frozen=True)
class Packets:
    """What a file's index says of its frames, in the order in which they are shown; no picture is decoded for it."""

    times: Sequence[float]
    """Seconds of the source video, ascending."""
    sizes: Sequence[int]
    """Bytes."""
    kinds: Sequence[Kind]

    def between(self, start: float, end: float) -> "Packets":
        """Those of frames that appear in [start, end), seconds."""
        part = slice(bisect_left(self.times, start), bisect_left(self.times, end))
        return Packets(self.times[part], self.sizes[part], self.kinds[part])


def kinds_of(keys: Sequence[bool], shown: Sequence[int]) -> tuple[Kind, ...]:
    """The kinds of frames in the order of decoding, by their places on screen: a B is shown before an earlier one.

    `shown` holds any numbers that ascend in the order of showing. A B frame that others lean on (a pyramid) counts as
    one; so does what leads an open group.
    """
    latest = None
    kinds: list[Kind] = []
    for key, place in zip(keys, shown, strict=True):
        behind = latest is not None and place < latest
        kinds.append("I" if key else "B" if behind else "P")
        latest = place if latest is None else max(latest, place)
    return tuple(kinds)


def by_motion(packets: Packets, start: float, end: float, count: int) -> tuple[float, ...]:
    """`count` times in [start, end), denser where more moves: quantiles of an even floor plus the motion.

    Motion is the logarithm of a frame's size over the median of its kind within a minute, where that is above 0,
    averaged over half a second. I frames are left out: their size tells what there is to see, not what moves. At least
    half of the frames are spread evenly, so that no gap is longer than two even ones. Where nothing moves, where sizes
    say nothing (only I frames), and where there are none, the times are those of `uniform`.

    At constant bit rate the encoder hides motion in the quantiser, and sizes hardly tell it.
    """
    bins = max(1, round((end - start) / GRAIN))
    width = (end - start) / bins
    motion = _smoothed(packets, start, width, bins)
    mean = fmean(motion)
    gain = min(GAIN, 1 / mean) if mean else 0.0
    density = [1 + gain * part for part in motion]
    return _quantiles(density, start, width, count)


def _smoothed(packets: Packets, start: float, width: float, bins: int) -> list[float]:
    """Motion in each bin of a clip; a bin without a frame that tells has what its predecessor has."""
    excess = _excess(packets)
    told: list[list[float]] = [[] for _ in range(bins)]
    for time, part in excess:
        place = int((time - start) / width)
        if 0 <= place < bins:
            told[place].append(part)
    motion: list[float] = []
    for parts in told:
        motion.append(max(0.0, fmean(parts)) if parts else motion[-1] if motion else 0.0)
    return motion


def _excess(packets: Packets) -> list[tuple[float, float]]:
    """For each P and B frame its time and its size over what is usual, in doublings; negative where it is smaller."""
    found: list[tuple[float, float]] = []
    for kind in ("P", "B"):
        chosen = [place for place, own in enumerate(packets.kinds) if own == kind]
        times = [packets.times[place] for place in chosen]
        sizes = [log2(max(1, packets.sizes[place])) for place in chosen]
        found += zip(
            times, (size - usual for size, usual in zip(sizes, _usual(times, sizes), strict=True)), strict=True
        )
    return found


def _usual(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """The running median: of the values within AROUND seconds of each time."""
    usual: list[float] = []
    ordered: list[float] = []
    low = high = 0
    for time in times:
        while high < len(times) and times[high] <= time + AROUND:
            insort(ordered, values[high])
            high += 1
        while times[low] < time - AROUND:
            del ordered[bisect_left(ordered, values[low])]
            low += 1
        middle = len(ordered) // 2
        usual.append(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
    return usual


def _quantiles(density: Sequence[float], start: float, width: float, count: int) -> tuple[float, ...]:
    """The times at which (index + 0.5) / count of the whole mass lies behind."""
    mass = [0.0, *accumulate(density)]
    times: list[float] = []
    for index in range(count):
        goal = mass[-1] * (index + 0.5) / count
        place = min(bisect_right(mass, goal), len(density)) - 1
        times.append(start + width * (place + (goal - mass[place]) / density[place]))
    return tuple(times)
