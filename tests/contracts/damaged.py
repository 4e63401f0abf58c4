"""Files that were sound films once: cut short, overwritten, with tables that claim what is not there.

`python -m tests.contracts.damaged FOLDER` writes them all, and the hostile ones, for a look with other tools.
"""

import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rocot.errors import VideoError
from rocot.video.container import MAX_SECONDS
from rocot.video.protocol import FrameReader, Look
from tests.contracts.hostile import HOSTILE
from tests.contracts.numbered import HEIGHT, Film, film, spelt

LOOK = Look(height=HEIGHT, quality=85)
SPARSE = 10 << 30
"""Bytes that a file claims and hardly any of which are on the disk."""

Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Damaged:
    """One way to damage a film."""

    name: str
    suffix: str
    change: Change
    lies: bool = False
    """What was changed are the times of its tables, or pictures: nothing contradicts them, so a reader may believe.
    Nor does anything tell of a hole in an FLV file, which has no index: FFmpeg 8's decoder notices, 9's does not."""
    grows: int = 0
    """Bytes to which the file is stretched, with a hole at its end."""

    def make(self, folder: Path) -> Film:
        """The damaged file, with the times of the sound film."""
        path = folder / f"{self.name.replace(' ', '-')}{self.suffix}"
        muxing = {"movflags": "faststart"} if self.suffix == ".mp4" else {}
        options = {"g": "25", "bf": "2", "sc_threshold": "0", "crf": "10"}
        whole = film(path, options=options, muxing=muxing)
        path.write_bytes(self.change(path.read_bytes()))
        if self.grows:
            with path.open("r+b") as file:
                file.truncate(self.grows)
        return whole


def _cut(part: float) -> Change:
    return lambda data: data[: round(len(data) * part)]


def _put(box: bytes, at: int, value: bytes) -> Change:
    """Writes over a box's content, counted from behind its name."""

    def change(data: bytes) -> bytes:
        start = data.index(box) + 4 + at
        return data[:start] + value + data[start + len(value) :]

    return change


def _whole(number: int) -> bytes:
    return struct.pack(">I", number)


def _each_offset(move: Callable[[int], int]) -> Change:
    """Where the chunks of pictures begin."""

    def change(data: bytes) -> bytes:
        start = data.index(b"stco") + 12
        (count,) = struct.unpack_from(">I", data, start - 4)
        offsets = struct.unpack_from(f">{count}I", data, start)
        moved = struct.pack(f">{count}I", *(move(offset) & 0xFFFFFFFF for offset in offsets))
        return data[:start] + moved + data[start + len(moved) :]

    return change


def _without(box: bytes) -> Change:
    """The box is there under a name that means nothing."""
    return _put(box, -4, b"free")


def _nested(data: bytes) -> bytes:
    """A thousand boxes in one another, in place of the movie's."""
    inner = b""
    for _ in range(1000):
        inner = struct.pack(">I", len(inner) + 8) + b"moov" + inner
    return data[: data.index(b"moov") - 4] + inner


def _zipped(data: bytes) -> bytes:
    """A movie box that is 4 GB when it is unzipped, or says so."""
    packed = zlib.compress(bytes(64 << 20), 9)
    inner = struct.pack(">I", 12) + b"dcom" + b"zlib"
    inner += struct.pack(">I", len(packed) + 12) + b"cmvd" + _whole(0xFFFFFFF0) + packed
    inner = struct.pack(">I", len(inner) + 8) + b"cmov" + inner
    return data[: data.index(b"moov") - 4] + struct.pack(">I", len(inner) + 8) + b"moov" + inner


def _zeroed(low: float, high: float) -> Change:
    def change(data: bytes) -> bytes:
        first, last = round(len(data) * low), round(len(data) * high)
        return data[:first] + bytes(last - first) + data[last:]

    return change


def _twice(data: bytes) -> bytes:
    return data + data


def _little(box: bytes, at: int, number: int) -> Change:
    return _put(box, at, struct.pack("<I", number))


CUTS = (0.002, 0.01, 0.03, 0.06, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)
MOST = 0xFFFFFFFF

DAMAGED = [
    *(Damaged(f"{suffix[1:]} cut at {part:g}", suffix, _cut(part)) for suffix in (".mp4", ".mkv") for part in CUTS),
    *(
        Damaged(f"{suffix[1:]} cut at {part:g}", suffix, _cut(part))
        for suffix in (".avi", ".ts", ".flv")
        for part in CUTS[2::3]
    ),
    *(Damaged(f"index last, cut at {part:g}", ".mov", _cut(part)) for part in (0.5, 0.97, 0.999)),
    *(
        Damaged(f"{suffix[1:]} zeros from {low:g}", suffix, _zeroed(low, low + 0.1), lies=suffix in {".mkv", ".flv"})
        for suffix in (".mp4", ".mkv", ".avi", ".ts", ".flv")
        for low in (0.0, 0.4, 0.9)
    ),
    Damaged("sizes claimed for 4e9 samples", ".mp4", _put(b"stsz", 8, _whole(MOST))),
    Damaged("one size for 4e9 samples", ".mp4", _put(b"stsz", 4, _whole(1) + _whole(MOST))),
    Damaged("samples of 4 GB", ".mp4", _put(b"stsz", 12, _whole(MOST) * 5)),
    Damaged("samples of no bytes", ".mp4", _put(b"stsz", 12, bytes(4) * 40)),
    Damaged("chunks of 4e9 samples", ".mp4", _put(b"stsc", 12, _whole(MOST))),
    Damaged("4e9 kinds of chunks", ".mp4", _put(b"stsc", 4, _whole(MOST))),
    Damaged("chunks numbered from 0", ".mp4", _put(b"stsc", 8, _whole(0))),
    Damaged("4e9 chunks", ".mp4", _put(b"stco", 4, _whole(MOST))),
    Damaged("chunks past the end", ".mp4", _each_offset(lambda offset: offset + (1 << 31))),
    Damaged("chunks a byte late", ".mp4", _each_offset(lambda offset: offset + 1)),
    Damaged("chunks all in one place", ".mp4", _each_offset(lambda _: 48)),
    Damaged("no chunks", ".mp4", _without(b"stco")),
    Damaged("no sizes", ".mp4", _without(b"stsz")),
    Damaged("no sample tables", ".mp4", _without(b"stbl")),
    Damaged("no key frames", ".mp4", _without(b"stss")),
    Damaged("key frames past the end", ".mp4", _put(b"stss", 8, _whole(MOST) * 3)),
    Damaged("key frames that are none", ".mp4", _put(b"stss", 8, _whole(2) + _whole(30) + _whole(55))),
    Damaged("no times", ".mp4", _without(b"stts"), lies=True),
    Damaged("4e9 runs of times", ".mp4", _put(b"stts", 4, _whole(MOST)), lies=True),
    Damaged("all frames at once", ".mp4", _put(b"stts", 12, _whole(0)), lies=True),
    Damaged("frames that last for days", ".mp4", _put(b"stts", 12, _whole(0x7FFFFFFF)), lies=True),
    Damaged("4e9 shifts", ".mp4", _put(b"ctts", 4, _whole(MOST)), lies=True),
    Damaged("shifts of days", ".mp4", _put(b"ctts", 12, _whole(0x7FFFFFFF)), lies=True),
    Damaged("clock of 0 Hz", ".mp4", _put(b"mdhd", 12, _whole(0)), lies=True),
    Damaged("clock of 4 GHz", ".mp4", _put(b"mdhd", 12, _whole(MOST)), lies=True),
    Damaged("movie clock of 0 Hz", ".mp4", _put(b"mvhd", 12, _whole(0)), lies=True),
    Damaged("shown from beyond the end", ".mp4", _put(b"elst", 12, _whole(0x7FFFFFFF)), lies=True),
    Damaged("shown for no time", ".mp4", _put(b"elst", 8, _whole(0)), lies=True),
    Damaged("4e9 edits", ".mp4", _put(b"elst", 4, _whole(MOST)), lies=True),
    Damaged("65535 pixels a side", ".mp4", _put(b"avc1", 24, b"\xff\xff\xff\xff")),
    Damaged("0 pixels a side", ".mp4", _put(b"avc1", 24, bytes(4))),
    Damaged("a matrix of zeros", ".mp4", _put(b"tkhd", 40, bytes(36))),
    Damaged("a matrix that shears", ".mp4", _put(b"tkhd", 40, _whole(0x7FFFFFFF) * 9)),
    Damaged("an unknown codec", ".mp4", _put(b"avc1", -4, b"none")),
    Damaged("another codec", ".mp4", _put(b"avc1", -4, b"hvc1")),
    Damaged("boxes in boxes", ".mp4", _nested),
    Damaged("a zipped movie box", ".mp4", _zipped),
    Damaged("a box of no bytes", ".mp4", _put(b"moov", -8, _whole(0))),
    Damaged("a box of 7 bytes", ".mp4", _put(b"trak", -8, _whole(7))),
    Damaged("a box past the end", ".mp4", _put(b"trak", -8, _whole(0x7FFFFFFF))),
    Damaged("two films in a row", ".mp4", _twice),
    Damaged("10 GB of nothing behind", ".mp4", lambda data: data, grows=SPARSE),
    Damaged("2 MB of nothing behind a ts", ".ts", lambda data: data, grows=SPARSE // 5000),
    Damaged("0 frames a second", ".avi", _little(b"strh", 24, 0), lies=True),
    Damaged("a scale of 0", ".avi", _little(b"strh", 20, 0), lies=True),
    Damaged("4e9 frames", ".avi", _little(b"avih", 20, MOST)),
]


@dataclass(frozen=True)
class Outcome:
    """What a reader made of one file, over several calls."""

    reasons: frozenset[str]
    """Why calls failed."""
    right: int
    """Frames whose picture is that of the time under which it came."""
    wrong: int


def outcome(reader: FrameReader, whole: Film) -> Outcome:
    """Reads the file in several ways, strictly and with salvage."""
    reasons: set[str] = set()
    right = wrong = 0
    middles = whole.middles()
    for times in (middles, middles[3::9], middles[40:41], middles[-1:], [0.0]):
        for salvage in (False, True):
            try:
                taken = reader.read(whole.path, times, LOOK, salvage=salvage)
            except VideoError as error:
                reasons.add(error.reason)
                continue
            fine = [spelt(still.jpeg) == whole.on_screen(still.time) for still in taken.stills]
            right += sum(fine)
            wrong += len(fine) - sum(fine)
    for salvage in (False, True):
        try:
            assert 0 < reader.probe(whole.path, salvage=salvage).duration <= MAX_SECONDS
        except VideoError as error:
            reasons.add(error.reason)
    return Outcome(frozenset(reasons), right, wrong)


def main(folder: Path) -> None:
    """Writes the whole corpus, a folder for each file."""
    for number, hostile in enumerate(HOSTILE):
        place = folder / f"hostile-{number:03}"
        place.mkdir(parents=True)
        hostile.make(place)
    for number, damaged in enumerate(DAMAGED):
        place = folder / f"damaged-{number:03}"
        place.mkdir(parents=True)
        damaged.make(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
