"""What a release costs: its shard writer beside bare pyarrow, the export end to end, and what flipped bits come to.

    python benchmarks/release.py            everything; the 200,000 rows take from minutes to an hour
    python benchmarks/release.py --rows 10000 40000
    python benchmarks/release.py --rows-a-video 1
    python benchmarks/release.py --flips 400

*Writer*: one Arrow table of rows of the config `all`, in row groups of 512, to a file. `bare` is
`pyarrow.parquet.write_table` with the same options; `rocot` is the writer of releases, which adds files that end at
100 MB, one sync each, and their names. They take turns, and the median of the turns counts; both end in a sync.

*Export*: judged samples in, a release out (`all`, `sft`, `rft`, card, manifest), each size in a fresh process. Samples
are made one by one as they are asked for, with texts of some 40 words that nobody said before; making them is in the
time, and told. Peak memory is the largest resident set of the process. There are as many rows a video as is said: the
card draws its intervals over videos, and holds the sums of each.

*Flips*: single bits of shards of 300 rows, looked for by `rocot verify` without a manifest.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rocot.arrow import table_of  # noqa: E402  # found only from the root
from rocot.assets import load_prompts  # noqa: E402
from rocot.core.reflection import Judged  # noqa: E402
from rocot.core.row import Row  # noqa: E402
from rocot.recipe import Recipe, Release, Scenes  # noqa: E402
from rocot.release.card import card  # noqa: E402
from rocot.release.export import edition, export  # noqa: E402
from rocot.release.gather import Samples  # noqa: E402
from rocot.release.shards import ROWS_A_GROUP, options, sharding, sync  # noqa: E402
from rocot.release.verify import verify_folder  # noqa: E402
from tests.builders import corrected, corrupted, fight  # noqa: E402

RECIPE = Recipe(release=Release(name="bench"), sources=(Scenes(kind="scenes"),))
FLOW = "f" * 64
HEADS, TAILS = (
    ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"],
    ["arn", "eld", "ist", "olt", "und", "amp", "esk", "ift", "orm", "ulk", "ant", "erd"],
)
WORDS = [f"{head}{middle}{tail}" for head in HEADS for middle in ("o", "ei") for tail in TAILS]
TURNS = 7


@dataclass(frozen=True)
class Cost:
    """Of one export, in a process of its own."""

    rows: int
    wall: float
    """Seconds, making samples included."""
    cpu: float
    making: float
    """Of the CPU seconds, those for making as many samples alone."""
    peak_mb: float
    mb: float
    """Of the release's shards, on disk."""


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 200_000], help="sizes of the export")
    parser.add_argument("--flips", type=int, default=400, help="bits to flip in each config")
    parser.add_argument("--rows-a-video", type=int, default=20, help="clips and rollouts of one video")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    if asked.one is not None:
        print(json.dumps(asdict(exported(asked.one, asked.rows_a_video))))
        return
    writer()
    print(f"\n{'export':>12}{'rows/s':>9}{'CPU ms/row':>12}{'of making':>11}{'peak MB':>9}{'MB on disk':>12}")
    for count in asked.rows:
        command = [sys.executable, __file__, "--one", str(count), "--rows-a-video", str(asked.rows_a_video)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        cost = Cost(**json.loads(done.stdout.splitlines()[-1]))
        each = 1000 / cost.rows
        print(
            f"{cost.rows:12,}{cost.rows / cost.wall:9.0f}{cost.cpu * each:12.2f}{cost.making * each:11.2f}"
            f"{cost.peak_mb:9.0f}{cost.mb:12.1f}",
            flush=True,
        )
    flips(asked.flips)


def samples(count: int, rows_a_video: int = 20) -> Iterator[Judged]:
    """Judged samples of three kinds in the order of their keys, each in words of its own."""
    kinds = [make("x").judged() for make in (fight, corrected, corrupted)]
    for number in range(count):
        rng, base = random.Random(number), kinds[number % 3]
        first, critique, last = (" ".join(rng.choices(WORDS, k=40)) + "." for _ in range(3))
        video = number // rows_a_video
        yield base.model_copy(
            update={
                "id": f"yard/v{video:07d}/{number % rows_a_video:04d}",
                "video": f"v{video:07d}",
                "mark": f"{video:064x}",
                "frames": tuple(frame.model_copy(update={"digest": rng.randbytes(32).hex()}) for frame in base.frames),
                "initial": base.initial.model_copy(update={"reasoning": f"{base.initial.reasoning} {first}"}),
                "reflection": base.reflection.model_copy(update={"critique": f"{base.reflection.critique} {critique}"}),
                "revised": base.revised.model_copy(update={"reasoning": f"{base.revised.reasoning} {last}"}),
            }
        )


def writer() -> None:
    """The writer beside bare pyarrow."""
    shared = edition(RECIPE, FLOW)
    table = table_of([Row.of(item, shared) for item in samples(20_000)], Row)
    taken: dict[str, list[float]] = {"bare": [], "rocot": []}
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as place:
        folder = Path(place)
        for _ in range(TURNS):
            for name, write in (("bare", bare), ("rocot", ours)):
                started = time.perf_counter()
                write(folder / name, table)
                taken[name].append(time.perf_counter() - started)
                shutil.rmtree(folder / name)
    size = table.nbytes / 1e6
    print(f"writer, {table.num_rows:,} rows, {size:.0f} MB of Arrow, {TURNS} turns")
    for name, seconds in taken.items():
        print(f"{name:>12}{size / statistics.median(seconds):9.0f} MB/s")
    ratio = statistics.median(first / second for first, second in zip(taken["bare"], taken["rocot"], strict=True))
    print(f"  rocot / bare, median of the turns: {ratio:.2f} (aim: 0.8 at least)", flush=True)


def bare(folder: Path, table: pa.Table) -> None:
    """One file by pyarrow alone, synced."""
    folder.mkdir()
    path = folder / "train-00000-of-00001.parquet"
    pq.write_table(table, path, row_group_size=ROWS_A_GROUP, **options(Row))
    sync(path)


def ours(folder: Path, table: pa.Table) -> None:
    """As an export writes it: a row group at a time."""
    with sharding(folder, "train", Row) as shards:
        for start in range(0, table.num_rows, ROWS_A_GROUP):
            shards.extend(table.slice(start, ROWS_A_GROUP))
        shards.finish()


def exported(count: int, rows_a_video: int) -> Cost:
    """One export, in this process."""
    started = time.process_time()
    for _ in samples(min(count, 2000), rows_a_video):
        pass
    making = (time.process_time() - started) * count / min(count, 2000)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as place:
        wall, cpu = time.perf_counter(), time.process_time()
        made = partial(card, recipe=RECIPE, used=load_prompts(None, RECIPE.task.kind))
        done = export(Path(place), RECIPE, FLOW, Samples("train", samples(count, rows_a_video), ()), card=made)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(file.bytes for file in done.entry.written) / 1e6
    assert done.entry.rows == count
    (peak,) = [  # unlike ru_maxrss it forgets the process that started this one
        int(line.split()[1]) / 1024
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("VmHWM:")
    ]
    return Cost(count, wall, cpu, making, peak, size)


def flips(count: int) -> None:
    """How many single flipped bits are found by pages and columns alone, and whether another changes what is read."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "build") as place:
        export(Path(place), RECIPE, FLOW, Samples("train", samples(300), ()))
        release = Path(place) / "release"
        (release / "manifest.json").unlink()
        print(f"\nflipped bits without a manifest, {count} a config")
        print(f"{'config':>12}{'bytes':>10}{'found':>8}{'in footer':>11}{'found':>8}{'changed unseen':>16}")
        for config in ("data", "sft", "rft"):
            (path,) = (release / config).glob("*.parquet")
            whole, wanted = path.read_bytes(), pq.read_table(path)
            footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
            found = in_footer = found_there = changed = 0
            for _ in range(count):
                bit = rng.randrange(len(whole) * 8)
                spoilt = bytearray(whole)
                spoilt[bit // 8] ^= 1 << (bit % 8)
                path.write_bytes(spoilt)
                hit, there = verify_folder(release).exit_code == 1, bit // 8 >= footer
                found, in_footer, found_there = found + hit, in_footer + there, found_there + (hit and there)
                changed += not hit and not pq.read_table(path).equals(wanted)
            path.write_bytes(whole)
            print(f"{config:>12}{len(whole):10,}{found:8}{in_footer:11}{found_there:8}{changed:16}", flush=True)


if __name__ == "__main__":
    main()
