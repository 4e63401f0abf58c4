"""Makes the weights of the embedded teacher: rocot/teacher/embedded/first.csv and second.csv.

    python -m benchmarks.embedded_calibration --seed 3000 --videos 2591

Draws rendered *training* scenes of a seed, measures them with both looks, and fits a network of one hidden layer that
scores each label and stretch, so that a softmax over all scores, and over "nothing happened", puts its mass on the true
label where the temporal IoU with a true span is at least 0.5. Both looks are fitted with the same settings. Test scenes
are never drawn. To save hours, only the frames that the teacher would see are drawn and encoded (with the scenes' own
encoder settings), not the whole video.
"""

import argparse
import csv
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import simplejpeg
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rocot.core.sampling import uniform
from rocot.core.span import Span
from rocot.core.truth import within
from rocot.sources.protocol import Video
from rocot.sources.scenes.camera import Camera
from rocot.sources.scenes.film import X264
from rocot.sources.scenes.lens import HEIGHT, WIDTH
from rocot.sources.scenes.painter import Painter
from rocot.sources.scenes.script import CLASSES, Script, compose
from rocot.sources.windows import cut
from rocot.teacher.embedded import follow, glance, weigh
from rocot.teacher.embedded.footage import decode
from rocot.teacher.embedded.labels import MEANT
from rocot.teacher.embedded.signals import Signals, edges, feature_names, stretches

Floats = npt.NDArray[np.float32]
LABELS = tuple(MEANT)
LOOKS = {"first": glance.NAMES, "second": follow.NAMES}
FRAMES, LENGTH, OVERLAP = 32, 40.0, 8.0
"""As in data_manifests/scenes.toml."""
NEGATIVES, POSITIVES = 250, 120
"""Stretches of a clip that are kept for the fit, drawn by chance and weighted to stand for all."""
UNITS, DROPOUT, DECAY = 64, 0.5, 0.3
"""Hidden units; the share of them that rests in a step; weight decay, in units of the learning rate."""
EPOCHS, BATCH, RATE = 60, 48, 3e-3


@dataclass
class Measured:
    """One clip under one look."""

    features: Floats
    weight: Floats
    """log of the share of the clip's stretches that each one stands for."""
    hit: npt.NDArray[np.bool_]
    """Whether it meets a true span."""
    label: int
    """Number of the true label; -1 for normal."""


def drawn(script: Script, numbers: Sequence[int]) -> list[bytes]:
    """JPEGs of some frames of a scene, through the scenes' camera and encoder."""
    painter, camera, reformatter, file = Painter(script), Camera(script), VideoReformatter(), io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(script.rate))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {**X264, "crf": str(script.weather.crf)}
        for place, number in enumerate(numbers):
            picture = av.VideoFrame.from_ndarray(camera.crop(painter.frame(number / script.rate), number), "rgb24")
            planes = reformatter.reformat(picture, format="yuv420p", threads=1).to_ndarray().astype(np.uint8)
            camera.expose(planes[:HEIGHT], number)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = place, 1 / Fraction(script.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as container:
        return [
            simplejpeg.encode_jpeg(np.ascontiguousarray(f.to_ndarray(format="rgb24")), 85)
            for f in container.decode(video=0)
        ]


def measured(seed: int, index: int) -> list[dict[str, Measured]]:
    """The windows of one training scene under both looks."""
    script = compose(seed, "train", index)
    video = Video(
        id=script.id, source="scenes", split="train", path="", duration=script.duration, mark="", classes=CLASSES,
        truth=script.truth,
    )  # fmt: skip
    found = []
    for clip in cut(video, LENGTH, OVERLAP):
        numbers = [
            min(int(time * script.rate + 1e-6), script.frames - 1) for time in uniform(clip.start, clip.end, FRAMES)
        ]
        times, jpegs = [float(number / script.rate) for number in numbers], drawn(script, numbers)
        truth = within(script.truth, clip.start, clip.end, whole=clip.end - clip.start >= script.duration)
        label = LABELS.index(truth.labels[0]) if truth.spans and truth.labels else -1
        looks = {
            "first": glance.glance(decode(jpegs, times, glance.ROWS), clip.start, clip.end),
            "second": follow.follow(decode(jpegs, times, follow.ROWS), clip.start, clip.end),
        }
        found.append({name: sampled(signals, truth.spans or (), label, index) for name, signals in looks.items()})
    return found


def sampled(signals: Signals, spans: Sequence[Span], label: int, seed: int) -> Measured:
    """Some of the stretches, those that meet a true span among them."""
    all_of = stretches(signals)
    cuts = edges(signals)
    start, end = cuts[all_of.first], cuts[all_of.last + 1]
    hit = np.zeros(len(start), np.bool_)
    for span in spans:
        both = np.minimum(end, span.end) - np.maximum(start, span.start)
        hit |= both / (np.maximum(end, span.end) - np.minimum(start, span.start)) >= weigh.FLOOR
    random = np.random.default_rng(seed)
    rows, shares = [], []
    for group, most in ((np.flatnonzero(hit), POSITIVES), (np.flatnonzero(~hit), NEGATIVES)):
        chosen = random.choice(group, min(most, len(group)), replace=False)
        rows.append(chosen)
        shares.append(np.full(len(chosen), len(group) / max(len(chosen), 1) / max(len(hit), 1)))
    kept = np.concatenate(rows)
    weight = np.log(np.concatenate(shares) + 1e-12).astype(np.float32)
    return Measured(all_of.features[kept], weight, hit[kept], label)


def fitted(clips: Sequence[Measured], mean: Floats, spread: Floats) -> list[Floats]:
    """Hidden weights and biases, label weights and biases: Adam with a cosine schedule, from a fixed seed."""
    scaled = [
        np.clip((clip.features - mean) / spread, -weigh.FARTHEST, weigh.FARTHEST).astype(np.float16) for clip in clips
    ]
    random = np.random.default_rng(0)
    size = len(mean)
    weights = [
        random.normal(0, size**-0.5, (size, UNITS)).astype(np.float32), np.zeros(UNITS, np.float32),
        random.normal(0, 0.1 * UNITS**-0.5, (UNITS, len(LABELS))).astype(np.float32),
        np.full(len(LABELS), -2, np.float32),
    ]  # fmt: skip
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    batches = -(-len(clips) // BATCH)
    for step in range(EPOCHS * batches):
        if step % batches == 0:
            order = random.permutation(len(clips))
        picked = order[step % batches * BATCH :][:BATCH]
        resting = (random.random(UNITS) > DROPOUT).astype(np.float32) / (1 - DROPOUT)
        slopes = _slopes([clips[k] for k in picked], [scaled[k] for k in picked], weights, resting)
        rate = RATE * (0.5 + 0.5 * np.cos(np.pi * (step + 1) / (EPOCHS * batches)))
        for k, slope in enumerate(slopes):
            first[k] = 0.9 * first[k] + 0.1 * slope
            second[k] = 0.99 * second[k] + 0.01 * slope**2
            move = first[k] / (1 - 0.9 ** (step + 1)) / (np.sqrt(second[k] / (1 - 0.99 ** (step + 1))) + 1e-6)
            weights[k] -= rate * (move + (DECAY * weights[k] if weights[k].ndim > 1 else 0))
    return weights


def _slopes(
    clips: Sequence[Measured], scaled: Sequence[npt.NDArray[np.float16]], weights: Sequence[Floats], resting: Floats
) -> list[Floats]:
    """The gradient of a batch's mean negative log likelihood, one array for each of the weights."""
    features = np.concatenate(scaled).astype(np.float32)
    units = np.maximum(features @ weights[0] + weights[1], 0) * resting
    scores = units @ weights[2] + weights[3] + np.concatenate([clip.weight for clip in clips])[:, None]
    blame, place, used = np.zeros_like(scores), 0, 0
    for clip in clips:
        rows = slice(place, place := place + len(clip.weight))
        if len(clip.weight) and (clip.label < 0 or clip.hit.any()):
            blame[rows] = _blame(clip, scores[rows])
            used += 1
    blame /= max(used, 1)
    inner = (blame @ weights[2].T) * (units > 0) * resting
    return [features.T @ inner, inner.sum(axis=0), units.T @ blame, blame.sum(axis=0)]


def _blame(clip: Measured, scores: Floats) -> Floats:
    """The gradient of one clip's negative log likelihood with respect to its scores; "nothing happened" scores 0."""
    top = max(float(scores.max()), 0.0)
    mass = np.exp(scores - top)
    blame: Floats = mass / (mass.sum() + np.exp(-top))
    if clip.label >= 0:
        own = mass[clip.hit, clip.label]
        blame[clip.hit, clip.label] -= own / (own.sum() + 1e-30)
    return blame


def write(name: str, weights: Sequence[Floats], mean: Floats, spread: Floats) -> None:
    """The table beside the teacher's code: a line a feature, then a line a label, over the hidden units."""
    hidden, start, out, bias = weights
    hidden = hidden.copy()
    hidden[-1] += start  # the last feature is always one
    with Path(weigh.__file__).with_name(f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["kind", "name", "mean or bias", "spread", *(f"unit {k}" for k in range(UNITS))])
        for k, feature in enumerate(feature_names(LOOKS[name])):
            table.writerow(["feature", feature, f"{mean[k]:.4g}", f"{spread[k]:.4g}", *(f"{v:.3g}" for v in hidden[k])])
        for k, label in enumerate(LABELS):
            table.writerow(["label", label, f"{bias[k]:.4g}", "", *(f"{v:.3g}" for v in out[:, k])])


def calibrate(clips: Sequence[dict[str, Measured]]) -> None:
    """Fit and write the tables of both looks."""
    for name in LOOKS:
        own = [clip[name] for clip in clips]
        sample = np.concatenate([clip.features[::7] for clip in own])
        mean, spread = sample.mean(axis=0), sample.std(axis=0) + 1e-3
        mean[-1], spread[-1] = 0, 1
        write(name, fitted(own, mean, spread), mean, spread)


def main() -> None:
    """Draw, measure, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=3000)
    parser.add_argument("--videos", type=int, default=2591)
    options = parser.parse_args()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        scenes = pool.map(measured, [options.seed] * options.videos, range(options.videos), chunksize=8)
        clips = [clip for windows in scenes for clip in windows]
    calibrate(clips)


if __name__ == "__main__":
    main()
