"""Films of invented streets, and copies of them: coded anew, resized, framed, cut."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream
from PIL import Image

from tests.contracts.numbered import frame_of

Luma = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 192, 144
RATE = 5
SECONDS = 20


def street(place: int, act: int | None, seconds: int = SECONDS) -> Iterator[Luma]:
    """A place, seen by a fixed camera, in which people walk; nobody where there is no act."""
    ground = _ground(place)
    noise = np.random.default_rng((place, act or 0))
    people = () if act is None else [_Walker(noise) for _ in range(4)]
    for number in range(seconds * RATE):
        picture = ground.copy()
        for walker in people:
            walker.draw(picture, number / RATE)
        yield np.clip(picture + noise.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def _ground(place: int) -> npt.NDArray[np.float64]:
    coarse = np.random.default_rng(place).uniform(20, 235, (9, 12))
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float64)


class _Walker:
    """Crosses the picture again and again, each time at another height."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.start, self.pace = rng.uniform(0, WIDTH), rng.uniform(-40, 40)
        self.tops = rng.uniform(0, HEIGHT - 40, 64)
        self.look = rng.choice([70.0, 190.0])

    def draw(self, picture: npt.NDArray[np.float64], time: float) -> None:
        lap, left = divmod(self.start + self.pace * time, WIDTH)
        top = int(self.tops[int(lap) % 64])
        picture[top : top + 40, int(left) : int(left) + 12] = self.look


def shot(
    path: Path,
    pictures: Iterable[Luma],
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    *,
    rate: Fraction = Fraction(RATE),
) -> Path:
    """The pictures as a film; `rate` is frames a second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {**({"preset": "ultrafast"} if codec == "libx264" else {}), **(options or {})}
        for number, luma in enumerate(pictures):
            if not number:
                stream.height, stream.width = luma.shape
            frame = frame_of(luma)
            frame.pts, frame.time_base = number, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def pictures_of(path: Path) -> tuple[list[Luma], Fraction]:
    """What a film shows, and how many frames of it a second."""
    with av.open(str(path)) as film:
        shown = [frame.to_ndarray(format="gray").astype(np.uint8, copy=False) for frame in film.decode(video=0)]
        return shown, film.streams.video[0].average_rate or Fraction(RATE)


def _sized(width: int, height: int) -> Callable[[Luma], Luma]:
    return lambda luma: np.asarray(Image.fromarray(luma).resize((width, height)))


def _lighter(luma: Luma) -> Luma:
    return np.clip(luma.astype(np.int16) + 25, 0, 255).astype(np.uint8)


def _same(luma: Luma) -> Luma:
    return luma


COPIES: dict[str, Callable[[Path, Path], Path]] = {}
"""What becomes of a film on its way through the hands of others; each takes the film and a folder."""


def _copy(
    name: str,
    turn: Callable[[Luma], Luma] = _same,
    cut: tuple[float, float] = (0.0, 0.0),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> None:
    def made(film: Path, folder: Path) -> Path:
        shown, rate = pictures_of(film)
        start, end = (round(seconds * rate) for seconds in cut)
        return shot(folder / name, map(turn, shown[start : len(shown) - end]), codec, options, rate=rate)

    COPIES[name] = made


_copy("coarse.mp4", options={"crf": "38"})
_copy("old.avi", codec="mpeg4", options={"qscale": "12"})
_copy("small.mp4", _sized(WIDTH // 2, HEIGHT // 2))
_copy("stretched.mp4", _sized(WIDTH * 3 // 2, HEIGHT))
_copy("letterboxed.mp4", lambda luma: np.pad(luma, ((24, 24), (0, 0))))
_copy("pillarboxed.mp4", lambda luma: np.pad(luma, ((0, 0), (32, 32)), constant_values=16))
_copy("lighter.mp4", _lighter)
_copy("starts-later.mp4", cut=(3.4, 0.0))
_copy("ends-earlier.mkv", cut=(0.0, 3.4))
