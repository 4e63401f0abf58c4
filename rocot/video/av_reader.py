"""The default reader: PyAV (FFmpeg), exact by time, one thread a call."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from rocot.core.motion import Packets
from rocot.errors import VideoError
from rocot.video.container import MAX_SECONDS, Opened, opened
from rocot.video.cursor import Cursor
from rocot.video.index import index_of
from rocot.video.packets import packets_of
from rocot.video.picture import jpeg_of, shown_size, square
from rocot.video.planned import Asked
from rocot.video.protocol import Facts, Look, Still, Taken
from rocot.video.stamps import latest, stamp_of
from rocot.video.taking import IN_PARTS, any_way, take
from rocot.video.taking import salvage as rescue


class AvReader:
    """MP4/MOV, Matroska/WebM, AVI, MPEG-TS/PS, FLV and ASF, whatever FFmpeg decodes in them.

    Second 0 is the first frame that is shown: edit lists, start times and negative time stamps are taken off. A
    time past the end gives the last frame. Asked times match frames within a microsecond. Rotation, mirroring and
    the shape of pixels are applied. What is damaged in the stretch that the asked times need spoils the whole call
    (`damaged`), rather than giving a frame that is wrong; a salvage gives what is right of it. MP4 and MOV are read by
    their sample tables (`planned`), everything else, and what the tables leave open, packet by packet (`cursor`).

    A deadline on decoding is not to be had within a process: a decoder that hangs or crashes takes its thread or
    the process with it. Waiting for the disk is bounded (container.PATIENCE).
    """

    name = "av"

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        """Decodes the first frame, and reads the packets after the last key frame that the file's index knows.

        So `duration` is the end of the last frame that is there, whatever the header says. A container without an
        index (MPEG-TS, MPEG-PS, FLV, ASF) is read through once, without decoding. A salvage gives a damaged file the
        duration and size that it claims, not turned.
        """
        try:
            return any_way(path, _facts)
        except VideoError as error:
            if not salvage or error.reason not in IN_PARTS:
                raise
            return _listed(path)

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        """For each asked time the frame that is on screen then. Raises VideoError; ValueError for unordered times."""
        if not all(map(isfinite, times)) or any(before > after for before, after in pairwise(times)):
            raise ValueError("times must be finite and ascend")
        asked = Asked(times, tolerance)

        scaler = VideoReformatter()

        def still(video: Opened, time: float, frame: VideoFrame) -> Still:
            return Still(time, *jpeg_of(frame, video.stream.sample_aspect_ratio, look, scaler))

        if not salvage:
            return Taken(tuple(take(path, asked, still)))
        found = rescue(path, asked, still)
        lost = tuple(time for time, still in zip(times, found, strict=True) if still is None)
        return Taken(tuple(still for still in found if still is not None), lost)

    def packets(self, path: Path, start: float, end: float) -> Packets:
        """See `packets_of`."""
        return packets_of(path, start, end)


def _facts(video: Opened, cursor: Cursor) -> Facts:
    _, frame = cursor.show(0.0)
    width, height = shown_size(frame, video.stream.sample_aspect_ratio)
    return Facts(_duration(video, cursor), width, height, video.fps, video.stream.codec_context.name)


def _listed(path: Path) -> Facts:
    """By the index alone. Raises VideoError where that is damaged as well."""
    times = index_of(path).times
    with opened(path) as video:
        codec = video.stream.codec_context
        step = float(times[-1] - times[-2]) if len(times) > 1 else 1 / (video.fps or 1)
        width, height = square(codec.width, codec.height, video.stream.sample_aspect_ratio)
        duration = _believed(float(times[-1]) + step, path.name)
        return Facts(duration, max(1, round(width)), max(1, round(height)), video.fps, codec.name)


def _duration(video: Opened, cursor: Cursor) -> float:
    """Seconds from the first frame to the end of the last one."""
    last, step = _last_shown(video, cursor)
    if not step and video.fps:
        step = round(1 / (video.fps * video.tick))
    return _believed(float((last - cursor.start + max(step, 1)) * video.tick), video.name)


def _believed(seconds: float, name: str) -> float:
    if not 0 < seconds <= MAX_SECONDS:
        raise VideoError("bad timestamps", f"{name}: it claims to last {seconds:.3g} s")
    return seconds


def _last_shown(video: Opened, cursor: Cursor) -> tuple[int, int]:
    """When the last frame appears and how long it stays (0 where nobody says), in ticks; from the packets alone."""
    index = video.stream.index_entries
    goal = index[-1].timestamp if video.seekable and len(index) else None
    latest_two = [(cursor.start, 0)]
    if goal is None and cursor.reached is not None:  # what was read already does not come again
        latest_two.append((cursor.reached, 0))
    if goal is not None:
        _seek(video, goal)
    reached, shown = _rest(video)
    if goal is not None and (reached is None or reached < goal):
        raise VideoError("damaged", f"{video.name}: the file ends before the last frame that its index lists")
    if goal is not None and not shown:  # an edit list ends the film ahead of the file's last group of pictures
        final = next((at for at in reversed(range(len(index))) if not index[at].is_discard), 0)
        _seek(video, index[final].timestamp)
        _, shown = _rest(video, index[final].timestamp)
    latest_two = sorted({*latest_two, *shown})[-2:]
    last, stays = latest_two[-1]
    return last, stays or last - latest_two[0][0]


def _seek(video: Opened, goal: int) -> None:
    index = video.stream.index_entries
    if (key := index.search_timestamp(goal)) >= 0:
        video.container.seek(index[key].timestamp, stream=video.stream)


def _rest(video: Opened, until: float = inf) -> tuple[int | None, list[tuple[int, int]]]:
    """The latest time of the packets that follow, until one is decoded later; when the last two shown appear, and stay.

    All in ticks.
    """
    reached: int | None = None
    latest_two: list[tuple[int, int]] = []
    for packet in video.packets():
        stamp = packet.dts if video.unstamped else stamp_of(packet)
        if stamp is None or packet.is_corrupt:
            continue
        if packet.dts is not None and packet.dts > until:
            break
        reached = latest(reached, packet)
        if not packet.is_discard:
            latest_two = sorted({*latest_two, (stamp, packet.duration or 0)})[-2:]
    return reached, latest_two
