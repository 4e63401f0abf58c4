"""What an importer gives: a video as the dataset's files describe it, in the dataset's own unit and words."""

from collections.abc import Iterator
from typing import Protocol

from pydantic import Field

from rocot.core.record import Record
from rocot.core.task import Question
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.manifest.entry import Passage


class Annotated(Record):
    """A video, before units are turned into seconds and labels into the common taxonomy."""

    id: str = Field(min_length=1, max_length=400)
    """The dataset's name of it, unique within its split."""
    video: str = Field(min_length=1, max_length=500)
    """`<dataset>/<name>`: one identity for the file, whichever dataset annotates it."""
    split: str
    """The `native` name of one of the dataset's splits."""
    file: str
    """Where the annotations say that the video lies, relative (POSIX); its last part is enough."""
    labels: tuple[str, ...] | None = None
    """Names in the dataset's `classes`, `("Normal",)` for normal footage; None where nobody said."""
    intervals: tuple[tuple[float, float], ...] | None = None
    """Anomalies in the dataset's unit, as written; empty for normal footage, None where not localised."""
    frames: int | None = Field(default=None, gt=0)
    """Of the whole video, where the annotations say."""
    fps: float | None = Field(default=None, gt=0)
    """Of this video, where the annotations say."""
    duration: float | None = Field(default=None, gt=0)
    """Seconds, where the annotations say."""
    passages: tuple[Passage, ...] = ()
    """Their spans in seconds."""
    questions: tuple[Question, ...] = ()
    corrections: tuple[str, ...] = ()
    """What the importer itself changed or decided."""
    said: str
    """`file:line`, or `file: name`."""


class Importer(Protocol):
    """Reads one dataset's official files; every module of `datasets` has one, called `read`."""

    def __call__(self, files: Files, about: Dataset) -> Iterator[Annotated]:
        """The videos in a fixed order. What is wrong with a file goes to `files.fault`, or raises ConfigError."""
