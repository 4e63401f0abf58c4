"""The published row: one sample, one line of the dataset. Its fields are the columns, in this order.

Nothing in it differs between two equal runs: no dates, latency, usage, cost, paths or addresses.
"""

from typing import Literal, Self, TypeAlias

from pydantic import Field

from rocot.core.answer import Answer, Reflection
from rocot.core.chat import Message, messages
from rocot.core.checked import BlindLook, Criticism
from rocot.core.checks import countered, reanswered
from rocot.core.gate import Story
from rocot.core.record import Record
from rocot.core.reflection import Fault, Judged, Looked, Outcome, Reviewed, Said, Scores, rejected
from rocot.core.reply import cleaned
from rocot.core.task import Posed, Task
from rocot.core.truth import GradedOn, Truth

NotKept: TypeAlias = Literal["control", "fault", "outcome", "mix: video", "mix: source", "mix: class", "mix: share"]
"""Why a row is not kept for training."""


class Edition(Record):
    """What all rows of one export share."""

    release: str
    """Name of the release, from the recipe."""
    version: str
    """Version of the release, from the recipe."""
    fingerprint: str
    """Digest of the flow that made the row: stages, prompts, models, sampling, gate."""
    rocot: str
    """Version of rocot that exported it."""
    tiou_floor: float
    """The least tIoU of a right answer, from the recipe's gate."""
    improved_floor: float
    """The least gain in tIoU that counts as improved, from the recipe's gate."""
    keep: tuple[Outcome, ...]
    """Outcomes that are kept for training, from the recipe's mix."""


class Credit(Record):
    """Who said it, asked how."""

    model: str
    """The model, as the recipe names it."""
    prompt: str
    """sha256 over the digests of the prompt templates behind it."""
    call: str
    """Key of the recorded call: sha256 of all that was sent, and the rollout's number."""

    @classmethod
    def of(cls, said: Said) -> Self:
        """The credit, without the words."""
        return cls(model=said.model, prompt=said.prompt, call=said.call)


class Provenance(Record):
    """Where a row comes from."""

    initial: Credit
    """Of the initial reasoning."""
    reflection: Credit
    """Of the self-reflection."""
    revised: Credit
    """Of the revised reasoning."""
    reanswer: Credit | None
    """Of the fresh answer from the revised spans; null where nobody was asked."""
    counterfactual: Credit | None
    """Of the fresh answer from what they leave; null where nobody was asked."""
    critic: Credit | None
    """Of the review of the reflection; null where nobody was asked."""
    fingerprint: str
    """Digest of the flow that made the row: stages, prompts, models, sampling, gate."""
    release: str
    """Name of the release."""
    version: str
    """Version of the release."""
    rocot: str
    """Version of rocot that exported the row."""


class Row(Record):
    """One sample of the dataset."""

    id: str = Field(min_length=1)
    """Unique in the release: the clip, `#`, and the rollout's number. Rows are sorted by clip and rollout."""
    split: str
    """The split, as in the file's name."""
    source: str
    """The dataset that the video comes from."""
    video: str
    """Id of the source video within its source; clips of one video share it."""
    clip: str
    """Id of the clip: source and video, and where a long video is cut, its window."""
    rollout: int = Field(ge=0)
    """Which of several independent samples of one clip it is: 0, 1, ..."""
    clip_start: float = Field(ge=0)
    """Where the clip starts, seconds of the source video."""
    clip_end: float = Field(gt=0)
    """Where the clip ends, seconds of the source video."""
    video_duration: float = Field(gt=0)
    """Length of the whole source video, seconds."""
    video_mark: str
    """Content mark of the video file: sha256 over its size and the first and last 64 KiB."""
    task: Task
    """`grounding`: label and spans; `classification`: a label; `qa`: one of several options; `reasoning`: what happens
    and why it is or is not an anomaly, in prose, and a label."""
    posed: Posed | None
    """The question with options that was asked, without them, and how they were shuffled; null but for `qa`."""
    classes: tuple[str, ...]
    """The labels that an answer could use, `Normal` among them; of `qa` the options, in the order in which they were
    shown as A, B, ..."""
    common: tuple[str, ...]
    """For each of `classes` the class of the common taxonomy that it belongs to, empty text for none; an empty list
    where none is known, and for `qa`."""
    leak: str | None
    """Of whose official test split the video is, and why it was taken all the same; null for all others."""
    frame_times: tuple[float, ...] = Field(min_length=1)
    """True presentation times of the frames behind the initial reasoning, seconds of the source video, ascending."""
    frame_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `frame_times`."""
    relook_times: tuple[float, ...]
    """As `frame_times`, of the frames that reflection and revision saw besides: a closer look at the initial spans."""
    relook_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `relook_times`."""
    lost_times: tuple[float, ...]
    """Times at which a frame was wanted and a damaged file has none that is surely right, seconds of the source video,
    ascending; empty but for recipes that take damaged files."""
    reader: str
    """Which frame reader decoded them."""
    question: str
    """What was asked first, without the frames."""
    initial: Answer
    """The initial reasoning and its conclusion."""
    reflection: Reflection
    """The self-reflection on it."""
    revised: Answer
    """The revised reasoning and its conclusion."""
    messages: tuple[Message, ...] = Field(min_length=2)
    """The sample as chat, ready for training: a user turn with the frames and the question, an assistant turn with
    `<think>`, `<answer>`, `<glue>` (spans), `<reflection>`, `<verdict>`, then the revised `<think>`, `<answer>`,
    `<glue>`. `<glue>` stands there for grounding alone; open reasoning has a `<description>` before each `<answer>`, a
    question the letter in it. Where there is a relook, a user turn with its frames stands before `<reflection>`."""
    reanswer: BlindLook | None
    """Whether the frames of the revised spans alone lead to the revised answer; of a normal one, those of the whole
    clip. Null where the recipe does not ask."""
    counterfactual: BlindLook | None
    """Whether the frames that the revised spans leave read as normal; of a normal answer, those of the middle half of
    the clip. Null where the recipe does not ask."""
    critic: Criticism | None
    """Whether the errors that the reflection names are real. Null where the recipe does not ask."""
    truth: Truth
    """Ground truth within the clip. No teacher saw it, unless the recipe is guided."""
    handed: str | None
    """In a control, id of the clip whose truth the reflection was handed instead of its own; null for all others."""
    graded_on: GradedOn
    """How deep the truth goes: `label+span`, `span`, `label`, `choice` (of a question's options) or `none`."""
    tiou_floor: float = Field(ge=0, le=1)
    """The least temporal IoU with the truth at which an answer counts as right."""
    improved_floor: float = Field(gt=0, le=1)
    """The least gain in temporal IoU, from the first answer to the revised one, that counts as improved."""
    scores: Scores
    """Both answers against the truth."""
    outcome: Outcome
    """`confirmed` = right then right, `corrected` = wrong then right, `unresolved` = wrong then wrong,
    `corrupted` = right then wrong, `ungraded` = no truth to grade on."""
    faults: tuple[Fault, ...]
    """The gate's rules that the sample breaks; empty for a clean one."""
    kept: bool
    """Whether it is meant for training: no fault that rejects, an outcome that the recipe's mix wants, and drawn where
    the mix does not take all."""
    not_kept: NotKept | None
    """Why it is not kept: `control` = its reflection was handed another clip's truth, `fault` = a fault that rejects,
    `outcome` = none that the mix wants, `mix: ...` = more of its video, source, class or share than the mix takes; null
    for kept rows."""
    provenance: Provenance
    """Models, prompts, calls, flow, release."""

    @classmethod
    def of(cls, item: Judged, edition: Edition) -> Self:
        """The row of a judged item, its text without what Parquet cannot hold (lone surrogates, control characters).

        Kept or not as far as the item by itself can tell; what only the whole run tells is put in by the export.
        """
        return cls.spelt(item, edition)[0]

    @classmethod
    def spelt(cls, item: Judged, edition: Edition) -> tuple[Self, str]:
        """As `of`, and the row's JSON, which tells whether its texts are clean."""
        row = cls._of(item, edition)
        said = _clean_json(row)
        if said is None:
            row = cls._of(Judged.model_validate(cleaned(item.model_dump())), edition)
            said = row.model_dump_json()
        return row, said

    @classmethod
    def _of(cls, item: Judged, edition: Edition) -> Self:
        unwanted: NotKept | None = None if item.outcome in edition.keep else "outcome"
        unwanted = "fault" if rejected(item.faults) else unwanted
        unwanted = "control" if item.handed else unwanted
        times, again = (tuple(frame.time for frame in frames) for frames in (item.frames, item.relook))
        options = item.classes if item.task == "qa" else ()
        return cls(
            id=item.key,
            split=item.split,
            source=item.source,
            video=item.video,
            clip=item.id,
            rollout=item.rollout,
            clip_start=item.start,
            clip_end=item.end,
            video_duration=item.duration,
            video_mark=item.mark,
            task=item.task,
            posed=item.posed,
            classes=item.classes,
            common=item.common,
            leak=item.leak or None,
            frame_times=times,
            frame_digests=tuple(frame.digest for frame in item.frames),
            relook_times=again,
            relook_digests=tuple(frame.digest for frame in item.relook),
            lost_times=tuple(sorted({*item.lost, *item.relook_lost})),
            reader=item.reader,
            question=item.question,
            initial=item.initial,
            reflection=item.reflection,
            revised=item.revised,
            messages=messages(times, item.question, item.initial, again, item.reflection, item.revised, options),
            reanswer=BlindLook.of(item.reanswer, lambda said: reanswered(said, item.revised)),
            counterfactual=BlindLook.of(item.counterfactual, countered),
            critic=Criticism.of(item.critic),
            truth=item.truth,
            handed=item.handed or None,
            graded_on=item.graded_on,
            tiou_floor=edition.tiou_floor,
            improved_floor=edition.improved_floor,
            scores=item.scores,
            outcome=item.outcome,
            faults=item.faults,
            kept=unwanted is None,
            not_kept=unwanted,
            provenance=Provenance(
                initial=Credit.of(item.initial_said),
                reflection=Credit.of(item.reflection_said),
                revised=Credit.of(item.revised_said),
                reanswer=_credit(item.reanswer),
                counterfactual=_credit(item.counterfactual),
                critic=_credit(item.critic),
                fingerprint=edition.fingerprint,
                release=edition.release,
                version=edition.version,
                rocot=edition.rocot,
            ),
        )

    @property
    def options(self) -> tuple[str, ...]:
        """Of a question its options as they were shown; empty for other tasks."""
        return self.classes if self.task == "qa" else ()

    @property
    def in_common(self) -> dict[str, str]:
        """The common class of each label that has one."""
        return {name: common for name, common in zip(self.classes, self.common, strict=False) if common}

    def story(self) -> Story:
        """What the gate's rules look at."""
        return Story(
            start=self.clip_start,
            end=self.clip_end,
            frame_times=self.frame_times,
            relook_times=self.relook_times,
            classes=self.classes,
            task=self.task,
            initial=self.initial,
            reflection=self.reflection,
            revised=self.revised,
            truth=self.truth,
            reanswer=None if self.reanswer is None else self.reanswer.opinion,
            counterfactual=None if self.counterfactual is None else self.counterfactual.opinion,
            review=None if self.critic is None else self.critic.review,
        )


def _clean_json(row: Row) -> str | None:
    """Its JSON where its texts are surely as `cleaned` would leave them: a fifth of the time of cleaning two hundred.

    In JSON a control character is escaped, or keeps the whole from being printable. So does an escaped backslash before
    one of these letters, and a space without a name: who looks closer finds that out.
    """
    try:
        spelt = row.model_dump_json()
    except ValueError:  # a lone surrogate has no JSON
        return None
    printable = "\x7f" not in spelt if spelt.isascii() else spelt.isprintable()
    escaped = {part[:1] for part in spelt.split("\\")[1:]}
    return spelt if printable and escaped.isdisjoint("bfru") else None


def _credit(check: Looked | Reviewed | None) -> Credit | None:
    return None if check is None or check.said is None else Credit.of(check.said)
