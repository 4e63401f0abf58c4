"""How many wrong frames come of bits that flip inside coded pictures, held against the sound twin of each file.

    python benchmarks/flips.py             150 files a codec, some minutes
    python benchmarks/flips.py --quick     20 files a codec

No decoder notices every flipped bit: a picture that still parses is a picture. Two bits flip in each file, 16 frames
are asked of it, strictly and with salvage. A frame is right where its JPEG has the bytes of the sound file's frame
of that time, wrong where it has others, and refused where the reader gives none.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rocot.errors import VideoError  # noqa: E402  # found only from the root
from rocot.video.isolated import Isolated, Limits  # noqa: E402
from rocot.video.protocol import Look  # noqa: E402

WIDTH, HEIGHT = 320, 240
FRAMES = 100
FPS = 25
ASKED = [4 * (number + 0.5) / 16 for number in range(16)]
LOOK = Look(height=240, quality=85)
CODECS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "H.264 (CABAC)": ("libx264", ".mp4", {"g": "50", "bf": "2", "crf": "23"}),
    "H.264 (CAVLC)": ("libx264", ".mp4", {"g": "50", "bf": "0", "crf": "23", "coder": "0"}),
    "HEVC": ("libx265", ".mp4", {"x265-params": "keyint=50:log-level=none"}),
    "VP9": ("libvpx-vp9", ".webm", {"g": "50", "cpu-used": "8", "deadline": "realtime"}),
    "MPEG-4": ("mpeg4", ".avi", {"g": "50", "qscale": "5"}),
}


@dataclass
class Count:
    """Frames by what came of them."""

    right: int = 0
    wrong: int = 0
    refused: int = 0

    def __str__(self) -> str:
        everything = self.right + self.wrong + self.refused
        return "".join(f"{100 * number / everything:9.1f} %" for number in (self.right, self.wrong, self.refused))


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20 files a codec")
    files = 20 if parser.parse_args().quick else 150
    reader = Isolated("av", Limits(deadline=30, memory=4_000_000_000, workers=1))
    print(f"{'frames of ' + str(files) + ' files, 2 bits flipped':40}{'right':>11}{'wrong':>11}{'refused':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (codec, suffix, options) in CODECS.items():
            whole = encoded(Path(folder) / f"whole{suffix}", codec, options)
            for salvage in (False, True):
                count = flipped(reader, whole, files, salvage=salvage)
                print(f"{name + (', salvaged' if salvage else ''):40}{count}", flush=True)
    reader.close()


def encoded(path: Path, codec: str, options: Mapping[str, str]) -> Path:
    """Four seconds of a noisy scene through which something moves."""
    draw = np.random.default_rng(1)
    scene = draw.integers(40, 200, (HEIGHT // 8, WIDTH // 8), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.options = WIDTH, HEIGHT, "yuv420p", dict(options)
        for number in range(FRAMES):
            luma = scene + draw.integers(0, 16, scene.shape, np.uint8)
            luma[80:160, number * 2 : number * 2 + 60] = 230 - number
            grey = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
            frame = VideoFrame.from_ndarray(np.vstack([luma, grey]), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def flipped(reader: Isolated, whole: Path, files: int, *, salvage: bool) -> Count:
    """What comes of so many copies."""
    draw, count = random.Random(1), Count()
    data = whole.read_bytes()
    with av.open(str(whole)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    # A Matroska packet's place is its block's, whose head is 12 bytes at most.
    places = [(pos + 12, size - 12) for pos, size in packets if pos is not None and size > 12]
    sound = {still.time: still.jpeg for still in reader.read(whole, ASKED, LOOK).stills}
    path = whole.with_name(f"flipped{whole.suffix}")
    for _ in range(files):
        spoilt = bytearray(data)
        for pos, size in draw.choices(places, [size for _, size in places], k=2):
            spoilt[pos + draw.randrange(size)] ^= 1 << draw.randrange(8)
        path.write_bytes(spoilt)
        try:
            stills = reader.read(path, ASKED, LOOK, salvage=salvage).stills
        except VideoError:
            stills = ()
        right = sum(still.jpeg == sound.get(still.time) for still in stills)
        count.right += right
        count.wrong += len(stills) - right
        count.refused += len(ASKED) - len(stills)
    return count


if __name__ == "__main__":
    main()
