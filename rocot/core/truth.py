"""Ground truth, and how deep it goes."""

from functools import lru_cache
from typing import Literal

from rocot.core.record import Record
from rocot.core.span import Span, clipped

NORMAL = "Normal"
"""The label of footage without an anomaly."""
UNCLEAR = "Unclear"
"""What an answer says where the frames do not settle the question. It is never right."""

GradedOn = Literal["label+span", "span", "label", "choice", "none"]
"""What of the truth was there to grade on."""


class Truth(Record):
    """What is known of a stretch of video. It never enters an item that a teacher is asked about."""

    labels: tuple[str, ...] | None = None
    """Labels of the anomalies, `("Normal",)` for normal footage, None where nobody said."""
    spans: tuple[Span, ...] | None = None
    """Where the anomalies are, seconds of the source video; empty for normal footage, None where not localised."""
    choice: str | None = None
    """Of a multiple-choice question, the text of the right option; None where nothing is asked so."""

    @property
    def normal(self) -> bool | None:
        """Whether the footage is normal; None where that is unknown."""
        if self.labels is not None:
            return self.labels == (NORMAL,)
        return None if self.spans is None else not self.spans

    def graded_on(self, *, located: bool) -> GradedOn:
        """How deep the truth goes: most training videos of UCF-Crime and XD-Violence have a label and no span.

        `located` says whether answers name spans at all.
        """
        if self.choice is not None:
            return "choice"
        if self.labels is not None:
            return "label+span" if located and self.spans is not None else "label"
        return "none" if self.spans is None else "span"


def within(truth: Truth, start: float, end: float, *, whole: bool) -> Truth:
    """The truth of the window [start, end) of a video, seconds; `whole` says that the window is all of it.

    A window that no anomaly touches is normal. Where an abnormal video is not localised, only the whole of it
    keeps its label: of a part nobody knows whether the anomaly lies in it.
    """
    if truth.spans is None:
        return truth if whole or truth.normal is not False else Truth()
    spans = clipped(truth.spans, start, end)
    if not spans:
        return _normal(truth.labels is not None, truth.choice)
    return Truth(labels=truth.labels, spans=spans, choice=truth.choice)  # a copy takes twice as long


@lru_cache(1024)
def _normal(labelled: bool, choice: str | None) -> Truth:
    """Of a window that no anomaly touches: most are, and another record takes 2 us."""
    return Truth(labels=(NORMAL,) if labelled else None, spans=(), choice=choice)
