"""What a source of videos gives: videos with their truth, and for each clip the truth within it."""

from collections.abc import Iterator
from typing import Protocol

from pydantic import Field

from rocot.core.clip import Clip
from rocot.core.record import Record
from rocot.core.task import Question
from rocot.core.truth import Truth
from rocot.video.mark import mark_of

__all__ = ["Skipped", "Source", "TruthOf", "Video", "mark_of"]


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
    common: tuple[str, ...] = ()
    """For each of these the class of the common taxonomy, "" for none; empty where nobody knows."""
    truth: Truth
    questions: tuple[Question, ...] = ()
    """With options, about the whole video."""
    identity: str = ""
    """`<dataset>/<name>`: the same in every dataset that holds the same video; empty where nobody knows."""
    test_of: str = ""
    """Where the source itself counts the video to its official test split: the dataset's name."""


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
        """The videos of a split, in a fixed order. Raises ConfigError for a split or file that cannot be used.

        Where their number is known before they are looked at, `operator.length_hint` tells it (`listing.Counted`).
        """


class TruthOf(Protocol):
    """Looks up ground truth; only the judge, and a guided reflection, hold one."""

    def __call__(self, clip: Clip) -> Truth:
        """The truth within the clip's window."""
