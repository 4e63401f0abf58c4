"""What a frame reader does: JPEG stills of a file at asked times, and the file's plain facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rocot.core.clip import Clip
from rocot.core.motion import Packets
from rocot.core.record import Record
from rocot.core.reflection import Frame


class Look(Record):
    """How a still is made."""

    height: int
    """Pixels at most; a smaller picture is never enlarged."""
    quality: int
    """JPEG quality, 1 to 100."""


@dataclass(frozen=True)
class Still:
    """One frame as JPEG, upright, with square pixels."""

    time: float
    """True presentation time, seconds of the source video."""
    jpeg: bytes
    width: int
    """Pixels."""
    height: int
    """Pixels."""


@dataclass(frozen=True)
class Taken:
    """What one reading of a file gave."""

    stills: tuple[Still, ...]
    """One for each asked time, in order; fewer where times are lost."""
    lost: tuple[float, ...] = ()
    """Asked times (seconds) for which there is no frame that is provably right. Empty but for a salvage."""


@dataclass(frozen=True)
class Facts:
    """What a file says of itself."""

    duration: float
    """Seconds."""
    width: int
    """Pixels as shown, after rotation."""
    height: int
    """Pixels as shown, after rotation."""
    fps: float
    """Average frames a second; 0 where the file does not say. Never used to compute times."""
    codec: str


@dataclass(frozen=True)
class Survey:
    """Of one file."""

    facts: Facts
    frames: int
    """That are shown."""
    keys: int
    """Of them, those at which decoding may start."""
    group: tuple[int, int]
    """Frames from one key frame to the next: the median and the most."""
    index: str
    """Where frames are looked up: `tables` (MP4's own), `index` (FFmpeg's), `none` (the file is read through)."""
    remarks: tuple[str, ...]
    """What is odd."""


class FrameReader(Protocol):
    """Reads one kind of file, or many; blocking, safe to call from several threads at once."""

    @property
    def name(self) -> str:
        """As it stands in every row; another reader, another identity."""

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        """Raises VideoError for anything that is no video it will open, and for a damaged one.

        A `salvage` tells of a damaged one what its index does, the frames among them that are not there any more.
        """

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        """For each asked time (seconds, ascending) the frame that is on screen then, in that order.

        The frame on screen at t is the last one whose time is <= t, or the first frame before that. Two asked times
        that fall on one frame give it twice. Another frame that appears at most `tolerance` seconds from the asked
        time may stand for it, where it is cheaper to have; a still carries its true time in any case.

        Damage in what the asked times need raises VideoError; a `salvage` gives the frames that are provably right
        and lists the asked times without one, and raises VideoError only where there is none at all.
        """

    def packets(self, path: Path, start: float, end: float) -> Packets:
        """What the file's index says of the frames that appear in [start, end), seconds; decodes none of them.

        Raises VideoError.
        """


@dataclass(frozen=True)
class Sampled:
    """The frames that stand for a clip, or for a part of it; their pixels lie in the frame cache."""

    frames: tuple[Frame, ...]
    """Ascending in time, each once."""
    lost: tuple[float, ...] = ()
    """Asked times (seconds) for which a damaged file has no frame that is surely right. Empty but for a salvage."""


class Samples(Protocol):
    """What the stages see: frames of a clip at asked times."""

    async def sample(
        self, clip: Clip, times: Sequence[float], *, tolerance: float = 0.0, salvage: bool = False
    ) -> Sampled:
        """As `FrameReader.read`. Raises VideoError."""

    async def packets(self, clip: Clip, margin: float) -> Packets:
        """As `FrameReader.packets`, for a clip and `margin` seconds on both sides of it. Raises VideoError."""
