"""From a script to an MP4 file: frames drawn one by one, encoded with x264, written whole or not at all."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from rocot.sources.scenes.camera import Camera
from rocot.sources.scenes.lens import HEIGHT, WIDTH
from rocot.sources.scenes.painter import Painter
from rocot.sources.scenes.script import Script

GOP = 50
"""Frames from one keyframe to the next, at most."""


X264 = {"preset": "veryfast", "g": str(GOP), "threads": "1", "x264-params": "mbtree=0"}
"""With macroblock trees, x264 gives other bytes from run to run on processors with AVX-512 (found in x264 165: 14 runs
over differently filled memory gave 13 results; with asm=AVX2, or without the trees, one)."""


def shoot(script: Script, path: Path) -> None:
    """Render a script into an MP4 file at `path`; until it is complete it has another name in the same folder."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _encode(script, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _encode(script: Script, path: Path) -> None:
    painter, camera = Painter(script), Camera(script)
    reformatter = VideoReformatter()  # one for all frames: a frame's own builds its tables anew, at 1 ms
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(script.rate))
        if not isinstance(stream, VideoStream):
            raise TypeError("libx264 gave no video stream")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {**X264, "crf": str(script.weather.crf)}
        for number in range(script.frames):
            picture = camera.crop(painter.frame(number / script.rate), number)
            rgb = av.VideoFrame.from_ndarray(picture, format="rgb24")
            planes = reformatter.reformat(rgb, format="yuv420p", threads=1).to_ndarray().astype(np.uint8, copy=False)
            camera.expose(planes[:HEIGHT], number)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1) / Fraction(script.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
