"""What the embedded teacher is worth: its answers against the label prior, before and after its reflection.

    python -m benchmarks.embedded --videos 180 --seed 424242

Renders test scenes of a seed, asks the three questions through the flow's own stages, grades with `rocot.core.score`,
and prints one table. Intervals are 95 %, from 10,000 bootstrap samples of videos (windows of a video go together).
"""

import argparse
import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rocot.assets import load_prompts
from rocot.core.clip import Clip
from rocot.core.gate import Gate
from rocot.core.prompt import Ask, Sampling
from rocot.core.record import Json
from rocot.core.reflection import About, Frame, Framed, Judged
from rocot.core.sampling import uniform
from rocot.core.score import scores
from rocot.core.truth import NORMAL, Truth, within
from rocot.sources.protocol import Video
from rocot.sources.scenes.source import ScenesSource
from rocot.sources.windows import cut
from rocot.stages.judge import Judge
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.revise import Revise
from rocot.teacher.embedded.teacher import Embedded
from rocot.teacher.protocol import Compose, Parse, Reply
from rocot.video.av_reader import AvReader
from rocot.video.protocol import Look

Numbers = npt.NDArray[np.float64]

LENGTH, OVERLAP, FRAMES, LOOK = 40.0, 8.0, 32, Look(height=448, quality=85)
"""As in data_manifests/scenes.toml."""
PROMPTS = load_prompts()
RESAMPLES = 10_000


@dataclass(frozen=True)
class Sample:
    """A clip with its frames and what is true of it."""

    framed: Framed
    pictures: dict[str, bytes]
    truth: Truth


class Direct:
    """Asks without a store: each question goes straight to the teacher."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self.model, self.sampling, self.pictures = "embedded", Sampling(), pictures
        self.identity: Json = self.model
        self.teacher = Embedded()
        self.seconds: list[float] = []

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        """One send, one read."""
        ask = compose("json")
        before = time.process_time()
        raw = await self.teacher.send(ask, self.pictures)
        self.seconds.append(time.process_time() - before)
        return ask, self.teacher.read(raw.body)


def sample(clip: Clip, video: Video) -> Sample:
    """The clip's frames, as the flow would read them."""
    times = uniform(clip.start, clip.end, FRAMES)
    stills = {still.time: still for still in AvReader().read(Path(clip.path), times, LOOK).stills}
    digests = {moment: hashlib.sha256(still.jpeg).hexdigest() for moment, still in stills.items()}
    frames = tuple(
        Frame(time=moment, digest=digests[moment], width=still.width, height=still.height)
        for moment, still in stills.items()
    )
    whole = clip.end - clip.start >= video.duration - 0.001
    return Sample(
        Framed(**dict(clip), frames=frames, reader="av"),
        {digests[moment]: still.jpeg for moment, still in stills.items()},
        within(video.truth, clip.start, clip.end, whole=whole),
    )


async def judged(one: Sample) -> tuple[Judged, list[float]]:
    """The three asks and the judge; with the CPU seconds of each ask."""
    asks = Direct(one.pictures)
    reasoned = await Reason(PROMPTS, asks)(one.framed)
    revised = await Revise(PROMPTS, asks)(await Reflect(PROMPTS, asks)(reasoned))
    return await Judge(Gate(), lambda _: one.truth)(revised), asks.seconds


def worked(task: tuple[Clip, Video, Clip, Video]) -> tuple[Judged, Judged, list[float]]:
    """A clip judged with its own frames, and with those of another clip."""
    own, other = sample(task[0], task[1]), sample(task[2], task[3])
    count = min(len(own.framed.frames), len(other.framed.frames))
    swapped = tuple(
        theirs.model_copy(update={"time": mine.time})
        for mine, theirs in zip(own.framed.frames[:count], other.framed.frames[:count], strict=True)
    )
    strange = Sample(own.framed.model_copy(update={"frames": swapped}), other.pictures, own.truth)
    result, seconds = asyncio.run(judged(own))
    return result, asyncio.run(judged(strange))[0], seconds


def renamed_alike(clip: Clip, video: Video) -> bool:
    """Whether another id, video, source, split, path and mark leave every word of the three replies as it is."""
    one = sample(clip, video)
    names = {"id": "Fire/Explosion01", "video": "Fighting", "source": "crimes", "split": "test", "path": "/Robbery.mp4"}
    other = Sample(one.framed.model_copy(update=names | {"mark": "f" * 64}), one.pictures, one.truth)
    first, second = asyncio.run(judged(one))[0], asyncio.run(judged(other))[0]
    return [first.initial_said.text, first.reflection_said.text, first.revised_said.text] == [
        second.initial_said.text, second.reflection_said.text, second.revised_said.text
    ]  # fmt: skip


COLUMNS = ("right", "label", "normal/abnormal", "mIoU of abnormal")


def measured(items: Sequence[Judged], which: str) -> Numbers:
    """clips x COLUMNS for the initial or the revised answer; NaN where a column does not apply."""
    rows = []
    for item in items:
        answer = getattr(item, which)
        graded, truth = item.scores, item.truth
        rows.append((
            getattr(graded, f"{which}_right"), getattr(graded, f"{which}_label_right"),
            (answer.label == NORMAL) == truth.normal, np.nan if truth.normal else getattr(graded, f"{which}_tiou"),
        ))  # fmt: skip
    return np.array(rows, np.float64)


def always_normal(items: Sequence[Judged]) -> Numbers:
    """As `measured`, for who calls every clip normal: the most frequent label."""
    truth = np.array([bool(item.truth.normal) for item in items], np.float64)
    return np.stack([truth, truth, truth, np.where(truth == 1, np.nan, 0)], axis=1)


def by_chance(items: Sequence[Judged], which: str, draws: int = 40) -> Numbers:
    """As `measured`, for who deals these same answers out to clips at random: the mean over `draws` deals.

    Spans are dealt along, as shares of the clip's length.
    """
    random = np.random.default_rng(0)
    total = np.zeros((len(items), len(COLUMNS)))
    for _ in range(draws):
        order = random.permutation(len(items))
        dealt = []
        for item, k in zip(items, order, strict=True):
            answer, giver = getattr(items[k], which), items[k]
            scale = (item.end - item.start) / (giver.end - giver.start)
            spans = tuple(
                span.model_copy(update={
                    "start": item.start + (span.start - giver.start) * scale,
                    "end": item.start + (span.end - giver.start) * scale,
                })
                for span in answer.spans
            )  # fmt: skip
            given = answer.model_copy(update={"spans": spans})
            graded = scores(given, given, item.truth, Gate().tiou, Gate().improved)
            dealt.append(item.model_copy(update={which: given, "scores": graded}))
        total += measured(dealt, which)
    return total / draws


def interval(values: Numbers, groups: Sequence[str]) -> list[str]:
    """Mean and 95 % bootstrap interval of each column, per cent; whole groups are drawn."""
    names = sorted(set(groups))
    place = np.array([names.index(group) for group in groups])
    known = ~np.isnan(values)
    sums = np.stack([np.bincount(place, np.where(known, values, 0)[:, k], len(names)) for k in range(values.shape[1])])
    counts = np.stack([np.bincount(place, known[:, k], len(names)) for k in range(values.shape[1])])
    draws = np.random.default_rng(1).integers(len(names), size=(RESAMPLES, len(names)))
    means = sums[:, draws].sum(axis=-1) / np.maximum(counts[:, draws].sum(axis=-1), 1)
    low, high = np.percentile(100 * means, [2.5, 97.5], axis=-1)
    middle = 100 * sums.sum(axis=1) / np.maximum(counts.sum(axis=1), 1)
    return [f"{m:5.1f} [{a:5.1f}, {b:5.1f}]" for m, a, b in zip(middle, low, high, strict=True)]


def report(items: Sequence[Judged], strange: Sequence[Judged]) -> None:
    """The table."""
    groups = [item.video for item in items]
    first, last = measured(items, "initial"), measured(items, "revised")
    rows = {
        "most frequent label (Normal)": always_normal(items),
        "initial answers, dealt at random": by_chance(items, "initial"),
        "revised answers, dealt at random": by_chance(items, "revised"),
        "initial": first,
        "revised": last,
        "revised - initial, paired": last - first,
        "initial - most frequent label, paired": first - always_normal(items),
        "revised - most frequent label, paired": last - always_normal(items),
        "frames of another clip: initial": measured(strange, "initial"),
        "frames of another clip: revised": measured(strange, "revised"),
    }
    print(f"{'per cent [95 % interval]':<40}" + "".join(f"{name:>24}" for name in COLUMNS))
    for name, values in rows.items():
        print(f"{name:<40}" + "".join(f"{cell:>24}" for cell in interval(values, groups)))
    cells = Counter(str(item.outcome) for item in items)
    faulty = sum(bool(item.faults) for item in items)
    outcomes = ("confirmed", "corrected", "unresolved", "corrupted")
    print("\nflips: " + ", ".join(f"{name} {cells[name]}" for name in outcomes))
    print(f"verdicts: {dict(Counter(item.reflection.verdict for item in items))}; samples with gate faults: {faulty}")
    by_label(items)


def by_label(items: Sequence[Judged]) -> None:
    """Counts of right answers and labels for each true label."""
    heads = ("clips", "initial right", "revised right", "initial label", "revised label")
    print(f"\n{'true label':<20}" + "".join(f"{head:>15}" for head in heads))
    for label in sorted({(item.truth.labels or ("?",))[0] for item in items}):
        own = [item for item in items if item.truth.labels and item.truth.labels[0] == label]
        one, two = measured(own, "initial").sum(axis=0), measured(own, "revised").sum(axis=0)
        print(f"{label:<20}" + "".join(f"{int(cell):>15}" for cell in (len(own), one[0], two[0], one[1], two[1])))


def main() -> None:
    """Render, ask, grade, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=180)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--split", choices=("train", "test"), default="test")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/rocot/benchmarks"))
    options = parser.parse_args()
    source = ScenesSource(options.cache, train=options.videos, test=options.videos, seed=options.seed)
    clips = [(clip, video) for video in source.videos(options.split) for clip in cut(video, LENGTH, OVERLAP)]
    shift = len(clips) // 2
    tasks = [(*clips[k], *clips[(k + shift) % len(clips)]) for k in range(len(clips))]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(worked, tasks, chunksize=4))
        alike = list(pool.map(renamed_alike, *zip(*clips[:12], strict=True)))
    items = [one for one, _, _ in done]
    seconds = np.array([spent for _, _, spent in done])
    print(f"{len(items)} clips of {options.videos} rendered {options.split} videos, seed {options.seed}\n")
    report(items, [two for _, two, _ in done])
    print(f"\nrenamed: {sum(alike)} of {len(alike)} clips answered in the same words under other names")
    print(
        "CPU seconds an ask: "
        + ", ".join(
            f"{name} {value:.2f}"
            for name, value in zip(("reason", "reflect", "revise"), seconds.mean(axis=0), strict=True)
        )
    )


if __name__ == "__main__":
    main()
