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
from rocot.video.cursor import NUDGE
from rocot.video.h264 import is_idr
from rocot.video.plan import Plan, Span
from rocot.video.references import disposable_in
from rocot.video.sample_table import SampleTable

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
    if not plan.sound:
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
        for sample, packet in self._packets():
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
        elif frame.is_corrupt:
            self.sound_to = min(self.sound_to, sample)
        elif sample in self.span.targets:
            self.found[sample] = self.keep(int(self.table.presentation[sample]), frame)

    def _leads(self, stamp: int | None) -> bool:
        """Whether it is shown before the key frame: nothing that is wanted here leans on it."""
        return stamp is not None and stamp < self.table.presentation[self.span.key]

    def _packets(self) -> Iterator[tuple[int, VideoPacket]]:
        """What must be decoded; ends where the file does."""
        codec = self.video.stream.codec_context
        disposable = disposable_in(codec.name, codec.extradata)
        last, end = self.span.last + 1, os.fstat(self.file).st_size
        offsets, sizes, stamps, clocks = (
            column[self.span.key : last].tolist()
            for column in (self.table.offsets, self.table.sizes, self.table.presentation, self.table.decoding)
        )
        for place, sample in enumerate(range(self.span.key, last)):
            fits = 0 < sizes[place] <= end - offsets[place]  # a false table may claim gigabytes
            data = os.pread(self.file, sizes[place], offsets[place]) if fits else b""
            if not data or len(data) < sizes[place]:
                self.sound_to = min(self.sound_to, sample)
                return
            if place and sample not in self.span.targets and disposable(data):
                continue
            packet = cast("VideoPacket", Packet(len(data)))
            packet.update(data)  # into memory with zeros behind it, which decoders read; Packet(data) has none
            packet.pts, packet.dts, packet.time_base = stamps[place], clocks[place], self.video.tick
            packet.is_keyframe = bool(self.table.keys[sample])
            if not self._leads(stamps[place]):
                self.fed[stamps[place]] = sample
            yield sample, packet
