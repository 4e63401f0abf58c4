"""What a reader of the benchmark is asked, and what it gives."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture: TypeAlias = npt.NDArray[np.uint8]

SNAP = 0.25
"""Tolerance of the snapping readers, as a share of the sampling interval."""
HEIGHT, QUALITY = 448, 85
"""Of the JPEGs; the recipe's defaults."""


@dataclass(frozen=True)
class Task:
    """32 frames of a file."""

    path: Path
    times: list[float]
    """Seconds."""
    numbers: list[int]
    """Of the frames on screen then, worked out beforehand: readers that count frames are told the right counts."""

    @property
    def tolerance(self) -> float:
        """Of a snapping reader, seconds."""
        return SNAP * (self.times[-1] - self.times[0]) / (len(self.times) - 1)


@dataclass(frozen=True)
class Given:
    """RGB pictures or JPEGs to be checked; nothing where a reader stops before that."""

    pictures: Sequence[Picture] = ()
    jpegs: Sequence[bytes] = ()
    times: Sequence[float] | None = None
    """When the frames appear, seconds, of a reader that snaps."""
    cpu: float | None = None
    """Seconds, of a reader that measures a part of its work only."""
    decoded: int = 0
    """Pictures that went through the decoder, where it is counted."""

    def seen(self) -> list[Picture]:
        """The pictures, whichever way they came."""
        return [*self.pictures, *(np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in self.jpegs)]


def by_pillow(picture: Picture, *, enlarge: bool) -> bytes:
    """The picture at the height of JPEGs; where it is smaller, scripts enlarge it, and rocot does not."""
    image = Image.fromarray(picture)
    if image.height > HEIGHT or enlarge:
        image = image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.BICUBIC)
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()
