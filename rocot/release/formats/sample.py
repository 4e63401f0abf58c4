"""A kept row as other trainers take it: chat turns with placeholders, what stands behind these, and the truth.

Frames are the default, as a list of images: they are the ones that the reasoning is about, each with its time. A whole
video in their place leaves it to the trainer which frames a student sees; so it goes only for rows whose clip is the
whole video, as no trainer counts a clip's times from the source's beginning, and for rows without a closer look.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rocot.core.chat import IMAGE
from rocot.core.record import Json
from rocot.core.row import Row
from rocot.core.task import letter

VIDEO = "<video>"
"""Stands for a whole video, as ms-swift, LLaMA-Factory and verl have it."""
OTHERS = ("<audio>",)
"""Placeholders that these trainers fill besides."""
WHOLE = 0.05
"""Seconds that a clip may leave of its video and be the whole of it."""

Turn: TypeAlias = dict[str, str]


@dataclass(frozen=True)
class Media:
    """What stands behind the placeholders of one sample: images, or one video."""

    images: Sequence[str] = ()
    """Paths, in the order of the frames, those of the closer look last."""
    video: str | None = None
    """A path."""

    @property
    def columns(self) -> dict[str, Json]:
        """As ms-swift and LLaMA-Factory name them."""
        return {"images": list(self.images)} if self.video is None else {"videos": [self.video]}


def unfit(row: Row, *, video: bool) -> str | None:
    """Why a row cannot be told so, a short name to count by; None where it can. `video`: instead of frames."""
    texts = [turn.content for turn in row.messages]
    frames = len(row.frame_times) + len(row.relook_times)
    if sum(text.count(IMAGE) for text in texts) != frames or any(
        name in text for name in (VIDEO, *OTHERS) for text in texts
    ):
        return "placeholder in its text"
    if video and row.relook_times:
        return "closer look"
    if video and (row.clip_start > WHOLE or row.clip_end < row.video_duration - WHOLE):
        return "part of its video"
    return None


def lesson(row: Row, media: Media) -> list[Turn]:
    """The whole sample as chat."""
    rest = [{"role": turn.role, "content": turn.content} for turn in row.messages[1:]]
    return [asked(row, media), *rest]


def asked(row: Row, media: Media) -> Turn:
    """What is shown and asked, and no more."""
    first = row.messages[0].content
    return {"role": "user", "content": first if media.video is None else f"{VIDEO}\n{row.question}"}


def first_look(row: Row, media: Media) -> Media:
    """The media of the question alone, without those of a closer look."""
    return Media(media.images[: len(row.frame_times)], media.video)


def truth(row: Row) -> dict[str, Json]:
    """What a reward needs: as the columns of the config `rft`, spans as pairs, of a question the letter."""
    choice = row.truth.choice
    return {
        "task": row.task,
        "classes": list(row.classes),
        "labels": None if row.truth.labels is None else list(row.truth.labels),
        "spans": None if row.truth.spans is None else [[span.start, span.end] for span in row.truth.spans],
        "choice": letter(row.classes.index(choice)) if choice in row.classes else None,
        "graded_on": row.graded_on,
        "tiou_floor": row.tiou_floor,
    }


def solution(row: Row) -> str:
    """The truth in the tags of an answer: `<answer>label</answer><glue>[[start, end], ...]</glue>`."""
    told = truth(row)
    labels = row.truth.labels or ()
    named = told["choice"] if row.task == "qa" else next(iter(labels), None)
    text = "" if named is None else f"<answer>{named}</answer>"
    if row.task == "grounding" and row.truth.spans is not None:
        pairs = [[round(span.start, 2), round(span.end, 2)] for span in row.truth.spans]
        text += f"<glue>{json.dumps(pairs)}</glue>"
    return text
