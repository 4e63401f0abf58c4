"""Which frame is on screen at a time: forward through one stream, decoding little more than the asked times need."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from av.error import FFmpegError
from av.video.frame import VideoFrame

from rocot.errors import VideoError
from rocot.video.container import MAX_SECONDS, Opened, VideoPacket
from rocot.video.h264 import is_idr
from rocot.video.references import begins_alone, disposable_in
from rocot.video.stamps import NUDGE, decoding_time_of, latest, reaches, stamp_of

HELD_BYTES = 64 * 1024 * 1024
"""Compressed bytes of one group of pictures that are held undecoded."""

_B_PICTURE = 3
"""AV_PICTURE_TYPE_B."""


@dataclass(frozen=True)
class Way:
    """How to go through a stream."""

    strict: bool
    """The decoder stops at the first error. Where it does not, a frame counts once the picture that it may lean on,
    the next one that is no B picture, came out without a mark."""
    jumps: bool
    """Groups of pictures that no target needs are left out."""


WAYS = (Way(strict=True, jumps=True), Way(strict=False, jumps=True), Way(strict=True, jumps=False))
"""Tried in this order. The second is for H.264 with open groups: x264 lets the pictures after a key frame release
references of the group before it, which a strict decoder that never saw them takes for damage (up to 6 groups in 8;
0 of 730 frames wrong without it). The third decodes everything, for files whose key frames or index are false.
Of 750 files with two bits flipped, 149 showed a wrong picture the second way and 127 the first, which is why it is
second (HEVC's decoder notices least: 99 of its 150)."""


class Astray(Exception):  # noqa: N818 - a turn in the road, handled in this package
    """The way taken does not lead to the target; the next one may."""


class Cursor:
    """Decodes forward. Between targets it drops whole groups of pictures, and jumps where the file has an index.

    A frame is decoded from the last key frame that is shown no later than it, so frames that lead the next key frame
    in the file's order and precede it on screen (an open group of pictures) are right as well.
    Where frames carry no time, all are decoded and counted.
    """

    def __init__(self, video: Opened, way: Way = WAYS[0]) -> None:
        self._video = video
        self._strict = way.strict
        self._jumps = way.jumps and not video.unstamped and not video.paletted
        codec = video.stream.codec_context
        self._disposable = disposable_in(codec.name, codec.extradata)
        self._began = False
        self._ended = False
        self._packets = video.packets()
        self._read: int | None = None  # decoding time of the last packet taken, ticks
        self.reached: int | None = None  # latest time of any packet taken, ticks
        self._landed: int | None = None  # index entry of the last jump, ticks
        self._key: int | None = None  # presentation time of the key frame that decoding started from
        self._fresh: bool | None = None  # until the key frame came out: whether it is the first of all
        self._last: int | None = None  # presentation time of the last frame that came out
        self._open = False  # whether it is one that pictures after it may look behind
        self._due: deque[int] = deque()  # decoding times of packets whose frames did not come out yet
        self._shown: VideoFrame | None = None
        self._stamp = 0  # of the frame shown
        self._ahead: deque[tuple[int, VideoFrame]] = deque()
        self.start = 0
        self.start = self._first()  # ticks, of the first frame shown: the source's second 0

    def time_of(self, stamp: int) -> float:
        """Seconds since the first frame that is shown."""
        seconds = (stamp - self.start) * self._video.tick
        if not 0 <= seconds <= MAX_SECONDS:
            raise VideoError("bad timestamps", f"{self._video.name}: a frame stands at {float(seconds):.3g} s")
        return float(seconds)

    def show(self, time: float) -> tuple[float, VideoFrame]:
        """The frame on screen at a time (seconds, no earlier than the last asked) and when it appeared.

        Raises VideoError; Astray when another way must be tried.
        """
        target = self.start + floor((Fraction(max(0.0, time)) + NUDGE) / self._video.tick)
        self._settle(target)
        while not self._ended and not self._vouched():
            self._advance(target)
        if self._shown is None:
            raise Astray
        return self.time_of(self._stamp), self._shown

    def key_near(self, time: float, tolerance: float, earliest: float) -> float | None:
        """When the nearest key frame appears that the index knows within the tolerance of a time; all in seconds.

        None where there is none, and for containers whose index holds times of decoding, or guesses.
        """
        if not self._jumps or not {"matroska", "avi"} & set(self._video.container.format.name.split(",")):
            return None
        index, tick = self._video.stream.index_entries, self._video.tick
        # An AVI's index counts frames from 0, whatever the codec's delay adds to their time.
        start = self.start if "matroska" in self._video.container.format.name else 0
        goal = start + round(time / tick)
        entries = {index.search_timestamp(goal), index.search_timestamp(goal, backward=False)} - {-1}
        times = [float((index[entry].timestamp - start) * tick) for entry in entries]
        near = [key for key in times if key >= earliest and abs(key - time) <= tolerance]
        return min(near, key=lambda key: abs(key - time), default=None)

    def _first(self) -> int:
        while not self._ahead and not self._ended:
            self._advance(None)
        if not self._ahead:
            raise VideoError("no frames", f"{self._video.name}: no frame of it can be decoded")
        return self._ahead[0][0]

    def _vouched(self) -> bool:
        """Whether enough came out after the frame on screen to know that it is the one, and whole."""
        if self._strict:
            return bool(self._ahead)
        return any(frame.pict_type != _B_PICTURE for _, frame in self._ahead)

    def _settle(self, target: int) -> None:
        while self._ahead and self._ahead[0][0] <= target:
            self._stamp, self._shown = self._ahead.popleft()

    def _advance(self, target: int | None) -> None:
        """Takes packets up to the target, or one where there is none, and decodes those that it needs."""
        if target is not None and self._jumps:
            self._jump(target)
        held: list[VideoPacket] = []
        size = 0
        fresh, began = False, self._began
        for packet in self._packets:
            if not packet.size:  # an empty chunk of an AVI repeats a frame; the last packet of all is empty as well
                continue
            if self._opens(packet, target):
                held, size, fresh = [], 0, True
            held.append(packet)
            size += packet.size
            self._read = decoding_time_of(packet)
            self.reached = latest(self.reached, packet)
            if size > HELD_BYTES or (self._began and reaches(packet, target)):
                break
        else:
            self._ended = True
            self._check_whole()
        self._began = True
        if fresh:
            self._start_from(held[0], first=not began)
        self._decode(held, target)

    def _opens(self, packet: VideoPacket, target: int | None) -> bool:
        """Whether decoding may start at the packet.

        What leads to the first key frame of all is left out where a file has no index, as a stream that was cut from
        a longer one begins anywhere. Raises VideoError where it has one.
        """
        if not packet.is_keyframe:
            if not self._began and self._video.seekable:
                # What cannot be decoded is the source's second 0: counted from a later key frame, all times are wrong.
                raise VideoError("damaged", f"{self._video.name}: it does not begin with a key frame")
            return False
        if not self._began:
            self._began = True
            return True
        stamp = stamp_of(packet)
        return self._jumps and target is not None and stamp is not None and stamp <= target

    def _start_from(self, packet: VideoPacket, *, first: bool) -> None:
        codec = self._video.stream.codec_context
        codec.flush_buffers()
        self._open = not first and codec.name == "h264" and not is_idr(bytes(packet), codec.extradata)
        self._key = None if self._video.unstamped else stamp_of(packet)
        self._fresh = first
        self._last = None
        self._shown = None
        self._ahead.clear()

    def _decode(self, packets: list[VideoPacket], target: int | None) -> None:
        for packet in self._needed(packets, target):
            for frame in self._frames_of(packet):
                self._take(frame, target)
        if self._ended:
            for frame in self._video.stream.codec_context.decode(None):
                self._take(frame, target)

    def _needed(self, packets: list[VideoPacket], target: int | None) -> list[VideoPacket]:
        """Without those that are shown before the frame for the target, and that no other picture leans on."""
        stamps = [stamp_of(packet) for packet in packets]
        wanted = max((at for at in stamps if at is not None and target is not None and at <= target), default=None)
        if wanted is None or not self._jumps:
            return packets
        return [
            packet
            for packet, stamp in zip(packets, stamps, strict=True)
            if stamp is None or stamp >= wanted or not self._disposable(bytes(packet))
        ]

    def _frames_of(self, packet: VideoPacket) -> list[VideoFrame]:
        stamp = stamp_of(packet)
        leads = self._key is not None and stamp is not None and stamp < self._key
        if packet.is_corrupt and not leads:
            raise VideoError("damaged", f"{self._video.name}: the data is cut short {self._about(stamp)}")
        if self._video.unstamped and packet.dts is not None:
            self._due.append(packet.dts)
        try:
            return packet.decode()
        except FFmpegError as error:
            if leads:  # it needs the group of pictures before, which was dropped; no target needs it
                return []
            if self._open and self._strict:
                raise Astray from error
            said = f"{self._video.name}: {error.strerror} {self._about(stamp)}"
            raise VideoError("damaged", said) from error

    def _take(self, frame: VideoFrame, target: int | None) -> None:
        stamp = self._stamp_of(frame)
        if frame.is_corrupt:
            if self._key is not None and stamp < self._key:
                return
            raise VideoError("damaged", f"{self._video.name}: a frame is incomplete {self._about(stamp)}")
        if self._fresh is not None and (self._key is None or stamp >= self._key):
            self._check_start(frame, first=self._fresh)
        self._last = stamp
        if target is not None and stamp <= target:
            self._stamp, self._shown = stamp, frame
        else:
            self._ahead.append((stamp, frame))

    def _check_start(self, frame: VideoFrame, *, first: bool) -> None:
        self._fresh = None
        if begins_alone(self._video.stream.codec_context.name, frame, first=first):
            return
        if first:
            raise VideoError("damaged", f"{self._video.name}: it does not begin with a key frame")
        raise Astray

    def _stamp_of(self, frame: VideoFrame) -> int:
        if self._video.unstamped:
            return self._count()
        stamp = frame.pts if frame.pts is not None else frame.dts
        if stamp is None or (self._last is not None and stamp < self._last):
            raise VideoError("bad timestamps", f"{self._video.name}: time runs backwards {self._about(self._last)}")
        return stamp

    def _count(self) -> int:
        """The time of the next frame to come out: the nth on screen has the nth decoding time, so far as times rise."""
        due = self._due.popleft() if self._due else None
        if self._last is None:
            return due or 0
        step = max(1, round(1 / (self._video.fps * self._video.tick))) if self._video.fps else 1
        return due if due is not None and due > self._last else self._last + step

    def _jump(self, target: int) -> None:
        """To the last key frame at or before the target, where the index knows one that was not passed yet."""
        if not self._video.seekable:
            return
        index = self._video.stream.index_entries
        known = max((at for at in (self._read, self._landed) if at is not None), default=None)
        entry = index.search_timestamp(target)
        if entry < 0 or known is None or index[entry].timestamp <= known:
            return
        self._landed = index[entry].timestamp  # never tried again, wherever it leads: else a false index is a circle
        while entry >= 0:
            goal = index[entry].timestamp
            self._video.container.seek(goal, stream=self._video.stream)
            packets = self._video.packets()
            first = next((packet for packet in packets if packet.size), None)
            if first is None:
                raise VideoError("damaged", f"{self._video.name}: the file ends {self._about(goal)}")
            stamp = stamp_of(first)
            if first.is_keyframe and stamp is not None and stamp <= target:
                self._packets = _after(first, packets)
                return
            entry = index.search_timestamp(goal - 1)  # shown after the target: B-frames come before it
        raise Astray

    def _check_whole(self) -> None:
        """A file whose tail is cut off ends like any other, but its index goes on."""
        index = self._video.stream.index_entries
        if self._video.seekable and len(index) and self.reached is not None and self.reached < index[-1].timestamp:
            raise VideoError("damaged", f"{self._video.name}: the file ends {self._about(self.reached)}")

    def _about(self, stamp: int | None) -> str:
        if stamp is None:
            return "at its start"
        return f"about {float((stamp - self.start) * self._video.tick):.2f} s in"


def _after(first: VideoPacket, others: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
    yield first
    yield from others
