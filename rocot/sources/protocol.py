"""What a source of videos gives: videos with their truth, and for each clip the truth within it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import Field

from rocot.core.clip import Clip
from rocot.core.record import Record
from rocot.core.truth import Truth
from rocot.errors import VideoError

MARKED_BYTES = 64 * 1024
"""Read at each end of a file. An MP4 keeps its sample tables at one of them: another encoding, another mark."""


class Video(Record):
    """A source video and what is known of it."""

    id: str = Field(min_length=1, max_length=400)
    """Unique within its source."""
    source: str
    split: str
    path: str
    """The file, absolute."""
    duration: float = Field(gt=0)
    """Seconds."""
    mark: str
    """`mark_of(path)`."""
    classes: tuple[str, ...]
    """The labels an answer may use, "Normal" first."""
    truth: Truth


class Skipped(Record):
    """A video that a source lists and cannot give: counted and shown, never dropped in silence."""

    id: str
    source: str
    reason: str
    """A short name to count by."""
    detail: str


class Source(Protocol):
    """A dataset."""

    @property
    def name(self) -> str:
        """As it stands in every row."""

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        """The videos of a split, in a fixed order. Raises ConfigError for a split or file that cannot be used."""


class TruthOf(Protocol):
    """Looks up ground truth; only the judge, and a guided reflection, hold one."""

    def __call__(self, clip: Clip) -> Truth:
        """The truth within the clip's window."""


def mark_of(path: Path) -> str:
    """A cheap content mark: sha256 over the size and both ends of the file, 64 KiB each.

    Raises VideoError (`unreadable`) when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(MARKED_BYTES)
            file.seek(max(0, size - MARKED_BYTES))
            tail = file.read(MARKED_BYTES)
    except OSError as error:
        raise VideoError("unreadable", f"{path.name}: {error.strerror}") from error
    return hashlib.sha256(b"%d\n" % size + head + tail).hexdigest()
