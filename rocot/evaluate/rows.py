"""A release's own answers as predictions: what the teacher said first, and after reflection."""

from collections.abc import Iterable

from rocot.core.answer import Answer
from rocot.core.row import Row
from rocot.evaluate.prediction import MOST_SAID, Conclusion, Prediction


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
    final, first = _conclusion(row, row.revised), _conclusion(row, row.initial)
    return Prediction(id=name, final=final, first=first, said=prose(row.revised))


def prose(said: Answer) -> str:
    """What an answer tells of the video: its description where it has one, and its reasoning."""
    return "\n".join(filter(None, (said.description, said.reasoning)))[:MOST_SAID]


def _conclusion(row: Row, said: Answer) -> Conclusion:
    if row.task == "qa":
        return Conclusion(choice=said.label[:2000])
    spans = None if said.spans is None else tuple((span.start, span.end) for span in said.spans)
    return Conclusion(label=said.label[:200], spans=spans)
