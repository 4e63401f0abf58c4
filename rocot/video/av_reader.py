"""The default reader: PyAV (FFmpeg), exact by time, one thread a call."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from math import isfinite
from pathlib import Path

from rocot.errors import VideoError
from rocot.video.container import MAX_SECONDS, Opened, opened
from rocot.video.cursor import WAYS, Astray, Cursor, Way, latest, stamp_of
from rocot.video.picture import jpeg_of, shown_size
from rocot.video.protocol import Facts, Look, Still


class AvReader:
    """MP4/MOV, Matroska/WebM, AVI, MPEG-TS/PS, FLV and ASF, whatever FFmpeg decodes in them.

    Second 0 is the first frame that is shown: edit lists, start times and negative time stamps are taken off. A
    time past the end gives the last frame. Asked times match frames within a microsecond. Rotation, mirroring and
    the shape of pixels are applied. What is damaged in the stretch that the asked times need spoils the whole call
    (`damaged`), rather than giving a frame that is wrong.

    A deadline on decoding is not to be had within a process: a decoder that hangs or crashes takes its thread or
    the process with it. Waiting for the disk is bounded (container.PATIENCE).
    """

    name = "av"

    def probe(self, path: Path) -> Facts:
        """Decodes the first frame, and reads the packets after the last key frame that the file's index knows.

        So `duration` is the end of the last frame that is there, whatever the header says. A container without an
        index (MPEG-TS, MPEG-PS, FLV, ASF) is read through once, without decoding.
        """
        with opened(path) as video:
            cursor = Cursor(video)
            _, frame = cursor.show(0.0)
            width, height = shown_size(frame, video.stream.sample_aspect_ratio)
            codec = video.stream.codec_context.name
            return Facts(_duration(video, cursor.start), width, height, video.fps, codec)

    def read(self, path: Path, times: Sequence[float], look: Look) -> tuple[Still, ...]:
        """For each asked time the frame that is on screen then. Raises VideoError; ValueError for unordered times."""
        if not all(map(isfinite, times)) or any(before > after for before, after in pairwise(times)):
            raise ValueError("times must be finite and ascend")
        for way in WAYS[:-1]:
            with suppress(Astray):
                return _stills(path, times, look, way)
        return _stills(path, times, look, WAYS[-1])


def _stills(path: Path, times: Sequence[float], look: Look, way: Way) -> tuple[Still, ...]:
    stills: list[Still] = []
    with opened(path, strict=way.strict) as video:
        aspect = video.stream.sample_aspect_ratio
        cursor = Cursor(video, way)
        for asked in times:
            time, frame = cursor.show(asked)
            if stills and stills[-1].time == time:
                stills.append(stills[-1])
            else:
                stills.append(Still(time, *jpeg_of(frame, aspect, look)))
    return tuple(stills)


def _duration(video: Opened, start: int) -> float:
    """Seconds from the first frame to the end of the last one."""
    last, step = _last_shown(video)
    if not step and video.fps:
        step = round(1 / (video.fps * video.tick))
    seconds = float((max(last, start) + max(step, 1) - start) * video.tick)
    if seconds > MAX_SECONDS:
        raise VideoError("bad timestamps", f"{video.name}: it claims to last {seconds:.3g} s")
    return seconds


def _last_shown(video: Opened) -> tuple[int, int]:
    """When the last frame appears and how long it stays (0 where nobody says), in ticks; from the packets alone."""
    index = video.stream.index_entries
    goal = index[-1].timestamp if video.seekable and len(index) else None
    if goal is not None and (key := index.search_timestamp(goal)) >= 0:
        video.container.seek(index[key].timestamp, stream=video.stream)
    reached: int | None = None
    latest_two: list[tuple[int, int]] = []
    for packet in video.container.demux(video.stream):
        stamp = packet.dts if video.unstamped else stamp_of(packet)
        if stamp is None or packet.is_corrupt:
            continue
        reached = latest(reached, packet)
        if not packet.is_discard:
            latest_two = sorted([*latest_two, (stamp, packet.duration or 0)])[-2:]
    if goal is not None and (reached is None or reached < goal):
        raise VideoError("damaged", f"{video.name}: the file ends before the last frame that its index lists")
    if not latest_two:
        return video.stream.start_time or 0, 0
    last, stays = latest_two[-1]
    return last, stays or last - latest_two[0][0]
