"""Files that are no sound videos, and the names that their faults go by."""

import io
import os
import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.stream import Disposition
from av.video.stream import VideoStream

from tests.contracts.numbered import film


@dataclass(frozen=True)
class Hostile:
    """One file, made in a folder."""

    name: str
    make: Callable[[Path], Path]
    reasons: tuple[str, ...]
    seen_by_probe: bool = True
    """Whether a look at the file's head, index and last packets finds it out."""


def _holds(data: bytes, name: str = "clip.mp4") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def _names_another(text: str) -> Callable[[Path], Path]:
    """A text that a lenient reader follows to a sound film beside it."""

    def make(folder: Path) -> Path:
        film(folder / "secret.mp4")
        path = folder / "clip.mp4"
        path.write_text(text.format(folder=folder))
        return path

    return make


def _spoilt(change: Callable[[bytes], bytes], suffix: str = ".mp4", **muxing: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / f"clip{suffix}"
        film(path, options={"g": "25", "bf": "2", "sc_threshold": "0", "crf": "10"}, muxing=muxing)
        path.write_bytes(change(path.read_bytes()))
        return path

    return make


def _cut(part: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * part)]


def _scrambled(data: bytes) -> bytes:
    """Noise over the second quarter of the pictures' data."""
    start = data.index(b"mdat") + 8
    end = data.rindex(b"moov") if data.rindex(b"moov") > start else len(data)
    low, high = start + (end - start) // 4, start + (end - start) // 2
    noise = np.random.default_rng(3).integers(0, 256, high - low, dtype=np.uint8).tobytes()
    return data[:low] + noise + data[high:]


def _between_frames(data: bytes) -> bytes:
    """Ends where the 60th frame ends, so that no packet is broken."""
    with av.open(io.BytesIO(data), "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    last = packets[60]
    assert last.pos is not None
    return data[: last.pos + last.size]


def _covered(folder: Path) -> Path:
    """Sound with a picture of its album, which players show and which is no video."""
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as output:
        audio = output.add_stream("aac", rate=48000)
        cover = output.add_stream("mjpeg", rate=1)
        assert isinstance(audio, AudioStream)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        for number in range(40):
            frame = AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, number * 1024
            output.mux(audio.encode(frame))
        output.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        output.mux(cover.encode(None))
        output.mux(audio.encode(None))
    return path


def _patched(box: bytes, offset: int, value: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = data.index(box) + 4 + offset
        return data[:at] + value + data[at + len(value) :]

    return change


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "clip.mp4")
    return folder / "clip.mp4"


def _socket(folder: Path) -> Path:
    path = folder / "s.mp4"
    here = Path.cwd()
    os.chdir(folder)  # a socket's path is at most 108 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
    return path


def _linked(target: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "clip.mp4").symlink_to(target)
        return folder / "clip.mp4"

    return make


def _directory(folder: Path) -> Path:
    (folder / "clip.mp4").mkdir()
    return folder / "clip.mp4"


def _sound(suffix: str, codec: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / f"clip{suffix}"
        with av.open(str(path), "w") as output:
            stream = output.add_stream(codec, rate=48000)
            assert isinstance(stream, AudioStream)
            stream.layout = "mono"
            form = "s16" if codec == "pcm_s16le" else "fltp"
            kind = np.int16 if form == "s16" else np.float32
            for number in range(40):
                frame = AudioFrame.from_ndarray(np.zeros((1, 1024), kind), format=form, layout="mono")
                frame.sample_rate, frame.pts = 48000, number * 1024
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return make


def _no_frames(suffix: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / f"clip{suffix}"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("mpeg4", rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            output.start_encoding()
        return path

    return make


def _huge(folder: Path) -> Path:
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 8000, 8000, "yuv420p"
        frame = av.VideoFrame(8000, 8000, "yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _picture(folder: Path) -> Path:
    """A PNG of one pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    path = folder / "clip.mp4"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))
    return path


NOT = ("not a video",)
NOT_OR_DAMAGED = ("not a video", "damaged", "no frames")
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{folder}/secret.mp4\n#EXT-X-ENDLIST\n"
SESSION = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)

HOSTILE = [
    Hostile("missing", lambda folder: folder / "clip.mp4", ("unreadable",)),
    Hostile("nul in the name", lambda folder: folder / "cl\0ip.mp4", ("unreadable",)),
    Hostile("name too long", lambda folder: folder / ("x" * 300), ("unreadable",)),
    Hostile("directory", _directory, NOT),
    Hostile("named pipe", _fifo, NOT),
    Hostile("socket", _socket, NOT),
    Hostile("link to a device", _linked("/dev/zero"), NOT),
    Hostile("link to nowhere", _linked("nowhere"), ("unreadable",)),
    Hostile("link to itself", _linked("clip.mp4"), ("unreadable",)),
    Hostile("empty", _holds(b""), NOT),
    Hostile("one byte", _holds(b"\0"), NOT),
    Hostile("text", _holds(b"This is no video.\n" * 50), NOT),
    Hostile("html", _holds(b"<!DOCTYPE html><html><body>404</body></html>"), NOT),
    Hostile("zip", _holds(b"PK\x03\x04" + bytes(200)), NOT),
    Hostile("zeros", _holds(bytes(100_000)), NOT),
    Hostile(
        "noise", _holds(np.random.default_rng(1).integers(0, 256, 200_000, dtype=np.uint8).tobytes()), NOT_OR_DAMAGED
    ),
    Hostile("noise named ts", _holds((b"\x47" + bytes(range(187))) * 500, "clip.ts"), NOT_OR_DAMAGED),
    Hostile("ffconcat", _names_another("ffconcat version 1.0\nfile secret.mp4\n"), NOT),
    Hostile("ffconcat, absolute", _names_another("ffconcat version 1.0\nfile {folder}/secret.mp4\n"), NOT),
    Hostile("m3u8", _names_another(PLAYLIST), NOT),
    Hostile("sdp", _names_another(SESSION), NOT),
    Hostile("dash", _names_another('<?xml version="1.0"?><MPD><BaseURL>{folder}/secret.mp4</BaseURL></MPD>'), NOT),
    Hostile("imf", _names_another('<?xml version="1.0"?><CompositionPlaylist/>'), NOT),
    Hostile("subtitles", _holds(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 9), NOT),
    Hostile("subtitles named avi", _holds(b"{10}{20}Hello\n{30}{40}Bye\n", "clip.avi"), NOT),
    Hostile("picture", _picture, NOT),
    Hostile("raw video", _holds(b"YUV4MPEG2 W16 H16 F25:1\nFRAME\n" + bytes(384)), NOT),
    Hostile("sound", _sound(".wav", "pcm_s16le"), NOT),
    Hostile("sound in mp4", _sound(".mp4", "aac"), ("no frames",)),
    Hostile("sound in mkv", _sound(".mkv", "aac"), ("no frames",)),
    Hostile("sound with a cover", _covered, ("no frames",)),
    Hostile("no frames in mp4", _no_frames(".mp4"), ("no frames", "damaged")),
    Hostile("no frames in mkv", _no_frames(".mkv"), ("no frames", "damaged")),
    Hostile("no frames in avi", _no_frames(".avi"), ("no frames", "damaged")),
    Hostile("too many pixels", _huge, ("too large", "damaged")),
    Hostile("first bytes only", _spoilt(lambda data: data[:40]), ("damaged",)),
    Hostile("no index at the end", _spoilt(_cut(0.8)), ("damaged",)),
    Hostile("tail cut off", _spoilt(_cut(0.8), movflags="faststart"), ("damaged",)),
    Hostile("cut between frames", _spoilt(_between_frames, movflags="faststart"), ("damaged",)),
    Hostile("all but the index cut off", _spoilt(lambda data: data[:4000], movflags="faststart"), ("damaged",)),
    Hostile("pictures overwritten", _spoilt(_scrambled, movflags="faststart"), ("damaged",), seen_by_probe=False),
    Hostile("no picture size", _spoilt(_patched(b"avcC", 0, bytes(40))), ("damaged", "no frames"), seen_by_probe=True),
    Hostile("endless box", _spoilt(_patched(b"ftyp", -8, b"\xff\xff\xff\xff")), NOT_OR_DAMAGED),
    Hostile("head of mkv", _spoilt(lambda data: data[:300], ".mkv"), ("damaged", "no frames")),
    Hostile("head of avi", _spoilt(lambda data: data[:300], ".avi"), ("damaged", "no frames")),
]
