"""How well copies of videos are told from other videos of the same place, and how quickly.

    python benchmarks/alike.py --places 6

Renders three scenes at each place: the same camera, light and passers-by, another act. Each copy of the first is held
against all: told are the share of its frames whose hashes are near the original's (`NEAR`), and whether the rule finds
the original and nothing else. `same place` are the pairs of scenes that must not be found; what the rule does with
them if more bits were let through is told, too. At last 10,000 videos are compared with 10,000 others.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np

from rocot.sources.manifest.alike import NEAR, alike
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.fingerprint import OFFSETS, fingerprint, numbers
from rocot.sources.scenes.film import shoot
from rocot.sources.scenes.script import write
from rocot.video.av_reader import AvReader
from tests.sources.manifest.streets import COPIES
from tests.sources.manifest.toys import entry

ACTS = ("Normal", "Fighting", "Traffic_accident")
VIDEOS = 10_000


def known(path: Path) -> Entry:
    """A record of a film, with what is measured of it."""
    duration = AvReader().probe(path).duration
    hashes = fingerprint(AvReader(), path, duration)
    return entry(f"toy/{path.name}", sha256=str(path), hashes=hashes).model_copy(update={"duration": duration})


def bits(one: Entry, other: Entry) -> list[int]:
    """By how many bits the frames differ that both have."""
    both = zip(numbers(one.hashes), numbers(other.hashes), strict=True)
    return [(left ^ right).bit_count() for left, right in both if left and right]


def shares(name: str, pairs: Iterable[tuple[Entry, Entry]], verdict: str) -> None:
    """A line: frames that are the same, near, and further off, and the verdict on the pairs."""
    of = np.array([each for one, other in pairs for each in bits(one, other)])
    near = " ".join(f"{np.mean(of <= limit):6.0%}" for limit in (0, 2, NEAR, 6, 10))
    print(f"{name:<18} {len(of):>6} {near}   {verdict}")


def copies(folder: Path, scenes: Sequence[Sequence[Path]]) -> None:
    """What becomes of each kind of copy."""
    originals = [known(path) for place in scenes for path in place]
    for name, make in COPIES.items():
        pairs = []
        for number in range(0, len(originals), len(ACTS)):
            copy = known(make(scenes[number // len(ACTS)][0], folder))
            pairs.append((originals[number], copy, [at for at, _, _ in alike(originals, [copy])] == [number]))
        right = sum(right for _, _, right in pairs)
        shares(name, [(one, other) for one, other, _ in pairs], f"{right} of {len(pairs)} found, and nothing else")
    places = [originals[at : at + len(ACTS)] for at in range(0, len(originals), len(ACTS))]
    same = [pair for place in places for pair in combinations(place, 2)]
    wrong = sum(bool(list(alike([one], [other]))) for one, other in same)
    shares("same place", same, f"{wrong} of {len(same)} taken for copies")
    others = [(one, other) for here, there in combinations(places, 2) for one in here for other in there]
    wrong = sum(bool(list(alike([one], [other]))) for one, other in others)
    shares("other places", others, f"{wrong} of {len(others)} taken for copies")


def many() -> None:
    """What comparing many costs."""
    rng = np.random.default_rng(0)
    table = rng.integers(1, 2**63, (2 * VIDEOS, 2 * len(OFFSETS)), dtype=np.uint64)
    entries = [entry("toy/x", hashes=tuple(f"{value:016x}" for value in row)) for row in table]
    began, memory = time.process_time(), getrusage(RUSAGE_SELF).ru_maxrss
    found = len(list(alike(entries[:VIDEOS], entries[VIDEOS:])))
    more = (getrusage(RUSAGE_SELF).ru_maxrss - memory) / 1024
    cost = f"{time.process_time() - began:.1f} s of CPU, {more:.0f} MiB more"
    print(f"\n{VIDEOS:,} videos with {VIDEOS:,}: {cost}, {found} found")


def main() -> None:
    """Runs all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=6)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenes: list[list[Path]] = []
        for seed in range(1, asked.places + 1):
            scenes.append([folder / f"{seed}-{act}.mp4" for act in ACTS])
            for act, path in zip(ACTS, scenes[-1], strict=True):
                shoot(write(path.stem, seed, act, long=False), path)
        print(f"{'':<18} frames   same    <=2    <={NEAR}    <=6   <=10")
        copies(folder, scenes)
    many()


if __name__ == "__main__":
    main()
