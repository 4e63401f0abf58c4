"""A record of a manifest: one video of a dataset, its ground truth in seconds, and all that was done to get there."""

import re
from typing import Literal

from pydantic import Field, field_validator

from rocot.core.record import Record
from rocot.core.span import Span
from rocot.core.task import Question
from rocot.core.truth import Truth

Measured = Literal["video", "annotation", "nothing"]
"""Where frame rate, frames and duration come from."""


class Passage(Record):
    """A text that the dataset gives about a video, or about a stretch of it."""

    kind: str = Field(min_length=1, max_length=60)
    """What it is, in the dataset's words: sentence, event, reasoning, key object ..."""
    text: str
    span: Span | None = None
    """Seconds; None where the text is about the whole video."""


class Entry(Record):
    """One video as one dataset annotates it."""

    id: str = Field(min_length=1, max_length=400)
    """The dataset's name of it, unique within a split."""
    source: str
    """The dataset."""
    video: str = Field(min_length=1, max_length=500)
    """`<dataset>/<name>` of the source video: the same in every dataset that annotates the same file."""
    split: Literal["train", "val", "test"]
    native_split: str
    """As the dataset calls it."""
    file: str
    """The video as the annotations name it, relative (POSIX)."""
    path: str | None = None
    """The video that was found, relative to the folder of videos (POSIX); None where there is none."""
    labels: tuple[str, ...] | None = Field(default=None, min_length=1)
    """In the dataset's words, `("Normal",)` for normal footage; None where it does not say."""
    common: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The same labels in the common taxonomy."""
    spans: tuple[Span, ...] | None = None
    """Where the anomalies are, seconds, sorted and disjoint; empty for normal footage, None where not localised."""
    localised: bool
    """Whether `spans` is known."""
    intervals: tuple[tuple[float, float], ...] | None = None
    """As the annotations write them, in the dataset's unit."""
    counted: str
    """How its unit was turned into seconds."""
    fps: float | None = Field(default=None, gt=0)
    """Frames a second."""
    frames: int | None = Field(default=None, gt=0)
    duration: float | None = Field(default=None, gt=0)
    """Seconds."""
    measured: Measured = "nothing"
    sha256: str | None = None
    """Of the whole file."""
    mark: str | None = None
    """rocot's cheap content mark of the file."""
    hashes: tuple[str, ...] = ()
    """Perceptual hashes of a few frames, at fixed times from the start and from the end; zeros where there is none."""
    corrections: tuple[str, ...] = ()
    """Everything that was changed or decided on the way from the annotations."""
    passages: tuple[Passage, ...] = ()
    questions: tuple[Question, ...] = ()
    said: str
    """File and line, or file and name, of the annotation."""

    @field_validator("hashes")
    @classmethod
    def _sixteen_digits(cls, hashes: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[0-9a-f]{16}", digits) for digits in hashes):
            raise ValueError("a perceptual hash has 16 hexadecimal digits")
        return hashes

    @property
    def truth(self) -> Truth:
        """What is known of it, in the dataset's words."""
        return Truth(labels=self.labels, spans=self.spans)
