"""Films whose pictures spell their frame number, so that a test reads the time off the picture."""

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import simplejpeg
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

Luma = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 128, 96
BITS = 10
FPS = 25
GOP = {"g": "25", "bf": "2", "sc_threshold": "0"}


@dataclass(frozen=True)
class Film:
    """A file and what a right reader sees in it."""

    path: Path
    times: tuple[float, ...]
    """When each shown frame appears, seconds from the first."""
    first: int = 0
    """The number that the first shown frame spells."""
    width: int = WIDTH
    height: int = HEIGHT
    order: tuple[int, ...] = ()
    """The numbers that the shown frames spell, where they do not follow one another."""

    @property
    def duration(self) -> float:
        """The last frame stays as long as the one before it."""
        return self.times[-1] + (self.times[-1] - self.times[-2] if len(self.times) > 1 else 1 / FPS)

    def on_screen(self, time: float) -> int:
        """The number of the frame that is on screen then."""
        place = max(0, bisect_right(self.times, time + 1e-6) - 1)
        return self.order[place] if self.order else self.first + place

    def middles(self) -> list[float]:
        """Times halfway through each frame."""
        ends = [*self.times[1:], self.duration]
        return [(start + end) / 2 for start, end in zip(self.times, ends, strict=True)]


def drawn(number: int, width: int = WIDTH, height: int = HEIGHT) -> Luma:
    """Ten bits as white cells in two rows, a white mark at the top left, and a grey block that wanders below."""
    luma = np.full((height, width), 16, np.uint8)
    rows, columns = _grid(width, height)
    luma[: rows // 2, : rows // 2] = 235
    for bit in range(BITS):
        row, column = divmod(bit, 5)
        if number >> bit & 1:
            top = rows + row * 2 * rows
            luma[top : top + 3 * rows // 2, column * columns + 2 : (column + 1) * columns - 2] = 235
    left = number * 3 % (width - 8)
    luma[-8:, left : left + 8] = 128
    return luma


def spelt(jpeg: bytes) -> int:
    """The number in a still; -1 where its mark is not at the top left, so that it does not stand upright."""
    luma = simplejpeg.decode_jpeg(jpeg, "GRAY")[:, :, 0]
    rows, columns = _grid(luma.shape[1], luma.shape[0])
    if luma[1 : rows // 2 - 1, 1 : rows // 2 - 1].mean() < 120:
        return -1
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, 5)
        top = rows + row * 2 * rows
        cell = luma[top + 3 : top + 3 * rows // 2 - 3, column * columns + 5 : (column + 1) * columns - 5]
        number |= int(cell.mean() > 120) << bit
    return number


def _grid(width: int, height: int) -> tuple[int, int]:
    return height // 6, width // 5


def frame_of(luma: Luma) -> VideoFrame:
    """The grey picture as yuv420p."""
    height, width = luma.shape
    grey = np.full((height // 2, width), 128, np.uint8)  # both chroma planes, side by side in memory
    return VideoFrame.from_ndarray(np.vstack([luma, grey]), format="yuv420p")


def film(  # noqa: PLR0913 - each is one way in which films differ
    path: Path,
    *,
    codec: str = "libx264",
    options: Mapping[str, str] = GOP,
    stamps: Sequence[int] | None = None,
    count: int = 75,
    tick: Fraction = Fraction(1, FPS),
    turn: Callable[[Luma], Luma] = lambda luma: luma,
    prepare: Callable[[VideoStream], None] = lambda _: None,
    muxing: Mapping[str, str] | None = None,
    sound: bool = False,
) -> Film:
    """Writes a film; `stamps` are the frames' times in ticks, `turn` how the pictures are coded, `prepare` the rest."""
    stamps = range(count) if stamps is None else stamps
    with av.open(str(path), "w", options=dict(muxing or {})) as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        coded = turn(drawn(0))
        stream.height, stream.width = coded.shape
        stream.pix_fmt = "yuv420p"
        stream.options = dict(options)
        stream.codec_context.time_base = tick
        stream.codec_context.thread_count = 1
        prepare(stream)
        audio = _silence(output) if sound else None
        for number, stamp in enumerate(stamps):
            frame = frame_of(turn(drawn(number)))
            frame.pts, frame.time_base = stamp, tick
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            output.mux(audio.encode(None))
    return Film(path, tuple(float((stamp - stamps[0]) * tick) for stamp in stamps))


def _silence(output: OutputContainer) -> AudioStream:
    stream = output.add_stream("aac", rate=48000)
    assert isinstance(stream, AudioStream)
    for number in range(60):
        frame = AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48000, number * 1024
        output.mux(stream.encode(frame))
    return stream


def copied(source: Film, path: Path, *, shift: int = 0, muxing: Mapping[str, str] | None = None) -> None:
    """A stream copy with all times moved by so many ticks of the source's stream (what `-c copy` does)."""
    with av.open(str(source.path)) as given, av.open(str(path), "w", options=dict(muxing or {})) as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is None or packet.pts is None:
                continue
            packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
            packet.stream = stream
            output.mux(packet)


def cut_from(source: Film, path: Path, frames: int, ticks: int) -> Film:
    """Without its first frames, by an edit list: they stay in the file, and are not shown."""
    copied(source, path, shift=-frames * ticks, muxing={"avoid_negative_ts": "disabled"})
    start = source.times[frames]
    return Film(path, tuple(time - start for time in source.times[frames:]), first=frames)


def edited(whole: Film, path: Path, edits: list[tuple[int, int, int]]) -> None:
    """The film with another edit list: length in milliseconds, start in ticks, speed in 16.16 bits."""
    copied(whole, path)
    data = path.read_bytes()
    box = data.index(b"edts") - 4
    size = int.from_bytes(data[box : box + 4], "big")
    clock = data.index(b"mvhd") + 16
    second = int.from_bytes(data[clock : clock + 4], "big")
    entries = b"".join(struct.pack(">IiI", length * second // 1000, start, speed) for length, start, speed in edits)
    elst = struct.pack(">I4sII", 16 + len(entries), b"elst", 0, len(edits)) + entries
    new = struct.pack(">I4s", 8 + len(elst), b"edts") + elst
    grown = bytearray(data[:box] + new + data[box + size :])
    for kind in (b"moov", b"trak"):
        at = grown.index(kind) - 4
        grown[at : at + 4] = (int.from_bytes(grown[at : at + 4], "big") + len(new) - size).to_bytes(4, "big")
    path.write_bytes(grown)


def coloured(path: Path, colour: tuple[int, int, int], space: str, *, full: bool) -> None:
    """Two frames of one colour, coded and tagged as told."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "4"}
        stream.codec_context.colorspace = 1 if space == "itu709" else 6
        stream.codec_context.color_range = 2 if full else 1
        plain = VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), colour, np.uint8), format="rgb24")
        coded = plain.reformat(format="yuv420p", dst_colorspace=space, dst_color_range="JPEG" if full else "MPEG")
        for number in range(2):
            coded.pts, coded.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(coded))
        output.mux(stream.encode(None))
