"""Opening a file that may be hostile: what is let in, within which bounds, and what its faults are called."""

import errno
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.error import ExitError, FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from rocot.errors import VideoError
from rocot.video.mark import check_plain

VideoPacket: TypeAlias = "Packet[VideoStream]"

CONTAINERS = ("mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "asf")
"""FFmpeg's demuxers that open. No playlists, concatenations, subtitles or images: those read other files."""
MAX_PIXELS = 8192 * 4352
"""A frame of 8K DCI, its height rounded up to whole blocks."""
MAX_SECONDS = 100 * 3600
"""The longest video; a header or time stamp that says more is not believed."""
PATIENCE = 60.0
"""Seconds that opening, and one read, may wait for the disk."""
_OPEN = av.open if int(av.__version__.partition(".")[0]) >= 19 else partial(av.open, metadata_errors="replace")
"""PyAV 18, the last for Python 3.11, raises on metadata that is no UTF-8 unless it is told otherwise; 19 never does."""

_CHUNK_HEAD = 8
"""Bytes of an AVI's chunk ahead of its data; the index points to the head."""
_OF_THE_SYSTEM = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENODEV)
"""Errors that a disk or a permission causes. FFmpeg gives others (EIO, ENOSYS) for what is wrong within a file."""

_SIGNATURES = (
    (4, b"ftyp"),
    (4, b"moov"),
    (0, b"\x1a\x45\xdf\xa3"),
    (8, b"AVI "),
    (0, b"FLV"),
    (0, b"\x30\x26\xb2\x75"),
)


@dataclass(frozen=True)
class Opened:
    """An open container and the video stream in it."""

    container: InputContainer
    stream: VideoStream
    name: str
    """Of the file, for messages."""

    @property
    def tick(self) -> Fraction:
        """Seconds of one unit of the stream's time stamps."""
        assert self.stream.time_base is not None
        return self.stream.time_base

    def relax(self) -> None:
        """Makes the decoder go on after an error, and mark the frame; only before anything is decoded."""
        self.stream.codec_context.options = _decoding(strict=False)

    @property
    def seekable(self) -> bool:
        """Whether its demuxer's own index says where key frames lie; the others only guess."""
        return bool({"mov", "matroska", "avi"} & set(self.container.format.name.split(",")))

    @property
    def unstamped(self) -> bool:
        """Whether frames carry no time of their own: AVI stores the order of decoding only, and MPEG-PS few times."""
        name = self.container.format.name
        return name == "mpeg" or (name == "avi" and bool(self.stream.codec_context.has_b_frames))

    @property
    def paletted(self) -> bool:
        """Whether pictures are numbers of colours, which come with the first packet alone, or change on the way."""
        return self.stream.codec_context.pix_fmt == "pal8"

    def packets(self) -> Iterator[VideoPacket]:
        """The stream's packets from where the container stands.

        Raises VideoError where an AVI's packets do not lie where its index says: FFmpeg goes on behind a hole in the
        file, counts frames as if there were none, and gives all that follow a time too early.
        """
        counted = self.container.format.name == "avi"
        try:
            for packet in self.container.demux(self.stream):
                if counted and not self._lies_where_listed(packet):
                    raise VideoError("damaged", f"{self.name}: a frame does not lie where the index says")
                yield packet
        except IndexError:  # PyAV 18 at the end of a file in which another stream turned up on the way
            return

    def _lies_where_listed(self, packet: VideoPacket) -> bool:
        index = self.stream.index_entries
        place = -1 if packet.dts is None else index.search_timestamp(packet.dts, any_frame=True)
        if place < 0 or packet.pos is None or index[place].timestamp != packet.dts:
            return True
        return packet.pos - index[place].pos == _CHUNK_HEAD

    @property
    def fps(self) -> float:
        """Average frames a second; 0 where the file does not say, or says nonsense."""
        rate = float(self.stream.average_rate or 0)
        return rate if math.isfinite(rate) and 0 < rate <= 1000 else 0.0


@contextmanager
def opened(path: Path, *, strict: bool = True) -> Iterator[Opened]:
    """The file as a video; FFmpeg's errors become VideoError, in here and in the body of the `with`.

    A decoder that is not strict goes on after an error, and marks the frame.
    Reasons: `unreadable`, `not a video`, `no frames` (no video stream), `too large`, `damaged`, `no decoder`.
    """
    check_plain(path)
    try:
        container = _open(path)
    except FFmpegError as error:
        raise _unopened(path, error) from error
    with container:
        try:
            stream = _video_stream(container, path.name, strict=strict)
            video = Opened(container, stream, path.name)
            # Matroska's index lies at the end, and is read by the first seek; an AVI's reader, if it met damage while
            # it looked for the codec, starts behind it.
            listed = container.format.name == "avi" and len(stream.index_entries)
            if "matroska" in container.format.name or (listed and not video.paletted):
                container.seek(stream.start_time or 0, stream=stream)
            yield video
        except FFmpegError as error:
            raise _spoilt(path, error) from error


def _open(path: Path) -> InputContainer:
    container = _OPEN(
        f"file:{path}",
        "r",
        options={"max_pixels": str(MAX_PIXELS), "threads": "1"},
        container_options={"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"},
        timeout=(PATIENCE, PATIENCE),
    )
    assert isinstance(container, InputContainer)
    return container


def _video_stream(container: InputContainer, name: str, *, strict: bool) -> VideoStream:
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
    if not streams:
        raise VideoError("no frames", f"{name}: the file holds no video stream")
    stream = streams[0]
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    codec = stream.codec_context
    if codec is None:
        raise VideoError("no decoder", f"{name}: this build of FFmpeg has no decoder for it")
    if not stream.time_base or not codec.width or not codec.height:
        raise VideoError("damaged", f"{name}: its header gives no picture size, or one of over {MAX_PIXELS:,} pixels")
    if codec.width * codec.height > MAX_PIXELS:
        raise VideoError("too large", f"{name}: {codec.width}x{codec.height} pixels, over the limit of {MAX_PIXELS:,}")
    codec.thread_count = 1  # many videos run side by side; threads within one cost more CPU for the same work
    codec.thread_type = "NONE"
    codec.options = _decoding(strict=strict)
    return stream


def _decoding(*, strict: bool) -> dict[str, str]:
    # Without "explode" FFmpeg paints over what is missing: 13 of 32 frames were silently wrong on flipped bits.
    return {"err_detect": "explode" if strict else "0", "max_pixels": str(MAX_PIXELS)}


def _unopened(path: Path, error: FFmpegError) -> VideoError:
    if isinstance(error, MemoryError | ExitError) or (isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM):
        return _spoilt(path, error)
    with path.open("rb") as file:
        head = file.read(16)
    if any(head[at:].startswith(mark) for at, mark in _SIGNATURES):
        return VideoError("damaged", f"{path.name}: starts like a video, but cannot be opened ({_said(error)})")
    return VideoError("not a video", f"{path.name}: no video container that rocot opens ({', '.join(CONTAINERS)})")


def _spoilt(path: Path, error: FFmpegError) -> VideoError:
    if isinstance(error, ExitError):
        return VideoError("unreadable", f"{path.name}: no data for {PATIENCE:g} s", passing=True)
    if isinstance(error, MemoryError):
        return VideoError("too large", f"{path.name}: its frames do not fit in memory")
    if isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM:
        return VideoError("unreadable", f"{path.name}: {_said(error)}")
    return VideoError("damaged", f"{path.name}: {_said(error)}")


def _said(error: FFmpegError) -> str:
    return str(error.strerror)
