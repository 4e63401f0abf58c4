"""What 32 frames of a clip cost: CPU, bytes, memory; rocot beside other readers, and beside what decoding alone takes.

    python benchmarks/frames.py            the whole table, some twenty minutes; the clips are made once
    python benchmarks/frames.py --quick    four clips, once each: under two minutes

The clips are synthesised (`benchmarks/clips.py`) and spell their frame numbers, which are checked. Each figure comes
from a process of its own, and is the least of three. CPU is user and system time of all threads, from opening the file
to the last frame in RGB or JPEG; imports are not counted. The floor is the pictures that must be decoded (from the key
frame before each frame to the frame, without those that no other leans on) times what one costs, decoded from memory.
"decord + Pillow" brings every picture to the JPEGs' height of 448, as scripts do; rocot never enlarges one, and the
row below is decord + Pillow without enlarging either. torchcodec needs an environment of its own:
`--torchcodec PYTHON` names the interpreter, and without it it is left out.
Speeds depend on the machine and on who else uses it: the ratios are what to compare.
"""

import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.clips import MINUTE, Clip, clips  # noqa: E402  # found only from the root
from benchmarks.readers.measure import Cost  # noqa: E402
from benchmarks.readers.task import SNAP  # noqa: E402
from rocot.core.sampling import uniform  # noqa: E402
from rocot.machine import default_cache  # noqa: E402
from rocot.video.index import index_of  # noqa: E402

FRAMES = 32
READERS = {
    "floor": "ours.floor",
    "rocot exact, decoded": "ours.decoded",
    "rocot exact": "ours.exact",
    "rocot snap": "ours.snap",
    "decord": "decord.exact",
    "PyAV, seek a frame": "pyav.exact",
    "OpenCV": "opencv.exact",
    "torchcodec exact": "torchcodec.exact",
    "rocot exact, JPEG": "ours.exact_jpeg",
    "rocot snap, JPEG": "ours.snap_jpeg",
    "decord + Pillow, JPEG": "decord.jpeg",
    "the same, not enlarged": "decord.jpeg_as_large",
}
UNCHECKED = {"floor", "rocot exact, decoded"}
"""They give no pictures."""


class Result(NamedTuple):
    """Of one reader on one clip."""

    cost: Cost
    wrong: int
    """Frames that are not those asked for, or are missing."""


Results = Mapping[str, Result]


@dataclass(frozen=True)
class Aim:
    """A bound on how much less CPU one reader takes than another."""

    reader: str
    beside: str
    least: float
    """Times less, on every clip."""
    mean: float = 0.0
    """Times less, in the geometric mean over the clips; 0 for no bound."""
    minutes: int = 0
    """Of clips no shorter than this."""


AIMS = [
    Aim("rocot exact, decoded", "floor", 1 / 1.25),
    Aim("rocot exact", "decord", 1.5, mean=2.5),
    Aim("rocot exact", "torchcodec exact", 1.0),
    Aim("rocot snap", "decord", 10.0, minutes=10),
    Aim("rocot exact, JPEG", "decord + Pillow, JPEG", 1.8, mean=3.0),
]


def main() -> None:
    """Measures everything, and prints the tables and the aims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="four clips, once each")
    parser.add_argument("--clips", type=Path, default=default_cache() / "benchmark", help="folder that keeps the clips")
    parser.add_argument("--torchcodec", metavar="PYTHON", help="an interpreter that has torchcodec")
    options = parser.parse_args()
    pythons = dict.fromkeys(READERS, sys.executable)
    if options.torchcodec:
        pythons["torchcodec exact"] = options.torchcodec
    else:
        del pythons["torchcodec exact"]
    table: dict[Clip, Results] = {}
    print(f"{'':26}{'CPU ms':>8}{'MB read':>9}{'peak MB':>9}{'wrong':>7}{'times the floor':>17}")
    for clip in clips(quick=options.quick):
        table[clip] = dict(_measured(clip.made(options.clips), pythons, 1 if options.quick else 3))
        _show(clip, table[clip])
    print()
    for aim in AIMS:
        _judge(aim, table)


def _measured(path: Path, pythons: Mapping[str, str], rounds: int) -> Iterator[tuple[str, Result]]:
    stamps = index_of(path).times
    times = list(uniform(0.0, float(stamps[-1]), FRAMES))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"path": str(path), "times": times, "numbers": _numbers(stamps, times)}, file)
        file.flush()
        for name, python in pythons.items():
            costs = [_cost(python, READERS[name], Path(file.name)) for _ in range(rounds)]
            least = min(costs, key=lambda cost: cost.cpu)
            right = [number % MINUTE for number in _numbers(stamps, times if least.times is None else least.times)]
            pairs = itertools.zip_longest(least.numbers, right)
            wrong = 0 if name in UNCHECKED else sum(seen != number for seen, number in pairs)
            if least.times is not None:
                slack = SNAP * (times[1] - times[0]) + 1e-5
                wrong += sum(abs(at - time) > slack for at, time in zip(least.times, times, strict=True))
            yield name, Result(least, wrong)


def _numbers(stamps: npt.NDArray[np.float64], times: Sequence[float]) -> list[int]:
    """The frames on screen at these times."""
    return [int(number) - 1 for number in stamps.searchsorted([time + 1e-5 for time in times], "right")]


def _cost(python: str, reader: str, task: Path) -> Cost:
    command = [python, "-m", "benchmarks.readers.measure", reader, str(task)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr}")
    return Cost(**json.loads(done.stdout))


def _show(clip: Clip, results: Results) -> None:
    floor = results["floor"].cost
    print(f"{clip.name} ({floor.decoded} pictures of {floor.cpu / floor.decoded * 1000:.2f} ms)")
    for name, (cost, wrong) in results.items():
        figures = "" if name == "floor" else f"{cost.read:9.1f}{cost.peak:9.0f}"
        checked = "" if name in UNCHECKED else f"{wrong}"
        print(f"  {name:24}{cost.cpu * 1000:8.0f}{figures:18}{checked:>7}{cost.cpu / floor.cpu:17.2f}", flush=True)


def _judge(aim: Aim, table: Mapping[Clip, Results]) -> None:
    ratios = {
        clip: results[aim.beside].cost.cpu / results[aim.reader].cost.cpu
        for clip, results in table.items()
        if aim.beside in results and clip.minutes >= aim.minutes
    }
    if not ratios:
        return
    worst = min(ratios, key=lambda clip: ratios[clip])
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
    kept = ratios[worst] >= aim.least and mean >= aim.mean
    wanted = f"at least {aim.least:g}" + (f", mean {aim.mean:g}" if aim.mean else "")
    print(f"{aim.reader}: {aim.beside} takes {ratios[worst]:.2f} times as much at least ({worst.name}), {mean:.2f} in")
    print(f"  the geometric mean; aim: {wanted}: {'kept' if kept else 'MISSED'}")


if __name__ == "__main__":
    main()
