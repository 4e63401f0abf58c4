"""What there is to know of a file before it is used: its facts, its index, and what is odd about it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.container import Opened, opened
from rocot.video.index import Index, index_of, table_of
from rocot.video.picture import pose_of
from rocot.video.protocol import Facts, Survey

UNEVEN = 1.5
"""Frames of which one stays on screen so many times longer than another are at a variable rate."""
FAR_APART = 10.0
"""Seconds between key frames from which on exact frames are dear."""
TURNS = {
    (False, False, False): "",
    (True, False, True): "turned right",
    (False, True, True): "upside down",
    (True, True, False): "turned left",
}
"""How a picture is shown that is transposed, flipped, mirrored, by what it is coded as."""


def survey(path: Path) -> Survey:
    """Opens the file, decodes its first frame; reads the packets of all that is no MP4. Raises VideoError."""
    facts = AvReader().probe(path)
    index = index_of(path)
    with opened(path) as video:
        kind = "tables" if table_of(video, path) is not None else "index" if video.seekable else "none"
        frame = next(video.container.decode(video.stream), None)
        if frame is None:
            raise VideoError("no frames", f"{path.name}: no frame of it can be decoded")
        remarks = (*_picture(video, frame), *_times(index, facts), *_streams(video))
    starts = np.flatnonzero(index.keys)
    gaps = np.diff([*starts, len(index.times)])
    group = (int(np.median(gaps)), int(gaps.max())) if len(starts) else (0, 0)
    return Survey(facts, len(index.times), len(starts), group, kind, remarks)


def _picture(video: Opened, frame: VideoFrame) -> list[str]:
    """How the picture differs from one that is coded as it is shown."""
    pose, aspect = pose_of(frame), video.stream.sample_aspect_ratio
    turn = TURNS.get((pose.transposed, pose.flipped, pose.mirrored), "mirrored")
    found = [turn] if turn else []
    if aspect is not None and aspect > 0 and aspect != 1:
        found.append(f"pixels {aspect.numerator}:{aspect.denominator}")
    if frame.interlaced_frame:
        found.append("interlaced")
    if "420" not in frame.format.name or frame.format.components[0].bits > 8:
        found.append(frame.format.name)
    return found


def _times(index: Index, facts: Facts) -> list[str]:
    """What is unusual in when frames appear, and where decoding may start."""
    found = []
    gaps = np.diff(index.times)
    if len(gaps) and gaps.min() * UNEVEN < gaps.max():
        found.append(f"variable rate, a frame stays {gaps.min() * 1000:.0f} to {gaps.max() * 1000:.0f} ms")
    if not facts.fps:
        found.append("no frame rate")
    starts = index.times[index.keys]
    if not index.keys[0]:
        found.append("begins between key frames")
    if len(starts) == 1 and facts.duration > FAR_APART:
        found.append("one key frame only")
    elif (widest := max((after - before for before, after in pairwise(starts)), default=0.0)) > FAR_APART:
        found.append(f"{widest:.0f} s without a key frame")
    return found


def _streams(video: Opened) -> list[str]:
    streams = len(video.container.streams.video)
    return [f"{streams} video streams, the first is used"] if streams > 1 else []
