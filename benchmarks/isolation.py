"""What it costs to decode in another process.

    python benchmarks/isolation.py

32 frames of about 20 kB, decoded in this process and in a worker: the difference is what isolation adds to a clip.
CPU is user and system time of both processes; the machine may be busy with other things meanwhile.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.flips import encoded  # noqa: E402  # found only from the root
from rocot.errors import VideoError  # noqa: E402
from rocot.video.av_reader import AvReader  # noqa: E402
from rocot.video.isolated import Isolated, Limits  # noqa: E402
from rocot.video.protocol import FrameReader, Look  # noqa: E402

CALLS = 100
LIMITS = Limits(deadline=60, memory=4_000_000_000, workers=1)
TIMES = [(number + 0.5) / 25 for number in range(32)]
LOOK = Look(height=240, quality=92)


@dataclass(frozen=True)
class Cost:
    """Milliseconds."""

    cpu: float
    wall: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu - other.cpu, self.wall - other.wall)

    def over(self, calls: int) -> "Cost":
        """Of one of so many calls."""
        return Cost(self.cpu / calls, self.wall / calls)


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        path = encoded(Path(folder) / "clip.mp4", "libx264", {"g": "12", "bf": "2", "crf": "20"})
        size = sum(len(still.jpeg) for still in AvReader().read(path, TIMES, LOOK).stills)
        nothing = cost(lambda: isolated(path.with_name("missing.mp4"), 1))
        many = cost(lambda: isolated(path.with_name("missing.mp4"), CALLS))
        here = cost(lambda: read(AvReader(), path, CALLS)).over(CALLS)
        there = (cost(lambda: isolated(path, CALLS)) - nothing).over(CALLS)
    print(f"{'':36}{'CPU ms':>9}{'wall ms':>9}")
    show("a worker's start and end", nothing)
    show("a call that carries nothing", (many - nothing).over(CALLS - 1))
    show(f"32 frames, {size / 32000:.1f} kB each, here", here)
    show("32 frames, in a worker", there)
    print(f"  isolation adds {there.cpu - here.cpu:.1f} ms of CPU to a clip (aim: 5 at most)")


def show(name: str, found: Cost) -> None:
    """One row."""
    print(f"{name:36}{found.cpu:9.1f}{found.wall:9.1f}", flush=True)


def isolated(path: Path, calls: int) -> None:
    """So many reads in a worker that is started for them and has ended after them."""
    with closing(Isolated("av", LIMITS)) as reader:
        read(reader, path, calls)


def read(reader: FrameReader, path: Path, calls: int) -> None:
    """So many reads."""
    for _ in range(calls):
        with suppress(VideoError):
            reader.read(path, TIMES, LOOK)


def cost(work: Callable[[], None]) -> Cost:
    """Of this process and of those that it waited for."""
    before, started = _cpu(), time.perf_counter()
    work()
    return Cost((_cpu() - before) * 1000, (time.perf_counter() - started) * 1000)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
