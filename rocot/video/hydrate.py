"""Frames by recorded times and digests: made again from somebody's own copy of a video, and held against the record.

A digest is sha256 over a frame's JPEG, so it settles everything at once: the file, the time, the decoder and the
encoder. Where it holds, the pixels are those that the teacher saw, bit by bit, whatever the file is called.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rocot.engine.blobs import DIGEST
from rocot.errors import VideoError
from rocot.video.frames import Blobs
from rocot.video.mark import mark_of
from rocot.video.protocol import FrameReader, Look, Still

CLOSE = 1e-4
"""Seconds by which a time may differ from the recorded one and be the same: they are sums of floats."""


class Recorded(NamedTuple):
    """One frame, as a row tells it."""

    time: float
    """True presentation time, seconds of the source video."""
    digest: str
    """sha256 of its JPEG."""


@dataclass(frozen=True)
class Hydrated:
    """Pixels of recorded frames."""

    pictures: Mapping[str, bytes]
    """JPEG by recorded digest."""
    nearly: frozenset[str] = frozenset()
    """Of them, those whose bytes have another digest: right file, right time, another decoder or encoder."""


class Hydrator:
    """Makes recorded frames again. Safe to call from several threads at once.

    `blobs` is asked first, and given what was checked, so that an interrupted work goes on where it ended, and a
    machine that has the frames needs no video. `look` is how the frames were encoded.
    """

    def __init__(self, reader: FrameReader, blobs: Blobs, look: Look, *, nearly: bool = False) -> None:
        """`nearly` takes frames of the very file at their very times with other bytes, too."""
        self._reader = reader
        self._blobs = blobs
        self._look = look
        self._nearly = nearly

    def frames(self, where: Callable[[], Path | None], mark: str, wanted: Iterable[Recorded]) -> Hydrated:
        """The pixels of all wanted frames of one video.

        `where` is the video, asked for if frames are not in the cache; None where it is not there. `mark` is the
        recorded content mark.

        Raises VideoError: `no digest` (the record is none of rocot's); `missing file`; `another file` (digests differ,
        and so does the content mark); `frames differ` (of the very file: another FFmpeg or libjpeg made the record);
        `frames moved`; `frames lost`; what the reader raises for a file that it cannot read.
        """
        frames = sorted(set(wanted))
        for frame in frames:
            if DIGEST.fullmatch(frame.digest) is None:  # pictures go into files that are named by it
                raise VideoError("no digest", f"{frame.digest[:60]!r} is no sha256, by which a frame is known")
        found = {frame.digest: self._blobs.get(frame.digest) for frame in frames}
        pictures = {digest: data for digest, data in found.items() if data is not None}
        lost = [frame for frame in frames if frame.digest not in pictures]
        if not lost:
            return Hydrated(pictures)
        path = where()
        if path is None:
            raise VideoError(
                "missing file", f"{len(lost)} of its frames are not in the cache, and the video is not there"
            )
        stills = self._read(path, lost)
        other = {frame.digest: still for frame, still in zip(lost, stills, strict=True) if not _is(still, frame)}
        for frame, still in zip(lost, stills, strict=True):
            if frame.digest not in other:
                self._blobs.put(still.jpeg)
            pictures[frame.digest] = still.jpeg
        if other:
            self._judge(path, mark, lost, stills, len(other))
        return Hydrated(pictures, frozenset(other))

    def _read(self, path: Path, lost: Sequence[Recorded]) -> Sequence[Still]:
        # Of a damaged file too: each frame is asked for by its own time, and its digest tells whether it is the one.
        taken = self._reader.read(path, [frame.time for frame in lost], self._look, salvage=True)
        if taken.lost:
            raise VideoError("frames lost", f"{path.name} gives no frame at {taken.lost[0]:.3f} s")
        return taken.stills

    def _judge(self, path: Path, mark: str, lost: Sequence[Recorded], stills: Sequence[Still], other: int) -> None:
        """Whether frames with other bytes may be taken for those of the record. Raises VideoError."""
        what = f"{other} of {len(lost)} frames of {path.name} have other bytes than the record says"
        if mark_of(path) != mark:
            raise VideoError("another file", f"{what}, and the file is not the one that was recorded")
        for frame, still in zip(lost, stills, strict=True):
            if abs(frame.time - still.time) > CLOSE:
                said = f"{path.name} shows the frame of {still.time:.3f} s at {frame.time:.3f} s"
                raise VideoError("frames moved", f"{said}: it is read otherwise than by who made the record")
        if not self._nearly:
            raise VideoError("frames differ", f"{what}; the file is the one: another FFmpeg or libjpeg made the record")


def _is(still: Still, frame: Recorded) -> bool:
    return hashlib.sha256(still.jpeg).hexdigest() == frame.digest
