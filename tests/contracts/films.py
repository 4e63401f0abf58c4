"""The films that every frame reader must read without one wrong frame."""

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec import codecs_available
from av.video.stream import VideoStream

from tests.contracts.numbered import GOP, Film, Luma, copied, cut_from, edited, film

OPEN = "open-gop=1:keyint=12:min-keyint=12:scenecut=0:b-adapt=0"


def _vfr(path: Path) -> Film:
    gaps = random.Random(7)
    stamps = [0]
    while len(stamps) < 75:
        stamps.append(stamps[-1] + gaps.choice([20, 33, 40, 67, 250]))
    return film(path, stamps=stamps, tick=Fraction(1, 1000))


def _late(path: Path) -> Film:
    """Its first frame is stamped 5 s."""
    return film(path, stamps=range(5000, 5000 + 75 * 40, 40), tick=Fraction(1, 1000))


def _edited(path: Path) -> Film:
    return cut_from(film(path.with_suffix(".whole.mp4")), path, frames=10, ticks=512)


def _edited_late(path: Path) -> Film:
    return cut_from(film(path.with_suffix(".whole.mp4"), options={**GOP, "g": "250"}), path, frames=40, ticks=512)


def _remade(path: Path, **muxing: str) -> Film:
    whole = film(path.with_suffix(".whole.mp4"))
    copied(whole, path, muxing=muxing)
    return Film(path, whole.times)


def _cut_short(path: Path) -> Film:
    """An edit list that ends at frame 60, in the middle of a group."""
    whole = _edited(path)
    data = bytearray(path.read_bytes())
    clock, entry = data.index(b"mvhd") + 16, data.index(b"elst") + 12
    second = int.from_bytes(data[clock : clock + 4], "big")  # FFmpeg 8 writes 1000 ticks, later ones the stream's
    data[entry : entry + 4] = (2 * second).to_bytes(4, "big")
    path.write_bytes(data)
    return Film(path, whole.times[:50], first=10)


def _begins_open(path: Path) -> Film:
    """Copied from the second key frame on: pictures shown before it lean on what is not there, and are not shown."""
    whole = _x264(f"{OPEN}:bframes=3:b-pyramid=none:repeat-headers=1")(path.with_suffix(".whole.mp4"))
    with av.open(str(whole.path)) as given, av.open(str(path), "w") as output:
        source = given.streams.video[0]
        stream = output.add_stream_from_template(source)
        packets = [packet for packet in given.demux(source) if packet.size]
        second = [at for at, packet in enumerate(packets) if packet.is_keyframe][1]
        shown = packets[second].pts
        for packet in packets[second:]:
            packet.stream = stream
            output.mux(packet)
    assert shown is not None
    first = shown // 512
    return Film(path, tuple(time - whole.times[first] for time in whole.times[first:]), first=first)


def _edited_twice(path: Path) -> Film:
    """An edit list that shows the first and the third second."""
    edits = [(1000, 1024, 1 << 16), (1000, 1024 + 50 * 512, 1 << 16)]
    edited(film(path.with_suffix(".whole.mp4")), path, edits)
    return Film(path, tuple(number / 25 for number in range(50)), order=(*range(25), *range(50, 75)))


def _paused(path: Path) -> Film:
    """An empty edit ahead: players wait, and the first frame is second 0 all the same."""
    whole = film(path.with_suffix(".whole.mp4"))
    edited(whole, path, [(700, -1, 1 << 16), (2000, 1024 + 10 * 512, 1 << 16)])
    return Film(path, whole.times[:50], first=10)


def _edited_within(path: Path) -> Film:
    """An edit that begins between two frames: the later one is the first that is shown."""
    whole = film(path.with_suffix(".whole.mp4"))
    edited(whole, path, [(2000, 1024 + 10 * 512 + 200, 1 << 16)])
    return Film(path, whole.times[:50], first=11)


def _turned(degrees: float, turn: Callable[[Luma], Luma], *, mirror: bool = False) -> Callable[[Path], Film]:
    def prepare(stream: VideoStream) -> None:
        stream.set_display_rotation(degrees, hflip=mirror)

    return lambda path: film(path, turn=lambda luma: np.ascontiguousarray(turn(luma)), prepare=prepare)


def _coded(codec: str, options: dict[str, str], count: int = 75) -> Callable[[Path], Film]:
    return lambda path: film(path, codec=codec, options=options, count=count)


def _x265(parameters: str) -> Callable[[Path], Film]:
    return _coded("libx265", {"x265-params": f"{parameters}:keyint=12:min-keyint=12:scenecut=0:log-level=none"})


def _x264(parameters: str) -> Callable[[Path], Film]:
    return lambda path: film(path, options={"x264-params": parameters})


def _av1(path: Path) -> Film:
    return film(path, codec="libsvtav1", options={"g": "25", "preset": "8", "crf": "20", "svtav1-params": "lp=1"})


FILMS: dict[str, Callable[[Path], Film]] = {
    "b-frames.mp4": film,
    "no-b-frames.mp4": _coded("libx264", {"g": "12", "bf": "0"}),
    "gop-250.mp4": _coded("libx264", {"g": "250", "bf": "3", "sc_threshold": "0"}),
    "one-group-of-many.mp4": _coded("libx264", {"g": "10", "bf": "2"}, count=300),
    "open-gop.mp4": _x264(f"{OPEN}:bframes=3:b-pyramid=none"),
    "open-gop-pyramid.mp4": _x264(f"{OPEN}:bframes=3:b-pyramid=normal"),
    "open-gop-slices.mkv": _x264(f"{OPEN}:bframes=5:b-pyramid=strict:ref=4:slices=2"),
    "open-gop-bluray.mp4": _x264(
        f"{OPEN}:bframes=3:bluray-compat=1:b-pyramid=strict:level=4.1:vbv-maxrate=3000:vbv-bufsize=3000"
    ),
    "open-gop.ts": _x264(f"{OPEN}:bframes=3:b-pyramid=normal"),
    "intra-refresh.mp4": _x264("intra-refresh=1:keyint=25:bframes=0"),
    "variable-rate.mp4": _vfr,
    "variable-rate.mkv": _vfr,
    "starts-late.mkv": _late,
    "starts-late.mp4": _late,
    "starts-late.ts": _late,
    "edit-list.mp4": _edited,
    "edit-list-deep-in-a-group.mp4": _edited_late,
    "edit-list-cut-short.mp4": _cut_short,
    "edit-list-of-two.mp4": _edited_twice,
    "edit-list-after-a-pause.mp4": _paused,
    "edit-list-within-a-frame.mp4": _edited_within,
    "negative-offsets.mp4": lambda path: _remade(path, movflags="negative_cts_offsets"),
    "begins-open.mp4": _begins_open,
    "begins-open.ts": _begins_open,
    "with-sound.mp4": lambda path: film(path, sound=True),
    "with-sound.mkv": lambda path: film(path, sound=True),
    "fragmented.mp4": lambda path: _remade(path, movflags="frag_keyframe+empty_moov"),
    "fragmented-with-edits.mp4": lambda path: _remade(path, movflags="frag_keyframe+delay_moov"),
    "fragmented-finely.mp4": lambda path: _remade(path, movflags="frag_every_frame+empty_moov+default_base_moof"),
    "b-frames.mov": film,
    "no-b-frames.avi": _coded("libx264", {"g": "25", "bf": "0"}),
    "interlaced.mp4": _x264("tff=1:keyint=25:bframes=2:scenecut=0"),
    "interlaced-mpeg2.ts": _coded("mpeg2video", {"g": "12", "bf": "2", "flags": "+ildct+ilme"}),
    "faststart.mp4": lambda path: _remade(path, movflags="faststart"),
    "no-cues.mkv": lambda path: _remade(path, live="1"),
    "b-frames.mkv": film,
    "b-frames.ts": film,
    "b-frames.flv": film,
    "b-frames.avi": film,
    "mpeg4.avi": _coded("mpeg4", {"g": "25"}),
    "mpeg4-b-frames.avi": _coded("mpeg4", {"g": "25", "bf": "2"}),
    "mpeg4-b-frames.mp4": _coded("mpeg4", {"g": "25", "bf": "2"}),
    "mpeg2.ts": _coded("mpeg2video", {"g": "12", "bf": "2"}),
    "mpeg2.mpg": _coded("mpeg2video", {"g": "12", "bf": "2"}),
    "wmv2.wmv": _coded("wmv2", {"g": "25"}),
    "vp9.webm": _coded("libvpx-vp9", {"g": "25", "cpu-used": "8", "deadline": "realtime"}),
    "vp9-hidden-frames.webm": _coded("libvpx-vp9", {"g": "25", "cpu-used": "5", "lag-in-frames": "16"}),
    "vp9.mp4": _coded("libvpx-vp9", {"g": "25", "cpu-used": "8", "deadline": "realtime"}),
    "av1.mp4": _av1,
    "av1.mkv": _av1,
    "hevc-layers.mp4": _x265("temporal-layers=2:bframes=3:b-adapt=0"),
    "hevc-pyramid.mkv": _x265("bframes=4:b-adapt=0:b-pyramid=1"),
    "hevc-open-gop.mp4": _x265("open-gop=1"),
    "hevc-radl.mp4": _x265("open-gop=0:radl=2"),
    "rotated-90.mp4": _turned(90, lambda luma: np.rot90(luma, -1)),
    "rotated-180.mp4": _turned(180, lambda luma: np.rot90(luma, 2)),
    "rotated-270.mp4": _turned(-90, np.rot90),
    "rotated-0.mp4": _turned(0, lambda luma: luma),
    "mirrored.mp4": _turned(0, lambda luma: luma[:, ::-1], mirror=True),
}

NEEDS = {"hevc": "libx265", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
NAMES = [
    name for name in FILMS if all(codec in codecs_available for mark, codec in NEEDS.items() if name.startswith(mark))
]
