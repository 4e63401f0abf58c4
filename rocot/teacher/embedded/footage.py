"""Frames as numbers: JPEGs decoded at a fraction of their size, stacked, with the time of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import simplejpeg

from rocot.errors import TeacherError

Floats: TypeAlias = npt.NDArray[np.float32]

MOST_PIXELS = 64_000_000
"""A frame larger than this is refused before it is decoded: a header of a few bytes may claim 65,535 x 65,535."""

LEAST = 16
"""Pixels a side of the stack: smaller frames are stretched, so that every region holds something."""


@dataclass(frozen=True)
class Footage:
    """A stack of frames of one size."""

    times: npt.NDArray[np.float64]
    """Seconds of the source video, ascending, one a frame."""
    rgb: Floats
    """frames x rows x columns x 3, 0 to 255."""

    @property
    def grey(self) -> Floats:
        """Luma after BT.601, frames x rows x columns, 0 to 255."""
        return self.rgb @ np.array([0.299, 0.587, 0.114], np.float32)


def decode(jpegs: Sequence[bytes], times: Sequence[float], rows: int) -> Footage:
    """The frames at the smallest of the JPEG scales 1/8, 2/8, ... 8/8 that has at least `rows` rows.

    The scale is taken in the DCT, which averages the pixels away for free. Frames of another size than the first
    are stretched to its. Raises TeacherError (`bad frame`).
    """
    stack = [_decoded(jpeg, time, rows) for jpeg, time in zip(jpegs, times, strict=True)]
    height, width = (max(side, LEAST) for side in stack[0].shape[:2])
    rgb = np.empty((len(stack), height, width, 3), np.float32)
    for index, picture in enumerate(stack):
        rgb[index] = picture if picture.shape == rgb.shape[1:] else _stretched(picture, height, width)
    return Footage(np.asarray(times, np.float64), rgb)


def _decoded(jpeg: bytes, time: float, rows: int) -> npt.NDArray[np.uint8]:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(jpeg)
        if height * width > MOST_PIXELS:
            raise TeacherError("bad frame", f"the frame at {time:.2f} s claims {width} x {height} pixels")
        picture: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
            jpeg, colorspace="RGB", min_height=min(rows, height), min_width=1
        )
    except ValueError as error:
        raise TeacherError("bad frame", f"the frame at {time:.2f} s is no readable JPEG ({error})") from error
    return picture


def _stretched(picture: npt.NDArray[np.uint8], height: int, width: int) -> npt.NDArray[np.uint8]:
    down = np.linspace(0, picture.shape[0] - 1, height).round().astype(np.intp)
    across = np.linspace(0, picture.shape[1] - 1, width).round().astype(np.intp)
    return picture[down][:, across]
