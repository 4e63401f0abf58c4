"""One reader, one clip, one process: prints what 32 frames cost as a line of JSON.

    python -m benchmarks.readers.measure READER TASK.json

READER is `module.function` of benchmarks.readers; importing it is not counted. Each reader takes the threads that it
takes by itself, but where its module says otherwise.
"""

import importlib
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.readers.task import Given, Picture, Task


@dataclass(frozen=True)
class Cost:
    """What 32 frames cost."""

    cpu: float
    """Seconds, user and system, all threads."""
    read: float
    """MB that were read from files."""
    peak: float
    """MB of memory, over what the imports take."""
    numbers: list[int]
    """What the pictures spell."""
    times: list[float] | None
    """When they appear, of a reader that snaps."""
    decoded: int
    """Pictures that went through the decoder, where it is counted."""


def main() -> None:
    """Runs the reader that the command line names."""
    module, function = sys.argv[1].split(".")
    asked = json.loads(Path(sys.argv[2]).read_text())
    task = Task(Path(asked["path"]), asked["times"], asked["numbers"])
    work: Callable[[Task], Given] = getattr(importlib.import_module(f"benchmarks.readers.{module}"), function)
    memory, read, cpu = peak(), bytes_read(), cpu_seconds()
    given = work(task)
    used = cpu_seconds() - cpu if given.cpu is None else given.cpu
    read, memory = bytes_read() - read, peak() - memory
    times = None if given.times is None else list(given.times)
    cost = Cost(used, read / 1e6, memory, [spelt(picture) for picture in given.seen()], times, given.decoded)
    print(json.dumps(asdict(cost)))


def spelt(picture: Picture) -> int:
    """The number in the picture's corner, as `clips` draws it."""
    side = picture.shape[1] / 24
    cells = [picture[2 : int(side) - 2, int(bit * side) + 3 : int((bit + 1) * side) - 4].mean() for bit in range(12)]
    return sum(1 << bit for bit, light in enumerate(cells) if light > 120)


def cpu_seconds() -> float:
    """User and system, of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bytes_read() -> int:
    """What the process has had the system read, from the cache of files or not."""
    said = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(said["rchar"])


def peak() -> float:
    """MB, the most memory that the process had at once."""
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(said["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    main()
