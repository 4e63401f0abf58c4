"""Which reader reads which film: a table for the documents, made by reading.

    python -m tests.contracts.verdicts

prints it as Markdown. A cell is empty where every frame is right, in a row as well as one by one.
"""

import random
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from rocot.errors import VideoError
from rocot.video.isolated import Isolated, Limits
from rocot.video.protocol import FrameReader, Look
from tests.contracts.films import FILMS, NAMES
from tests.contracts.numbered import HEIGHT, Film, spelt

LOOK = Look(height=HEIGHT, quality=90)
LIMITS = Limits(deadline=10, memory=4_000_000_000, workers=1)
DRAWN = 20
"""Frames that are asked for alone, each in a call of its own."""


def verdict(reader: FrameReader, whole: Film, name: str) -> str:
    """Nothing where all is right; how many frames are wrong; or why it is refused."""
    middles = whole.middles()
    draw = random.Random(name)
    try:
        in_a_row = wrong(reader, whole, middles)
        alone = sum(wrong(reader, whole, [time]) for time in draw.sample(middles, DRAWN))
    except VideoError as error:
        return f"refused: {error.reason}"
    said = [f"{in_a_row} of {len(middles)} wrong"] * bool(in_a_row) + [f"{alone} of {DRAWN} wrong alone"] * bool(alone)
    return ", ".join(said)


def wrong(reader: FrameReader, whole: Film, times: list[float]) -> int:
    """How many of the frames at these times are others."""
    stills = reader.read(whole.path, times, LOOK).stills
    return sum(spelt(still.jpeg) != whole.on_screen(time) for still, time in zip(stills, times, strict=True))


def table() -> Iterator[str]:
    """Its lines."""
    names = [name for name in ("av", "decord") if name == "av" or find_spec(name)]
    yield f"| film | {' | '.join(f'`{name}`' for name in names)} |"
    yield "|---" * (len(names) + 1) + "|"
    with tempfile.TemporaryDirectory() as folder:
        readers = [Isolated(name, LIMITS) for name in names]
        for film in NAMES:
            whole = FILMS[film](Path(folder) / film)
            yield f"| {film} | {' | '.join(verdict(reader, whole, film) for reader in readers)} |"
        for reader in readers:
            reader.close()


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)  # noqa: T201 - this is what it is for
