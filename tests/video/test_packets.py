"""What the index of a file says, where motion is in it: more frames fall there."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from rocot.core.motion import by_motion
from rocot.core.sampling import uniform
from rocot.errors import VideoError
from rocot.video.av_reader import AvReader
from rocot.video.protocol import Look
from tests.contracts.numbered import film

FPS = 25
SECONDS = 24
MOVING = (15.0, 18.0)


def street(path: Path, **options: str) -> Path:
    """A noisy street in which four figures run about for three seconds, coded at constant quality."""
    dice = np.random.default_rng(3)
    ground = dice.integers(60, 180, (120, 160)).astype(np.int16)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = dict(options)
        stream.codec_context.thread_count = 1
        for number in range(SECONDS * FPS):
            luma = ground + dice.normal(0, 2, ground.shape).astype(np.int16)
            if MOVING[0] <= number / FPS < MOVING[1]:
                for figure in range(4):
                    left, top = (number * (3 + figure)) % 140, 20 + 20 * figure + number % 7
                    luma[top : top + 24, left : left + 14] = 30 + 60 * figure
            grey = np.full((60, 160), 128, np.uint8)
            frame = VideoFrame.from_ndarray(np.vstack([luma.clip(0, 255).astype(np.uint8), grey]), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("group", ["12", "250"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_more_frames_fall_where_it_moves_and_none_is_wrong(tmp_path: Path, group: str, name: str) -> None:
    path = street(tmp_path / name, crf="23", g=group, bf="2", preset="veryfast")
    reader = AvReader()
    times = by_motion(reader.packets(path, 0, SECONDS), 0, SECONDS, 24)
    even = sum(MOVING[0] <= time < MOVING[1] for time in uniform(0, SECONDS, 24))
    assert sum(MOVING[0] <= time < MOVING[1] for time in times) >= 2 * even
    stills = reader.read(path, times, Look(height=120, quality=85)).stills
    assert [still.time for still in stills] == [pytest.approx(int(time * FPS + 1e-4) / FPS) for time in times]


def test_packets_tell_the_kinds_of_a_film_in_the_order_of_showing(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", options={"g": "25", "bf": "2", "sc_threshold": "0", "b_strategy": "0"}).path
    packets = AvReader().packets(path, 0, 3)
    kinds = "".join(packets.kinds)
    assert len(kinds) == 75
    assert [at for at, kind in enumerate(kinds) if kind == "I"] == [0, 25, 50]
    assert kinds.startswith("IBBPBBP")
    assert packets.times == pytest.approx([at / FPS for at in range(75)])


def test_packets_of_a_stretch_are_those_of_the_whole(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4").path
    whole, part = AvReader().packets(path, 0, 3), AvReader().packets(path, 1, 2)
    assert (part.times, part.sizes) == (whole.times[25:50], whole.sizes[25:50])
    assert AvReader().packets(path, 8, 9).times == []


def test_what_is_no_video_has_no_packets(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(VideoError):
        AvReader().packets(path, 0, 1)


def test_the_windows_of_a_video_read_its_index_once_and_another_file_is_read_anew(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv").path
    whole, status = AvReader().packets(path, 0, 9), path.stat()
    path.write_bytes(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert AvReader().packets(path, 1, 2).times == whole.times[25:50]
    os.utime(path)
    with pytest.raises(VideoError):
        AvReader().packets(path, 1, 2)
