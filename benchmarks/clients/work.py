"""What both clients of benchmarks/engine.py do, and how their cost is taken."""

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass

FRAMES = 16
FRAME_BYTES = 15_000
IN_FLIGHT = 64
CLASSES = ("Normal", "Fighting")
DISTINCT_CLIPS = 512
"""Clips beyond these show their frames again, at other times: 120 MB on disk, more than any cache in memory keeps."""
LENGTH = 16.0
"""Seconds of a clip. They are windows of one long video, so that no two clips ask the same."""
_NOISE = os.urandom(FRAME_BYTES + FRAMES)


def jpegs(clip: int) -> list[bytes]:
    """The frames of a clip: incompressible, and another clip's differ."""
    mark = (clip % DISTINCT_CLIPS).to_bytes(4, "big")
    return [b"\xff\xd8" + mark + bytes([index]) + _NOISE[index : index + FRAME_BYTES - 7] for index in range(FRAMES)]


def stamps(clip: int) -> list[str]:
    """The times of a clip's frames, as they stand before them."""
    return [f"<{(clip + (index + 0.5) / FRAMES) * LENGTH:.2f}s>" for index in range(FRAMES)]


@dataclass
class Clock:
    """Wall and CPU seconds, threads included."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Clock":
        """Of this process."""
        return cls(time.time(), time.process_time())

    def since(self, other: "Clock") -> "Clock":
        """What has passed."""
        return Clock(self.wall - other.wall, self.cpu - other.cpu)


@dataclass
class Figures:
    """What a client took."""

    calls_s: float
    cpu_ms: float
    """A call."""
    peak_mb: float
    first_cpu: float
    """Seconds to the first call, imports included."""
    first_wall: float
    last: float
    """When the last answer came: seconds since the epoch."""


def tell(clips: int, begun: Clock, first: Clock, last: Clock) -> None:
    """Prints the figures; the calls began at `begun`, `first` passed to the first one, `last` is when all were done."""
    took = Clock.now().since(begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    calls = 3 * clips
    figures = Figures(calls / took.wall, 1000 * took.cpu / calls, peak, first.cpu, first.wall, last.wall)
    json.dump(asdict(figures), sys.stdout)


def arguments() -> tuple[str, int, str, float]:
    """The server's URL, the number of clips, a folder, and the wall time at which the process was started."""
    url, clips, folder, started = sys.argv[1:]
    return url, int(clips), folder, float(started)
