"""Whether the tiny student learns by seeing: SFT and GRPO on rendered scenes, held against three controls.

    python benchmarks/student.py               three seeds; hours on two cores
    python benchmarks/student.py --quick       one seed, few rows, few steps: that it runs

The measure, stated beforehand: label accuracy of the final answer on held-out clips, as many normal as abnormal,
so that half is chance; an answer that cannot be read is wrong. Arms: the student taught with its frames; taught with
frames of other clips (no row has its own); before any training. Then the reward of GRPO from the first
student on, against the same with a learning rate of 0: mean of its last tenth of steps, less that of its first.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rocot.core.truth import NORMAL
from rocot.machine import default_cache
from rocot.release.manifest import read_manifest
from rocot.student import model as weights
from rocot.student.answer import Asked, Student
from rocot.student.card import Counts, RunCard, Taught
from rocot.student.journal import NAME as JOURNAL
from rocot.student.journal import curve, read_journal
from rocot.student.recipe import Training, load_training
from rocot.student.train import Lesson, prepared, train

RECIPE = Path(__file__).parents[1] / "data_manifests" / "scenes-student.toml"


@dataclass(frozen=True)
class Clip:
    """One held-out clip, what is asked of it, and what is true."""

    asked: Asked
    label: str
    classes: tuple[str, ...]


def main() -> None:
    """Makes the release, trains, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("students/benchmark"))
    parser.add_argument("--recipe", default="tiny", help="of training")
    parser.add_argument("--form", choices=("reflection", "plain"), default="reflection")
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--clips", type=int, default=100, help="held-out clips")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.clips, options.epochs = 1, 16, options.epochs or 2.0
    run = options.folder / "run"
    make(run)
    base = load_training(options.recipe)
    sft = base.sft.model_copy(update={"epochs": options.epochs or base.sft.epochs})
    grpo = base.grpo.model_copy(update={"steps": 4, "longest": 128}) if options.quick else base.grpo
    data = base.data.model_copy(update={"form": options.form})
    recipe = base.model_copy(update={"sft": sft, "grpo": grpo, "data": data})
    held_out = list(clips(run / "hydrated" / "data", options.clips))
    print(f"{len(held_out)} held-out clips, half of them normal; form {options.form}, {sft.epochs:g} rounds")
    right: dict[str, list[bool]] = {}
    for seed in range(options.seeds):
        own = recipe.model_copy(update={"seed": seed})
        for arm, student in arms(run, own, options.folder / f"seed{seed}"):
            right.setdefault(arm, []).extend(found := graded(student, held_out))
            print(f"seed {seed}  {arm:10} {np.mean(found):6.1%}", flush=True)
        for arm, gain in rewards(run, own, options.folder / f"seed{seed}"):
            print(f"seed {seed}  GRPO, {arm:10} reward {gain[0]:.3f} -> {gain[1]:.3f}", flush=True)
    for arm, found in right.items():
        low, high = interval(found)
        print(f"all seeds {arm:10} {np.mean(found):6.1%} [{low:.1%}, {high:.1%}]")


def make(run: Path) -> None:
    """Both splits of the release, the controls, and the frames of all of it, unless they are there."""
    rocot = [sys.executable, "-m", "rocot"]
    for split in ("train", "test"):
        if not (run / "hydrated").exists():
            words = ["generate", "--recipe", str(RECIPE), "--split", split, "--run", str(run)]
            subprocess.run([*rocot, *words], check=True, stdout=subprocess.DEVNULL)
    if not (run / "hydrated").exists():
        subprocess.run([*rocot, "export", str(run), "--controls"], check=True, stdout=subprocess.DEVNULL)
    words = [word for config in ("all", "sft", "rft", "controls") for word in ("--config", config)]
    subprocess.run([*rocot, "hydrate", str(run), *words], check=True, stdout=subprocess.DEVNULL)


def shards(run: Path, recipe: Training) -> list[Path]:
    """Rows with frames for SFT."""
    folder = "sft" if recipe.data.form == "reflection" else f"controls/{recipe.data.form}"
    return sorted((run / "hydrated" / folder).glob("train-*.parquet"))


def clips(folder: Path, count: int) -> Iterator[Clip]:
    """Held-out clips, as many normal ones as abnormal, of the split test."""
    left = {True: count // 2, False: count // 2}
    for path in sorted(folder.glob("test-*.parquet")):
        for row in pq.read_table(path, columns=["question", "frame_times", "images", "truth", "classes"]).to_pylist():
            label = row["truth"]["labels"][0]
            if left[label == NORMAL]:
                left[label == NORMAL] -= 1
                pictures = [image["bytes"] for image in row["images"]][: len(row["frame_times"])]
                yield Clip(Asked.of(row["frame_times"], pictures, row["question"]), label, tuple(row["classes"]))


def arms(run: Path, recipe: Training, folder: Path) -> Iterator[tuple[str, Student]]:
    """The students, by what they were taught with."""
    own = shards(run, recipe)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    blank = lesson(run, recipe, own, folder / "untrained")
    blank.out.mkdir()
    card = RunCard(
        kind="sft", model="tiny", parameters=0, recipe=recipe, recipe_digest="", taught=blank.taught,
        counts=Counts(read=0, used=0, tokens=0, longest=0), versions={}, device="",
    )  # fmt: skip
    yield "untrained", Student(card, weights.to_train("tiny", recipe, blank.out, blank.texts))
    for arm, rows in (("shuffled", [shuffled(own, folder / "shuffled.parquet", recipe.seed)]), ("frames", own)):
        asked = lesson(run, recipe, rows, folder / arm)
        started = time.monotonic()
        card = train(asked, *prepared(asked), quiet)
        loss = next(one for one in card.results if one.name == "loss")
        spent = time.monotonic() - started
        print(f"  SFT, {arm}: loss {loss.first:.2f} -> {loss.last:.2f}, {card.steps} steps, {spent:.0f} s", flush=True)
        yield arm, Student.load(folder / arm)


def lesson(run: Path, recipe: Training, rows: Sequence[Path], out: Path) -> Lesson:
    """SFT of the tiny student on these rows."""
    manifest = read_manifest(run / "release")
    assert manifest is not None
    first = pq.read_table(shards(run, recipe)[0], columns=["id", "frame_times"]).to_pylist()
    sft = pq.read_table(run / "release" / "sft", columns=["id", "first_right"]).to_pylist()
    taught = Taught(
        release=manifest.release, version=manifest.version, fingerprint=manifest.fingerprint, split="train",
        shards=tuple(path.name for path in rows), tasks=("grounding",), classes=(), frames=len(first[0]["frame_times"]),
        height=manifest.frames.height, quality=manifest.frames.quality,
    )  # fmt: skip
    return Lesson(
        kind="sft",
        model="tiny",
        recipe=recipe,
        shards=rows,
        right={row["id"]: row["first_right"] for row in sft},
        taught=taught,
        out=out,
        cache=default_cache() / "rows",
        texts=lambda: list(texts(own_rows=shards(run, recipe))),
    )


def texts(own_rows: Sequence[Path]) -> Iterator[str]:
    """What the tokenizer learns from."""
    for path in own_rows:
        for row in pq.read_table(path, columns=["prompt", "completion"]).to_pylist():
            for turn in (*row["prompt"], *row["completion"]):
                yield "".join(part["text"] or "" for part in turn["content"])


def shuffled(paths: Sequence[Path], to: Path, seed: int) -> Path:
    """The rows, each with the frames of the next in a random order of clips: no row keeps its own."""
    table = pa.concat_tables([pq.read_table(path) for path in paths])
    names = table["clip"].to_pylist()
    order = list(np.random.default_rng(seed).permutation(sorted(set(names))))
    first = {name: names.index(name) for name in order}
    donor = {name: first[order[(place + 1) % len(order)]] for place, name in enumerate(order)}
    images = table["images"].combine_chunks().take(pa.array([donor[name] for name in names]))
    pq.write_table(table.set_column(table.schema.get_field_index("images"), "images", images), to)
    return to


def graded(student: Student, held_out: Sequence[Clip]) -> list[bool]:
    """Whether the final answer of each clip has the right label."""
    said = student.complete([clip.asked for clip in held_out], longest=1536)
    finals = [
        student.attempts(text, "grounding", clip.classes).final for text, clip in zip(said, held_out, strict=True)
    ]
    return [final is not None and final.label == clip.label for final, clip in zip(finals, held_out, strict=True)]


def rewards(run: Path, recipe: Training, folder: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    """The mean reward of the first and of the last tenth of GRPO's steps, with learning and without."""
    for arm, rate in (("learning", recipe.grpo.learning_rate), ("rate 0", 0.0)):
        own = recipe.model_copy(update={"grpo": recipe.grpo.model_copy(update={"learning_rate": rate})})
        rows = sorted((run / "hydrated" / "rft").glob("train-*.parquet"))
        out = folder / f"grpo-{arm.replace(' ', '-')}"
        begun = lesson(run, own, rows, out)
        asked = Lesson(
            kind="grpo", model=str(folder / "frames"), recipe=own, shards=rows, right={}, taught=begun.taught, out=out,
            cache=begun.cache,
        )  # fmt: skip
        train(asked, *prepared(asked), quiet)
        values = [value for _, value in curve(read_journal(out / JOURNAL), "reward")]
        some = max(1, len(values) // 10)
        yield arm, (float(np.mean(values[:some])), float(np.mean(values[-some:])))


def interval(found: Sequence[bool]) -> tuple[float, float]:
    """95 % of 2,000 resamples of the clips."""
    draws = np.random.default_rng(0).choice(np.asarray(found, float), (2000, len(found))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def quiet(step: int, steps: int, figures: Mapping[str, float]) -> None:
    """Says nothing."""


if __name__ == "__main__":
    main()
