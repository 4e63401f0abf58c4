"""A prediction: what somebody answered about a case. The form of a line of a predictions file."""

from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from rocot.core.record import Record

LATEST = 1e9
"""Seconds, 31 years: no span ends later."""
MOST_SPANS = 10_000
MOST_SCORES = 10_000_000
"""Frames of 92 hours at 30 a second."""
MOST_LABEL = 200
MOST_CHOICE = 2000
MOST_SAID = 20_000
"""Characters, these three."""

Second: TypeAlias = Annotated[float, Field(ge=0, le=LATEST)]


class Conclusion(Record):
    """One answer, without its words. Null stands for what was not asked."""

    label: str | None = Field(default=None, min_length=1, max_length=MOST_LABEL)
    """A class of the benchmark, or of the common taxonomy; `Normal`; `Unclear` where the answer abstains."""
    spans: tuple[tuple[Second, Second], ...] | None = Field(default=None, max_length=MOST_SPANS)
    """`[start, end]` of each anomaly, seconds of the source video; empty for normal footage."""
    choice: str | None = Field(default=None, min_length=1, max_length=MOST_CHOICE)
    """Of a question, the letter of an option in the benchmark's order, or its text."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for start, end in self.spans or ():
            if start >= end:
                raise ValueError(f"a span must end after it starts (got {start:g} to {end:g})")
        return self


class Prediction(Record):
    """What was answered about one case."""

    id: str = Field(min_length=1, max_length=500)
    """The case: the benchmark's name of the video, with or without `.mp4`, or `<dataset>/<name>`."""
    final: Conclusion | None = None
    """The answer that counts; null where it could not be read."""
    first: Conclusion | None = None
    """The one before reflection; null where there is none."""
    said: str | None = Field(default=None, min_length=1, max_length=MOST_SAID)
    """What it tells of the video, in prose: for VAU-Eval's judge."""
    scores: tuple[float, ...] | None = Field(default=None, min_length=1, max_length=MOST_SCORES)
    """How anomalous, evenly spread over the video: one a frame, or one for each of so many equal stretches. Higher is
    more anomalous; any scale."""
