"""Both looks at a clip, kept for a short while: the three asks of a clip come one after another."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal, TypeAlias

from rocot.teacher.embedded import follow, glance
from rocot.teacher.embedded.asked import Asked
from rocot.teacher.embedded.footage import decode
from rocot.teacher.embedded.signals import Signals, stretches
from rocot.teacher.embedded.weigh import Table, Weighed, load_table, weigh

Which: TypeAlias = Literal["first", "second"]

KEPT = 16
"""Looks; from 2 to 10 MB each."""
MOST_FRAMES = 40
"""Of more frames, so many are looked at, evenly: the weights were fitted at about a frame a second."""


@dataclass(frozen=True)
class Look:
    """What one look measured, and how it weighs that."""

    signals: Signals
    weighed: Weighed
    table: Table


class Looks:
    """Looks by the frames and window that they are of; safe to use from several threads at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Look] = OrderedDict()
        self._lock = Lock()

    def at(self, which: Which, asked: Asked, jpegs: Sequence[bytes]) -> Look:
        """The first or second look at the frames of an ask. Raises TeacherError (`bad frame`)."""
        key = (which, asked.digests, asked.times, asked.start, asked.end)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        look = _look(which, asked, jpegs)
        with self._lock:
            self._kept[key] = look
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return look


def _look(which: Which, asked: Asked, jpegs: Sequence[bytes]) -> Look:
    count = len(jpegs)
    used = range(count) if count <= MOST_FRAMES else [k * count // MOST_FRAMES for k in range(MOST_FRAMES)]
    frames, times = [jpegs[k] for k in used], [asked.times[k] for k in used]
    if which == "first":
        signals = glance.glance(decode(frames, times, glance.ROWS), asked.start, asked.end)
    else:
        signals = follow.follow(decode(frames, times, follow.ROWS), asked.start, asked.end)
    table = load_table(which)
    return Look(signals, weigh(signals, stretches(signals), table), table)
