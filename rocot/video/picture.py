"""From a decoded frame to a JPEG: upright, with square pixels, in the colours that JPEG means, never enlarged."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import simplejpeg
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from rocot.video.protocol import Look

Plane = npt.NDArray[np.uint8]

_UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED."""
_MOST_STRETCH = 10
"""Pixels longer or taller than this are taken for a fault in the header, and for square."""


@dataclass(frozen=True)
class Pose:
    """How a coded picture is turned to be upright: transposed first, then mirrored."""

    transposed: bool = False
    flipped: bool = False
    """Upside down."""
    mirrored: bool = False
    """Left to right."""

    def turn(self, plane: Plane) -> Plane:
        """The plane, upright and contiguous."""
        turned = plane.T if self.transposed else plane
        turned = turned[::-1] if self.flipped else turned
        turned = turned[:, ::-1] if self.mirrored else turned
        return np.ascontiguousarray(turned)


def pose_of(frame: VideoFrame) -> Pose:
    """From the display matrix (a b u; c d v; x y w), where x' = ax + cy and y' = bx + dy; quarter turns and mirrors."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return Pose()
    a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(matrix), np.int32)[:5])
    if abs(b) > abs(a):
        return Pose(transposed=True, flipped=b < 0, mirrored=c < 0)
    return Pose(flipped=d < 0, mirrored=a < 0)


def square(width: int, height: int, aspect: Fraction | None) -> tuple[float, float]:
    """The size with square pixels, as coded (not turned); the axis that has too many pixels shrinks, none grows."""
    if aspect is None or not Fraction(1, _MOST_STRETCH) <= aspect <= _MOST_STRETCH:
        return float(width), float(height)
    return width * min(1.0, float(aspect)), height * min(1.0, float(1 / aspect))


def shown_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in pixels, upright, with square pixels."""
    width, height = square(frame.width, frame.height, aspect)
    width, height = (height, width) if pose_of(frame).transposed else (width, height)
    return max(1, round(width)), max(1, round(height))


def jpeg_of(
    frame: VideoFrame, aspect: Fraction | None, look: Look, scaler: VideoReformatter | None = None
) -> tuple[bytes, int, int]:
    """The JPEG, its width and its height; `aspect` is width over height of one pixel.

    A scaler that is kept over the frames of a video saves its setting up, 0.3 ms each. YUV goes to the encoder as YUV,
    which costs about a fifth of the way over RGB. Both sides are even, as its chroma planes are half as wide and high.
    """
    pose = pose_of(frame)
    width, height = square(frame.width, frame.height, aspect)
    scale = min(1.0, look.height / (width if pose.transposed else height))
    planes = _planes(frame, _even(width * scale), _even(height * scale), scaler or VideoReformatter())
    luma, blue, red = (pose.turn(plane) for plane in planes)
    return simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, look.quality), luma.shape[1], luma.shape[0]


def _planes(frame: VideoFrame, width: int, height: int, scaler: VideoReformatter) -> list[Plane]:
    """Y, Cb and Cr as JFIF defines them: BT.601, full range, 4:2:0."""
    turned = scaler.reformat(
        frame,
        width,
        height,
        "yuv420p",
        src_colorspace=_space_of(frame),
        dst_colorspace=Colorspace.ITU601,
        src_color_range=_range_of(frame),
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        threads=1,
    )
    return [_array(plane) for plane in turned.planes]


def _array(plane: VideoPlane) -> Plane:
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _space_of(frame: VideoFrame) -> Colorspace | None:
    """The matrix; where the file does not say, that of its resolution, as players do."""
    if frame.colorspace != _UNSPECIFIED or not _is_yuv(frame):
        return None
    return Colorspace.ITU709 if frame.height > 576 or frame.width >= 1280 else Colorspace.ITU601


def _range_of(frame: VideoFrame) -> ColorRange | None:
    """The range; where the file does not say, limited, but for the old `yuvj` formats."""
    if frame.color_range != ColorRange.UNSPECIFIED or not _is_yuv(frame):
        return None
    return ColorRange.JPEG if frame.format.name.startswith("yuvj") else ColorRange.MPEG


def _is_yuv(frame: VideoFrame) -> bool:
    return not frame.format.is_rgb and len(frame.format.components) >= 3


def _even(size: float) -> int:
    return max(2, int(size + 1e-6) // 2 * 2)
