"""Clips like those of surveillance cameras, synthesised for the benchmark of frames and kept in a folder.

A still scene with the noise of a sensor, things that cross it, and the frame's number in the corner. A clip of 10 or 60
minutes is one of a minute copied end to end, packet by packet: it decodes like any other, and is made in seconds.
"""

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

Luma: TypeAlias = npt.NDArray[np.uint8]

FPS = 25
MINUTE = 60 * FPS
TICK = Fraction(1, 1000)

STYLES = {
    "GOP 12": "keyint=12:min-keyint=12:scenecut=0:bframes=2",
    "GOP 250": "keyint=250:min-keyint=250:scenecut=0:bframes=3",
    "open GOP 60": "open-gop=1:keyint=60:min-keyint=60:scenecut=0:bframes=3:b-pyramid=normal",
    "VFR": "keyint=120:min-keyint=120:scenecut=0:bframes=3",
}
"""How x264 is told to lay out the pictures."""
QUALITY = {240: "19", 720: "27"}
"""Its constant rate factor by height: about 1.7 Mbit/s at 320x240, GOP 12, and 4.5 at 1280x720."""


@dataclass(frozen=True)
class Clip:
    """One clip of the benchmark."""

    width: int
    height: int
    minutes: int
    style: str

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"{self.width}x{self.height}, {self.minutes} min, {self.style}"

    def made(self, folder: Path) -> Path:
        """The file; synthesised if it is not there yet."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.width}x{self.height}-{self.minutes}-{self.style.replace(' ', '-')}.mp4"
        if not path.exists():
            draft = path.with_suffix(".draft.mp4")
            if self.minutes == 1:
                _encode(self, draft)
            else:
                _repeat(Clip(self.width, self.height, 1, self.style).made(folder), draft, self.minutes)
            draft.rename(path)
        return path


def clips(*, quick: bool) -> list[Clip]:
    """Those of the table, or a few."""
    if quick:
        return [Clip(320, 240, minutes, style) for minutes in (1, 10) for style in ("GOP 12", "GOP 250")]
    shapes = [(320, 240, 1), (320, 240, 10), (320, 240, 60), (1280, 720, 1)]
    return [Clip(*shape, style) for shape in shapes for style in STYLES]


def _encode(clip: Clip, path: Path) -> None:
    scene = _Scene(clip.width, clip.height)
    gaps = random.Random(1)
    stamp = 0
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        stream.options = {"preset": "medium", "crf": QUALITY[clip.height], "x264-params": STYLES[clip.style]}
        stream.codec_context.time_base = TICK
        for number in range(MINUTE):
            frame = VideoFrame.from_ndarray(scene.picture(number), format="yuv420p")
            frame.pts, frame.time_base = stamp, TICK
            stamp += gaps.choice([20, 33, 40, 67, 40]) if clip.style == "VFR" else 40
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _repeat(source: Path, path: Path, times: int) -> None:
    """The packets of the source again and again, each round after the one before it."""
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        packets = [(bytes(one), one.pts, one.dts, one.is_keyframe) for one in given.demux(video=0) if one.size]
        tick = given.streams.video[0].time_base
        assert tick is not None
        stamps = sorted(pts for _, pts, _, _ in packets if pts is not None)
        length = stamps[-1] - stamps[0] + round(Fraction(1, FPS) / tick)
        for number in range(times):
            for data, pts, dts, key in packets:
                assert pts is not None
                assert dts is not None
                packet = Packet(data)
                packet.pts, packet.dts, packet.time_base = pts + number * length, dts + number * length, tick
                packet.is_keyframe = key
                packet.stream = stream
                output.mux(packet)


class _Scene:
    """A yard seen by a camera: what stands still, what crosses it, and the noise of the sensor."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        random = np.random.default_rng(5)
        coarse = random.integers(60, 190, (height // 16 + 1, width // 16 + 1), dtype=np.uint8)
        still = np.kron(coarse, np.ones((16, 16), np.uint8))[:height, :width].astype(np.int16)
        self._still = still + random.integers(-12, 13, (height, width), dtype=np.int16)
        self._random = random
        self._noise = random.normal(0, 4, (height + 64, width + 64)).astype(np.int16)
        self._chroma = np.kron(
            random.integers(110, 146, (height // 16 + 1, width // 16 + 1), dtype=np.uint8), np.ones((16, 16), np.uint8)
        )[: height // 2, :width]

    def picture(self, number: int) -> Luma:
        down, right = self._random.integers(0, 64, 2)
        luma = self._still + self._noise[down : down + self._height, right : right + self._width]
        unit = self._height // 12
        for thing in range(4):
            period = 300 + 130 * thing
            at = (number + 97 * thing) % period
            left = int(at / period * (self._width + 4 * unit)) - 2 * unit
            top = unit * (2 + 2 * thing) + int(unit / 3 * np.sin(number / 7 + thing))
            luma[max(0, top) : top + 2 * unit, max(0, left) : max(0, left + unit)] = 30 + 55 * thing
        for bit in range(12):
            side = self._width // 24
            luma[:side, bit * side : (bit + 1) * side - 2] = 235 if number >> bit & 1 else 16
        planes = np.clip(luma, 16, 235).astype(np.uint8)
        return np.vstack([planes, self._chroma])
