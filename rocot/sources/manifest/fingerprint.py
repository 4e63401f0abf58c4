"""Perceptual hashes of a few frames, by which the same footage is known in another file.

Frames are taken at fixed times from the start and from the end: a copy that was cut at one end still agrees at the
other, frame by frame, which frames at fractions of the duration would not. The hash is that of `imagehash.phash`:
which of the 64 lowest frequencies of the brightness lie above their median.
"""

from collections.abc import Sequence
from pathlib import Path

import imagehash
import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image

from rocot.video.protocol import FrameReader, Look

Luma = npt.NDArray[np.uint8]

OFFSETS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Seconds from the start, and from the end. Doubling, so that a title of some seconds is one of many frames."""
NOTHING = "0" * 16
"""Stands for a frame that is not there, or has nothing to be known by; no picture has this hash."""
VERSION = 1
"""Of all this: what was hashed otherwise cannot be compared."""

_LOOK = Look(height=144, quality=90)
_DARK = 24
"""Of 255. Rows and columns at the edges that have nothing brighter are bars around the picture."""
_FLAT = 5.0
"""Standard deviation of the brightness, of 255. Below it (black, white, fog) a hash is that of the noise."""


def fingerprint(reader: FrameReader, path: Path, duration: float) -> tuple[str, ...]:
    """Sixteen hashes of 16 hexadecimal digits each: by OFFSETS from the start, then by OFFSETS from the end.

    `NOTHING` where the video is shorter, its frame is damaged, or the picture is flat. Raises VideoError where no
    frame can be had at all.
    """
    heads = [offset if offset < duration else None for offset in OFFSETS]
    tails = [duration - offset if offset < duration else None for offset in OFFSETS]
    times = sorted({time for time in (*heads, *tails) if time is not None}) or [0.0]
    taken = reader.read(path, times, _LOOK, salvage=True)
    had = [time for time in times if time not in taken.lost]
    hashes = {time: _hash(still.jpeg) for time, still in zip(had, taken.stills, strict=True)}
    return tuple(NOTHING if time is None else hashes.get(time, NOTHING) for time in (*heads, *tails))


def numbers(hashes: Sequence[str]) -> list[int]:
    """The hashes as numbers of 64 bits; 0 for NOTHING."""
    return [int(digits, 16) for digits in hashes]


def _hash(jpeg: bytes) -> str:
    luma: Luma = simplejpeg.decode_jpeg(jpeg, "GRAY")[:, :, 0]
    picture = _unboxed(luma)
    return NOTHING if picture.std() < _FLAT else str(imagehash.phash(Image.fromarray(picture)))


def _unboxed(luma: Luma) -> Luma:
    """Without the dark bars that a letterbox puts around a picture; as it is where most of it is dark."""
    rows = np.flatnonzero(np.percentile(luma, 98, axis=1) > _DARK)
    columns = np.flatnonzero(np.percentile(luma, 98, axis=0) > _DARK)
    if len(rows) < luma.shape[0] // 4 or len(columns) < luma.shape[1] // 4:
        return luma
    return np.ascontiguousarray(luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
