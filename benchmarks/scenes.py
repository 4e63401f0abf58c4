"""How much of a scene's label one frame's colours give away, and what rendering costs.

    python benchmarks/scenes.py --clips 560

Takes one frame a clip, by chance; describes it by its colour histogram; fits a logistic regression; scores it by
ten-fold cross-validation over clips. An honest scene keeps it near the baseline of always naming the commonest label.
Frames are drawn as the camera films them, before the codec. `outside` takes frames outside the anomalies' spans only:
there nothing at all may be found. `inside` takes frames in the spans only, and shows what a lucky frame is worth.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rocot.core.span import Span
from rocot.sources.scenes.camera import Camera
from rocot.sources.scenes.film import shoot
from rocot.sources.scenes.painter import Painter
from rocot.sources.scenes.script import Script, compose, seed_of

BINS = 6
"""Levels a colour channel: 216 colours."""
SEED = 90210
"""A seed of the benchmark's own, so that no default clip is in it.

Nine intervals of 95 % are printed: one of them is likely to miss by chance for one seed in three. Try another seed.
"""

Floats = NDArray[np.float64]


def filmed(script: Script, numbers: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Frames of a script as filmed: drawn, shaken, exposed and noisy, but not encoded."""
    painter, camera = Painter(script), Camera(script)
    out = []
    for number in numbers:
        picture = camera.crop(painter.frame(number / script.rate), number)
        luma = picture @ np.array([0.299, 0.587, 0.114])
        seen = np.clip(luma, 0, 255).astype(np.uint8)
        camera.expose(seen, number)
        out.append(np.clip(picture + (seen - luma)[:, :, None], 0, 255).astype(np.uint8))
    return out


def histogram(picture: NDArray[np.uint8]) -> Floats:
    """The shares of the picture's pixels in each of BINS^3 colours, as square roots."""
    level = picture.astype(np.int64) * BINS // 256
    code = (level[:, :, 0] * BINS + level[:, :, 1]) * BINS + level[:, :, 2]
    counts = np.bincount(code.ravel(), minlength=BINS**3)
    shares: Floats = np.sqrt(counts / counts.sum())
    return shares


def _number(script: Script, rng: Generator, spans: tuple[Span, ...], *, inside: bool) -> int:
    """A frame by chance, in the spans or out of them."""
    while True:
        number = int(rng.integers(script.frames))
        t = number / script.rate
        if not spans or any(span.start <= t < span.end for span in spans) is inside:
            return number


def sample(job: tuple[int, int]) -> tuple[str, list[Floats]]:
    """A seed's clip's label, and the histograms of three frames: any, outside the spans, inside them."""
    script = compose(job[0], "train", job[1])
    rng = Generator(PCG64(seed_of("benchmark", *job)))
    truth = script.truth
    labels, spans = truth.labels or ("",), truth.spans or ()
    numbers = [int(rng.integers(script.frames))]
    numbers += [_number(script, rng, spans, inside=inside) for inside in (False, True)]
    return labels[0], [histogram(picture) for picture in filmed(script, numbers)]


def accuracy(features: Floats, labels: Sequence[str]) -> tuple[float, float, float]:
    """Cross-validated accuracy and its 95 % interval (Wilson)."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    right = int(np.sum(cross_val_predict(model, features, labels, cv=folds) == np.asarray(labels)))
    return wilson(right, len(labels))


def wilson(right: int, n: int) -> tuple[float, float, float]:
    """A share and its 95 % interval."""
    z, p = 1.96, right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return p, middle - reach, middle + reach


def report(name: str, features: Floats, labels: list[str]) -> None:
    """Print a line: what the histogram reaches, against the commonest label."""
    p, low, high = accuracy(features, labels)
    prior = max(labels.count(label) for label in set(labels)) / len(labels)
    verdict = "within chance" if low <= prior else "ABOVE CHANCE"
    print(f"{name:32} {100 * p:5.1f} % [{100 * low:.1f}, {100 * high:.1f}]  prior {100 * prior:5.1f} %  {verdict}")


def cost(clips: int) -> None:
    """Print the CPU seconds that rendering and encoding a clip of 24 s takes."""
    with tempfile.TemporaryDirectory() as folder:
        shoot(compose(SEED, "test", 0), Path(folder) / "warm.mp4")
        start, seconds = time.process_time(), 0.0
        for i in range(1, clips + 1):
            script = compose(SEED, "test", i)
            shoot(script, Path(folder) / f"{i}.mp4")
            seconds += script.duration
        spent = time.process_time() - start
    print(f"rendering and encoding: {24 * spent / seconds:.2f} CPU seconds for 24 s of video ({clips} clips)")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=560)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        rows = list(pool.map(sample, [(args.seed, i) for i in range(args.clips)], chunksize=8))
    labels = [label for label, _ in rows]
    print(f"{args.clips} clips, one frame each, {BINS**3} colours, logistic regression, 10-fold")
    for k, where in enumerate(("any frame", "outside the spans", "inside the spans")):
        features = np.stack([frames[k] for _, frames in rows])
        report(f"{where}: normal or not", features, ["Normal" if x == "Normal" else "Abnormal" for x in labels])
        report(f"{where}: 8 classes", features, labels)
        bad = [i for i, label in enumerate(labels) if label != "Normal"]
        report(f"{where}: 7 anomalies", features[bad], [labels[i] for i in bad])
    cost(8)


if __name__ == "__main__":
    main()
