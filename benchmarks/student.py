"""Whether the tiny student learns by seeing: SFT and GRPO on rendered scenes, held against their controls.

    python benchmarks/student.py                      three seeds, one after another
    python benchmarks/student.py --seeds 1 2          these; the report takes in what is measured of others
    python benchmarks/student.py --quick              one seed, few rounds, few clips: that it runs

The measure, stated beforehand: label accuracy of the final answer on held-out clips, as many normal as abnormal, so
that half is chance; an answer that cannot be read is wrong. Arms: before any training; taught with its frames; that one
asked with the frames of other clips; taught with frames of other clips (no row has its own); the one taught with its
frames reinforced, the same asked with the frames of other clips, and reinforced with a learning rate of 0.
Intervals draw source videos again, each with the answers of all seeds and arms. Of GRPO: the mean reward of the first
fifth of its steps and of the last, seed by seed; and by how much it is above that at a learning rate of 0, step by
step, as either is asked the same clips in the same order. The interval of that draws steps again.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure
from pydantic import Field

from rocot.core.record import Record
from rocot.core.truth import NORMAL
from rocot.machine import default_cache
from rocot.measures.resample import Estimate, Measure, Numbers, by_video, estimates, ratio
from rocot.release.manifest import read_manifest
from rocot.student import model as weights
from rocot.student.answer import Asked, Student
from rocot.student.card import Counts, RunCard, Taught
from rocot.student.journal import NAME as JOURNAL
from rocot.student.journal import curve, read_journal
from rocot.student.recipe import Training, load_training
from rocot.student.train import Lesson, prepared, train

RECIPE = Path(__file__).parents[1] / "data_manifests" / "scenes-student.toml"
COLOURS = {
    "untrained": "#8a8a8a",
    "frames": "#1f5fa8",
    "swapped": "#7d9fca",
    "shuffled": "#c4622d",
    "reinforced": "#2c7a4b",
    "reinforced swapped": "#8cbfa0",
    "rate 0": "#a9a9a9",
}
ARMS = tuple(COLOURS)
AFTER = ("reinforced", "rate 0")
"""What goes on from the student taught with its frames."""
SWAPPED = {"swapped": "frames", "reinforced swapped": "reinforced"}
"""Whom an arm asks that shows the frames of other clips."""


@dataclass(frozen=True)
class Clip:
    """One held-out clip, what is asked of it, and what is true."""

    id: str
    video: str
    asked: Asked
    label: str
    classes: tuple[str, ...]


class Found(Record):
    """What came of one arm of one seed."""

    right: dict[str, bool] = Field(default_factory=dict)
    """By held-out clip, whether the final answer has its label."""
    readable: int = 0
    """Final answers that can be read."""
    curve: tuple[tuple[int, float], ...] = ()
    """Of SFT the loss, of GRPO the reward, by step."""
    seconds: float = 0
    """Of the training, by the clock."""
    cpu: float = 0
    """Of the training, by the processor."""


Seeds = Mapping[int, Mapping[str, Found]]


def main() -> None:
    """Makes the release, trains, measures, prints, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("students/benchmark"))
    parser.add_argument("--recipe", default="tiny", help="of training")
    parser.add_argument("--clips", type=int, default=200, help="held-out clips")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", choices=ARMS, nargs="+", default=ARMS, help="what is trained and measured now")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    recipe = load_training(options.recipe)
    if options.quick:
        options.seeds, options.clips = [0], 16
        sft = recipe.sft.model_copy(update={"bare": min(1, recipe.sft.bare), "epochs": 1.0})
        recipe = recipe.model_copy(update={"sft": sft, "grpo": recipe.grpo.model_copy(update={"steps": 5})})
    run = options.folder / "run"
    make(run)
    held_out = list(clips(run / "hydrated" / "data", options.clips))
    for seed in options.seeds:
        own = recipe.model_copy(update={"seed": seed})
        measure(run, own, options.folder / f"seed{seed}", held_out, options.arms)
    if seeds := whole(options.folder):
        report(options.folder, seeds, held_out)


def make(run: Path) -> None:
    """Both splits of the release and the frames of all of it, unless they are there."""
    if (run / "hydrated").exists():
        return
    rocot = [sys.executable, "-m", "rocot"]
    for split in ("train", "test"):
        words = ["generate", "--recipe", str(RECIPE), "--split", split, "--run", str(run)]
        subprocess.run([*rocot, *words], check=True, stdout=subprocess.DEVNULL)
    words = [word for config in ("all", "sft", "rft") for word in ("--config", config)]
    subprocess.run([*rocot, "hydrate", str(run), *words], check=True, stdout=subprocess.DEVNULL)


def clips(folder: Path, count: int) -> Iterator[Clip]:
    """Held-out clips, as many normal ones as abnormal, of the split test, spread over all of it.

    Of the abnormal ones those in which a frame shows the anomaly: where it falls between two, nobody can tell.
    """
    columns = ["clip", "video", "question", "frame_times", "images", "truth", "classes"]
    rows = [
        row
        for path in sorted(folder.glob("test-*.parquet"))
        for row in pq.read_table(path, columns=columns).to_pylist()
    ]
    normal = [row for row in rows if row["truth"]["labels"] == [NORMAL]]
    others = [row for row in rows if shows(row["frame_times"], row["truth"]["spans"])]
    most = min(len(normal), len(others), count // 2)
    for kind in (normal, others):
        for place in range(most):
            row = kind[place * len(kind) // most]
            pictures = [image["bytes"] for image in row["images"]][: len(row["frame_times"])]
            asked = Asked.of(row["frame_times"], pictures, row["question"])
            yield Clip(row["clip"], row["video"], asked, row["truth"]["labels"][0], tuple(row["classes"]))


def shows(times: Sequence[float], spans: Sequence[Mapping[str, float]]) -> bool:
    """Whether a frame lies within a span."""
    return any(span["start"] <= time < span["end"] for time in times for span in spans)


def measure(run: Path, recipe: Training, folder: Path, held_out: Sequence[Clip], arms: Sequence[str]) -> None:
    """Trains and grades each arm of one seed that has not been; each leaves its figures in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for arm in arms:
        if figures_of(folder, arm).exists():
            continue
        out = figures_of(folder, arm).with_suffix("")
        shutil.rmtree(out, ignore_errors=True)
        if arm in SWAPPED:
            found = graded(Student.load(folder / SWAPPED[arm]), swapped(held_out), Found())
        else:
            asked = lesson(arm, run, recipe, out)
            student, training = blank(asked) if arm == "untrained" else taught(asked)
            found = graded(student, held_out, training)
        figures_of(folder, arm).write_text(found.model_dump_json() + "\n", encoding="utf-8")
        share = sum(found.right.values()) / len(held_out)
        print(
            f"seed {recipe.seed}  {arm:18} {share:6.1%} right, {found.readable} of {len(held_out)} readable;"
            f" {len(found.curve)} steps in {found.seconds:.0f} s, CPU {found.cpu:.0f} s",
            flush=True,
        )


def swapped(held_out: Sequence[Clip]) -> list[Clip]:
    """The clips, each with the frames of the next in a random order."""
    order = np.random.default_rng(0).permutation(len(held_out))
    given = dict(zip(order, np.roll(order, -1), strict=True))
    return [
        replace(clip, asked=replace(clip.asked, pictures=held_out[given[place]].asked.pictures))
        for place, clip in enumerate(held_out)
    ]


def figures_of(folder: Path, arm: str) -> Path:
    """Where an arm's figures lie, in the folder of its seed."""
    return folder / f"{arm.replace(' ', '-')}.json"


def lesson(arm: str, run: Path, recipe: Training, out: Path) -> Lesson:
    """What an arm is taught."""
    manifest = read_manifest(run / "release")
    assert manifest is not None
    own = shards(run, "sft")
    times = pq.read_table(own[0], columns=["frame_times"])["frame_times"].to_pylist()
    sft = pq.read_table(run / "release" / "sft", columns=["id", "first_right"]).to_pylist()
    rows = shards(run, "rft") if arm in AFTER else own
    if arm == "shuffled":
        rows = [shuffled(own, out.with_suffix(".parquet"), recipe.seed)]
    still = recipe.model_copy(update={"grpo": recipe.grpo.model_copy(update={"learning_rate": 0.0})})
    return Lesson(
        kind="grpo" if arm in AFTER else "sft",
        model=str(out.with_name("frames")) if arm in AFTER else weights.TINY,
        recipe=still if arm == "rate 0" else recipe,
        shards=rows,
        right={row["id"]: row["first_right"] for row in sft},
        taught=Taught(
            release=manifest.release, version=manifest.version, fingerprint=manifest.fingerprint, split="train",
            shards=tuple(path.name for path in rows), tasks=("grounding",), classes=(), frames=max(map(len, times)),
            height=manifest.frames.height, quality=manifest.frames.quality,
        ),
        out=out,
        cache=default_cache() / "rows",
        texts=lambda: list(texts(own)),
    )  # fmt: skip


def shards(run: Path, config: str) -> list[Path]:
    """Rows of the split train, with frames."""
    return sorted((run / "hydrated" / config).glob("train-*.parquet"))


def texts(paths: Sequence[Path]) -> Iterator[str]:
    """What the tokenizer learns from."""
    for path in paths:
        for row in pq.read_table(path, columns=["prompt", "completion"]).to_pylist():
            for turn in (*row["prompt"], *row["completion"]):
                yield "".join(part["text"] or "<image>" for part in turn["content"])


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


def blank(asked: Lesson) -> tuple[Student, Found]:
    """The student before any training."""
    asked.out.mkdir()
    card = RunCard(
        kind="sft", model=weights.TINY, parameters=0, recipe=asked.recipe, recipe_digest="", taught=asked.taught,
        counts=Counts(read=0, used=0, tokens=0, longest=0), versions={}, device="",
    )  # fmt: skip
    return Student(card, weights.to_train(weights.TINY, asked.recipe, asked.out, asked.texts)), Found()


def taught(asked: Lesson) -> tuple[Student, Found]:
    """The student after its training, and what that took."""
    started, worked = time.monotonic(), time.process_time()
    train(asked, *prepared(asked), quiet)
    seconds, cpu = time.monotonic() - started, time.process_time() - worked
    points = curve(read_journal(asked.out / JOURNAL), "loss" if asked.kind == "sft" else "reward")
    return Student.load(asked.out), Found(curve=tuple(points), seconds=seconds, cpu=cpu)


def graded(student: Student, held_out: Sequence[Clip], training: Found) -> Found:
    """With it, whether the final answer of each clip has the right label."""
    said = student.complete([clip.asked for clip in held_out], batch=25)
    finals = [
        student.attempts(text, "grounding", clip.classes).final for text, clip in zip(said, held_out, strict=True)
    ]
    right = {clip.id: one is not None and one.label == clip.label for one, clip in zip(finals, held_out, strict=True)}
    return training.model_copy(update={"right": right, "readable": sum(one is not None for one in finals)})


def whole(folder: Path) -> Seeds:
    """What has been found, of the seeds whose arms are all there."""
    found = {}
    for path in sorted(folder.glob("seed*")):
        files = {arm: figures_of(path, arm) for arm in ARMS}
        if all(file.exists() for file in files.values()):
            read = {arm: Found.model_validate_json(file.read_text(encoding="utf-8")) for arm, file in files.items()}
            found[int(path.name.removeprefix("seed"))] = read
    return found


def report(folder: Path, seeds: Seeds, held_out: Sequence[Clip]) -> None:
    """Prints every figure and draws them."""
    accuracy = {name: one for name, one in compared(seeds, held_out).items() if one.value is not None}
    videos, done = len({clip.video for clip in held_out}), ", ".join(map(str, seeds))
    print(f"\n{len(held_out)} held-out clips of {videos} videos; seeds {done}")
    for name, one in accuracy.items():
        print(f"{name:36} {100 * (one.value or 0):6.1f} [{100 * (one.low or 0):.1f}, {100 * (one.high or 0):.1f}]")
    for arm in ARMS:
        print(f"readable, {arm}: " + ", ".join(f"{found[arm].readable} of {len(held_out)}" for found in seeds.values()))
    for arm in ("shuffled", "frames", *AFTER):
        ends = [(fifths(found[arm].curve)) for found in seeds.values()]
        told = ", ".join(f"{first:.3f} -> {last:.3f}" for first, last in ends)
        print(f"{'reward' if arm in AFTER else 'loss'}, {arm}: {told}")
    for name, one in ahead(seeds).items():
        print(f"reward above rate 0, {name}: {one.value or 0:.3f} [{one.low or 0:.3f}, {one.high or 0:.3f}]")
    picture = folder / "student.png"
    drawn(seeds, accuracy).savefig(picture, dpi=150)
    print(f"drawn: {picture}")


def compared(seeds: Seeds, held_out: Sequence[Clip]) -> dict[str, Estimate]:
    """Accuracy of each arm, all seeds together, and what one has over another, 0 to 1, with intervals."""
    lines = [
        (clip.video, [*(sum(found[arm].right[clip.id] for found in seeds.values()) for arm in ARMS), len(seeds)])
        for clip in held_out
    ]
    wanted: dict[str, Measure] = {arm: share(ARMS.index(arm)) for arm in ARMS}
    for one, other in (
        ("frames", "untrained"),
        ("frames", "swapped"),
        ("frames", "shuffled"),
        ("reinforced", "frames"),
        ("reinforced", "rate 0"),
        ("reinforced", "reinforced swapped"),
    ):
        wanted[f"{one} less {other}"] = share(ARMS.index(one), ARMS.index(other))
    return estimates(by_video(lines, len(ARMS) + 1), wanted)


def ahead(seeds: Seeds) -> dict[str, Estimate]:
    """By how much the reward is above its control in the first fifth of the steps and in the last, with intervals."""
    found: dict[str, Estimate] = {}
    for name, fifth in (("first fifth", 0), ("last fifth", 4)):
        pairs = [
            (f"{seed} {step}", [value, still, 1])
            for seed, arms in seeds.items()
            for (step, value), (_, still) in zip(arms["reinforced"].curve, arms["rate 0"].curve, strict=True)
            if (step - 1) * 5 // len(arms["rate 0"].curve) == fifth
        ]
        found |= estimates(by_video(pairs, 3), {name: share(0, 1)})
    return found


def share(place: int, less: int | None = None) -> Measure:
    """The share of one column of the last, less that of another."""

    def taken(sums: Numbers) -> Numbers:
        return ratio(sums[:, place] - (0 if less is None else sums[:, less]), sums[:, -1])

    return taken


def fifths(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Means over the first fifth of a curve's points and over the last."""
    values, some = [value for _, value in points], max(1, len(points) // 5)
    return float(np.mean(values[:some])), float(np.mean(values[-some:]))


def drawn(seeds: Seeds, accuracy: Mapping[str, Estimate]) -> Figure:
    """Three panels: the loss of SFT, the accuracy, the reward of GRPO."""
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    losses, bars, rewards = figure.subplots(1, 3)
    for panel, arms, name in ((losses, ("shuffled", "frames"), "loss of SFT"), (rewards, AFTER, "reward of GRPO")):
        for arm in arms:
            for number, found in enumerate(seeds.values()):
                steps, values = zip(*smooth(found[arm].curve), strict=True)
                panel.plot(steps, values, color=COLOURS[arm], linewidth=1, label=None if number else arm)
        panel.set(xlabel="step", title=f"{name}, a line a seed")
        panel.legend(frameon=False)
    for place, arm in enumerate(ARMS):
        one = accuracy[arm]
        value, low, high = (100 * (number or 0) for number in (one.value, one.low, one.high))
        bars.bar(place, value, color=COLOURS[arm])
        bars.errorbar(place, value, [[value - low], [high - value]], color="black", capsize=3)
        own = [100 * sum(found[arm].right.values()) / len(found[arm].right) for found in seeds.values()]
        bars.plot([place] * len(own), own, "o", color="black", markersize=3)
    bars.axhline(50, color="black", linewidth=0.8, linestyle=":")
    bars.set(title="right labels, held-out clips, %", xticks=range(len(ARMS)), ylim=(0, 100))
    bars.set_xticklabels(ARMS, rotation=30, ha="right")
    return figure


def smooth(points: Sequence[tuple[int, float]], over: int = 9) -> list[tuple[int, float]]:
    """Each point as the mean of those about it."""
    half = over // 2
    values = [value for _, value in points]
    return [(step, float(np.mean(values[max(0, at - half) : at + half + 1]))) for at, (step, _) in enumerate(points)]


def quiet(step: int, steps: int, figures: Mapping[str, float]) -> None:
    """Says nothing."""


if __name__ == "__main__":
    main()
