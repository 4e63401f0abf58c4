"""Rows for training, each made of one published row that is kept.

`SftRow` teaches what was said. Every turn of the one who was asked is a lesson of its own: the prompt shows what had
been shown and said until then, the completion is what it said next. A sample has one turn, and two where there was a
closer look: TRL takes images in a prompt alone (its collator fills none into a completion), and a completion that held
the frames of the closer look would teach the student to speak the user's words.

`RftRow` asks, and holds the truth that a reward needs; nothing that a teacher said is in it. Its frames are those of
the first look, since nobody knows at which stretch a student's own answer will want a closer one.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self, TypeAlias

from rocot.core.chat import CLOSER, ChatTurn, answer_text, reflection_text
from rocot.core.record import NUMBERED, Record
from rocot.core.reflection import Outcome
from rocot.core.row import Row
from rocot.core.span import Span
from rocot.core.task import Task
from rocot.core.truth import GradedOn

Encoded: TypeAlias = bytes
"""A picture as a file holds it."""


class EncodedImage(Record):
    """A picture with its bytes, as the feature Image of `datasets` has it.

    Never one with a path alone: that is opened on the machine of whoever reads the row.
    """

    bytes: Encoded
    path: str | None = None


class Trained(Record):
    """Which sample a row for training is made of, and which stretch of which video it is about."""

    id: str
    """That of the row in `all` which it is made of."""
    split: str
    """The split, as in the file's name."""
    source: str
    """The dataset that the video comes from."""
    video: str
    """Id of the source video within its source."""
    clip: str
    """Id of the clip: source and video, and where a long video is cut, its window."""
    rollout: int
    """Which of several independent samples of one clip it is."""
    video_mark: str
    """Content mark of the video file, by which it is known again."""
    video_duration: float
    """Length of the whole source video, seconds."""
    clip_start: float
    """Where the clip starts, seconds of the source video."""
    clip_end: float
    """Where the clip ends, seconds of the source video."""
    task: Task
    """What is asked."""
    reader: str
    """Which frame reader decoded the frames."""

    @staticmethod
    def of_row(row: Row) -> dict[str, object]:
        """These fields of a row."""
        return {name: getattr(row, name) for name in Trained.model_fields}


class SftRow(Trained):
    """One turn to learn: the prompt is context, the completion is the lesson."""

    turn: int
    """Which turn of the sample it is: 0, or 1 for what is said after a closer look. `id` and `turn` are unique."""
    outcome: Annotated[Outcome, NUMBERED]
    """As in `all`; a ClassLabel, so that `train_test_split(stratify_by_column="outcome")` splits evenly."""
    first_right: bool | None
    """Whether the first answer was right; null where there is no truth to grade on. The completion of turn 0 begins
    with that answer, which ends where `<reflection>` begins, or with the completion."""
    frame_times: tuple[float, ...]
    """Times of the frames of the first look, seconds of the source video, ascending."""
    frame_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `frame_times`."""
    relook_times: tuple[float, ...]
    """As `frame_times`, of the closer look; empty in turn 0. The parts `image` of the prompt are the frames of
    `frame_times`, then those of `relook_times`."""
    relook_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `relook_times`."""
    prompt: tuple[ChatTurn, ...]
    """What was shown, asked and said before, as TRL takes it: turns of parts, each with `type` and `text` alone."""
    completion: tuple[ChatTurn, ...]
    """What is said next: one turn of one part, in the tags of `messages` in `all`."""

    @classmethod
    def all_of(cls, row: Row) -> Iterator[Self]:
        """The turns of a row, in their order."""
        first, last = answer_text(row.initial, row.options), answer_text(row.revised, row.options)
        second = f"{reflection_text(row.reflection)}\n{last}"
        for turn, (prompt, said) in enumerate(lessons(row, first, second)):
            looked = turn > 0
            yield cls.model_validate(
                {
                    **cls.of_row(row),
                    "turn": turn,
                    "outcome": row.outcome,
                    "first_right": row.scores.initial_right,
                    "frame_times": row.frame_times,
                    "frame_digests": row.frame_digests,
                    "relook_times": row.relook_times if looked else (),
                    "relook_digests": row.relook_digests if looked else (),
                    "prompt": prompt,
                    "completion": (said,),
                }
            )


class RftRow(Trained):
    """One prompt to answer, and what rewards are reckoned from; TRL hands each column to them by its name."""

    classes: tuple[str, ...]
    """The labels that an answer may use, `Normal` among them; of `qa` the options, in the order of A, B, ..."""
    labels: tuple[str, ...] | None
    """True labels of the clip, `Normal` alone for normal footage; null where nobody said."""
    spans: tuple[Span, ...] | None
    """Where the anomalies are within the clip; empty for normal footage, null where not localised."""
    choice: str | None
    """Of `qa`, the text of the right option; null for other tasks, and where nobody said."""
    graded_on: GradedOn
    """How deep the truth goes."""
    tiou_floor: float
    """The least temporal IoU with the truth at which an answer counts as right."""
    outcome: Outcome
    """What came of the teacher's two answers, as in `all`; by it a curriculum can be drawn."""
    frame_times: tuple[float, ...]
    """Times of the frames, seconds of the source video, ascending; the parts `image` of the prompt in their order."""
    frame_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `frame_times`."""
    prompt: tuple[ChatTurn, ...]
    """Frames and question, as TRL takes them: one turn of parts, each with `type` and `text` alone."""

    @classmethod
    def all_of(cls, row: Row) -> Iterator[Self]:
        """The one prompt of a row."""
        yield cls.model_validate(
            {
                **cls.of_row(row),
                "classes": row.classes,
                "labels": row.truth.labels,
                "spans": row.truth.spans,
                "choice": row.truth.choice,
                "graded_on": row.graded_on,
                "tiou_floor": row.tiou_floor,
                "outcome": row.outcome,
                "frame_times": row.frame_times,
                "frame_digests": row.frame_digests,
                "prompt": (ChatTurn.asked(row.frame_times, row.question),),
            }
        )


def lessons(row: Row, first: str, second: str) -> Sequence[tuple[tuple[ChatTurn, ...], ChatTurn]]:
    """Prompt and completion of each turn, where `first` and then `second` is said.

    One lesson of both where there was no closer look; else one of each, since its frames stand between them.
    """
    asked = ChatTurn.asked(row.frame_times, row.question)
    if not row.relook_times:
        return [((asked,), ChatTurn.told(f"{first}\n{second}"))]
    began = ChatTurn.told(first)
    closer = ChatTurn.asked(row.relook_times, CLOSER)
    return [((asked,), began), ((asked, began, closer), ChatTurn.told(second))]
