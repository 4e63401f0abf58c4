"""A release's own answers as predictions: what the teacher said first, and after reflection."""

from collections.abc import Iterable

from rocot.core.answer import Answer
from rocot.core.row import Row
from rocot.core.task import Task
from rocot.evaluate.prediction import (
    LATEST,
    MOST_CHOICE,
    MOST_LABEL,
    MOST_SAID,
    MOST_SPANS,
    Conclusion,
    Prediction,
)


def of_clips(rows: Iterable[Row], split: str) -> list[Prediction]:
    """For the release's own clips of a split; each rollout is a prediction."""
    return [_prediction(row, row.clip) for row in rows if row.split == split and row.handed is None]


def of_videos(rows: Iterable[Row]) -> tuple[list[Prediction], int]:
    """For the videos of a benchmark, and how many rows are left out.

    Windows of a long video have no answer for the whole of it, and controls answer with another clip's truth in hand.
    """
    found, left_out = [], 0
    for row in rows:
        if row.handed is None and row.clip_start == 0 and row.clip_end >= row.video_duration:
            found.append(_prediction(row, row.video))
        else:
            left_out += 1
    return found, left_out


def _prediction(row: Row, name: str) -> Prediction:
    final, first = conclusion(row.revised, row.task), conclusion(row.initial, row.task)
    return Prediction(id=name, final=final, first=first, said=prose(row.revised))


def prose(said: Answer) -> str:
    """What an answer tells of the video: its description where it has one, and its reasoning."""
    return "\n".join(filter(None, (said.description, said.reasoning)))[:MOST_SAID]


def conclusion(said: Answer, task: Task) -> Conclusion:
    """What an answer says, cut to what a prediction may hold: models name seconds, and so many spans, without end."""
    if task == "qa":
        return Conclusion(choice=said.label[:MOST_CHOICE])
    # A span beyond the latest second stays one, as an answer with a span is never right of normal footage.
    spans = [(min(span.start, LATEST - 1), min(span.end, LATEST)) for span in (said.spans or ())[:MOST_SPANS]]
    return Conclusion(label=said.label[:MOST_LABEL], spans=None if said.spans is None else tuple(spans))
