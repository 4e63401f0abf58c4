"""Frames by a plan: the samples that it names are read from the file and decoded, and nothing else."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Generic, TypeVar, cast

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame

from rocot.video.container import MAX_SECONDS, Opened, VideoPacket
from rocot.video.h264 import is_idr
from rocot.video.plan import Plan, Span
from rocot.video.references import begins_alone, disposable_in
from rocot.video.sample_table import SampleTable
from rocot.video.stamps import NUDGE

T = TypeVar("T")

_HEAD = 4096
"""Bytes of a key frame that are looked at; parameter sets and remarks before its first slice take hundreds."""


@dataclass(frozen=True)
class Asked:
    """Times in seconds, ascending, and how far (seconds) a frame may be from its time."""

    times: Sequence[float]
    tolerance: float = 0.0


def planned(
    video: Opened, path: Path, table: SampleTable, asked: Asked, keep: Callable[[float, VideoFrame], T]
) -> list[T | None] | None:
    """What `keep` makes of the frame (with the second at which it appears) for each asked time.

    None stands where a frame is not provably right: its data or that of a picture that it leans on is missing or
    damaged, or the decoder did not give one frame for each picture. None for all where the tables do not say which
    pictures stand on what. Raises FFmpegError, OSError.
    """
    plan = Plan(table)
    if not plan.sound or video.paletted:
        return None
    start = int(plan.stamps[0])
    if (int(plan.stamps[-1]) - start) * video.tick > MAX_SECONDS:
        return None
    ticks = [start + floor((Fraction(max(0.0, time)) + NUDGE) / video.tick) for time in asked.times]
    samples = plan.choose(ticks, floor((Fraction(asked.tolerance) + NUDGE) / video.tick) if asked.tolerance else 0)
    spans = list(plan.spans(samples))
    found: dict[int, T] = {}
    with path.open("rb", buffering=0) as file:
        if any(_opens_group(video, file.fileno(), table, span.key) for span in spans):
            video.relax()
        for span in spans:
            run = _Run(video, file.fileno(), table, span, lambda s, f: keep(float((s - start) * video.tick), f))
            found.update(run.decoded())
    return [found.get(sample) for sample in samples]


def _opens_group(video: Opened, file: int, table: SampleTable, key: int) -> bool:
    """Whether an H.264 key frame begins an open group; see `cursor.WAYS` for what a strict decoder makes of those."""
    codec = video.stream.codec_context
    if codec.name != "h264":
        return False
    head = os.pread(file, min(_HEAD, int(table.sizes[key])), int(table.offsets[key]))
    return not is_idr(head, codec.extradata)


@dataclass
class _Run(Generic[T]):
    """One span on its way through the decoder."""

    video: Opened
    file: int
    table: SampleTable
    span: Span
    keep: Callable[[int, VideoFrame], T]
    fed: dict[int, int] = field(default_factory=dict)
    """Samples whose frame has not come out, by the tick at which it appears."""
    found: dict[int, T] = field(default_factory=dict)
    sound_to: int = 0
    """The first sample that is not right; nothing that is decoded after it is."""

    def decoded(self) -> dict[int, T]:
        """What was kept of the targets, those that are provably right."""
        self.sound_to = self.span.last + 1
        codec = self.video.stream.codec_context
        codec.flush_buffers()
        for sample, packet in needed(self.video, self.file, self.table, self.span):
            if packet is None:
                self.sound_to = min(self.sound_to, sample)
                break
            if not self._leads(packet.pts):
                self.fed[int(self.table.presentation[sample])] = sample
            if not self._pass(packet, sample):
                break
        self._pass(None, self.sound_to)
        self.sound_to = min([self.sound_to, *self.fed.values()])
        return {sample: kept for sample, kept in self.found.items() if sample < self.sound_to}

    def _pass(self, packet: "VideoPacket | None", sample: int) -> bool:
        """Whether the decoder took it; None drains it."""
        try:
            frames = self.video.stream.codec_context.decode(packet)
        except FFmpegError:
            if packet is not None and self._leads(packet.pts):
                return True
            self.sound_to = min(self.sound_to, sample)
            return False
        for frame in frames:
            self._take(frame)
        return True

    def _take(self, frame: VideoFrame) -> None:
        if self._leads(frame.pts):
            return
        sample = self.fed.pop(frame.pts, None) if frame.pts is not None else None
        if sample is None:
            self.sound_to = self.span.key
        elif frame.is_corrupt or (sample == self.span.key and not self._alone(frame)):
            self.sound_to = min(self.sound_to, sample)
        elif sample in self.span.targets:
            self.found[sample] = self.keep(int(self.table.presentation[sample]), frame)

    def _alone(self, frame: VideoFrame) -> bool:
        return begins_alone(self.video.stream.codec_context.name, frame, first=self.span.key == 0)

    def _leads(self, stamp: int | None) -> bool:
        """Whether it is shown before the key frame: nothing that is wanted here leans on it."""
        return stamp is not None and stamp < self.table.presentation[self.span.key]


def needed(video: Opened, file: int, table: SampleTable, span: Span) -> "Iterator[tuple[int, VideoPacket | None]]":
    """The samples of a span that must be decoded, with their data; None where the file ends, and nothing after it."""
    codec = video.stream.codec_context
    disposable = disposable_in(codec.name, codec.extradata)
    end = os.fstat(file).st_size
    part = slice(span.key, span.last + 1)
    columns = (table.offsets, table.sizes, table.presentation, table.decoding, table.keys)
    rows = zip(*(column[part].tolist() for column in columns), strict=True)
    for sample, (offset, size, stamp, clock, key) in enumerate(rows, span.key):
        data = os.pread(file, size, offset) if offset + size <= end else b""  # a false table may claim gigabytes
        if not data or len(data) < size:
            yield sample, None
            return
        if sample != span.key and sample not in span.targets and disposable(data):
            continue
        packet = cast("VideoPacket", Packet(size))
        packet.update(data)  # into memory with zeros behind it, which decoders read; Packet(data) has none
        packet.pts, packet.dts, packet.time_base, packet.is_keyframe = stamp, clock, video.tick, key
        yield sample, packet
