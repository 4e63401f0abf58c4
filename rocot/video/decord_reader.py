"""The reader for pipelines that must see what decord 0.6.0 sees. Only within a process that may be killed.

decord hangs on some files (MPEG-TS, some edit lists) and gives wrong frames of others (docs/frames.md lists them);
that is why rocot decodes with it in `Isolated` alone, and by default not at all.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Protocol

import av
import decord
import numpy as np
import numpy.typing as npt
from decord._ffi.base import DECORDError, DECORDLimitReachedError

from rocot.core.motion import Packets
from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.container import MAX_SECONDS
from rocot.video.picture import jpeg_of
from rocot.video.protocol import Facts, Look, Still, Taken

NUDGE = 1e-6
"""Seconds by which an asked time may miss a frame's from below."""
NO_REPAIRS = 1e-9
"""As decord's `fault_tol`: the share of frames that it may replace by copies of others, which is to say none."""


class _Array(Protocol):
    def asnumpy(self) -> npt.NDArray[np.uint8]: ...


class _Video(Protocol):
    """As much of decord.VideoReader as is used; decord has no types."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> _Array: ...
    def get_frame_timestamp(self, indices: Sequence[int]) -> npt.NDArray[np.float32]: ...


class DecordReader:
    """Frames by decord's own time stamps, counted from its first frame; never by index and rate.

    A file comes to decord only once the default reader has looked at it: decord knows no white list, would follow a
    playlist, and takes a file that ends early for a shorter one. It has no salvage: what is damaged spoils the call.
    A tolerance changes nothing.
    """

    name = "decord"

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        """The default reader's facts of a file that decord opens and can tell the times of."""
        facts = AvReader().probe(path)
        with _opened(path) as video:
            _starts(video, path.name)
        return facts

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        """For each asked time the frame that is on screen then. Raises VideoError; ValueError for unordered times."""
        if not all(map(isfinite, times)) or any(before > after for before, after in pairwise(times)):
            raise ValueError("times must be finite and ascend")
        facts = AvReader().probe(path)
        with _opened(path) as video:
            starts = _starts(video, path.name)
            indices = [max(0, bisect_right(starts, time + NUDGE) - 1) for time in times]
            stills = {index: _still(starts[index], video[index], facts, look) for index in dict.fromkeys(indices)}
        return Taken(tuple(stills[index] for index in indices))

    def packets(self, path: Path, start: float, end: float) -> Packets:
        """The default reader's: decord does not say how many bytes a frame took."""
        return AvReader().packets(path, start, end)


@contextmanager
def _opened(path: Path) -> Iterator[_Video]:
    # By its descriptor, as decord takes a name for UTF-8, and for an address.
    file = os.open(path, os.O_RDONLY)
    try:
        yield decord.VideoReader(f"/proc/self/fd/{file}", decord.cpu(0), num_threads=1, fault_tol=NO_REPAIRS)
    except (DECORDError, DECORDLimitReachedError, RuntimeError, AssertionError, StopIteration) as error:
        raise VideoError("damaged", f"{path.name}: decord cannot read it ({_said(error)})") from error
    finally:
        os.close(file)


def _starts(video: _Video, name: str) -> list[float]:
    """When each frame appears, seconds from the first."""
    stamps = video.get_frame_timestamp(range(len(video)))[:, 0].astype(float)
    if not np.isfinite(stamps).all() or (np.diff(stamps) <= 0).any() or stamps[-1] - stamps[0] > MAX_SECONDS:
        raise VideoError("bad timestamps", f"{name}: decord gives its frames times that do not ascend")
    return [round(float(stamp), 6) for stamp in stamps - stamps[0]]


def _still(time: float, taken: _Array, facts: Facts, look: Look) -> Still:
    """decord turns a picture upright, and leaves its pixels as they are: `facts` say what shape it is shown in."""
    rgb = np.ascontiguousarray(taken.asnumpy())
    height, width, _ = rgb.shape
    aspect = Fraction(facts.width * height, facts.height * width).limit_denominator(1000)
    return Still(time, *jpeg_of(av.VideoFrame.from_ndarray(rgb, format="rgb24"), aspect, look))


def _said(error: Exception) -> str:
    """The first line, without the time and the place in decord's source."""
    return re.sub(r"^(\[[^]]*\] )?\S+:\d+: *(\[[^]]*\] *)?", "", str(error).partition("\n")[0])[:160]
