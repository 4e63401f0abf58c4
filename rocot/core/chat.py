"""A sample as chat: the text that a student is trained on, in the tags that `reply.py` reads back."""

from collections.abc import Sequence
from typing import Literal, Self

from rocot.core.answer import Answer, Reflection
from rocot.core.prompt import stamp
from rocot.core.record import Record
from rocot.core.task import letter

IMAGE = "<image>"
"""Stands for one frame, as ms-swift, LLaMA-Factory and verl have it."""


CLOSER = "More frames of the same clip: a closer look at the stretches that your answer named."
"""What is said of the frames of the second look."""


class Message(Record):
    """One turn of a chat, as TRL and `datasets` have it."""

    role: Literal["user", "assistant"]
    """Who speaks."""
    content: str
    """Plain text; a frame stands in it as `<12.50s><image>`: its time in seconds of the source video, then the
    placeholder that a trainer replaces by the picture."""


class ChatPart(Record):
    """A stretch of text, or the place of one frame.

    It has no other fields: TRL takes a part with a field `image`, even a null one, for an image and drops its text.
    """

    type: Literal["text", "image"]
    """What it is."""
    text: str | None = None
    """Null for a frame."""


_PICTURE = ChatPart(type="image")


class ChatTurn(Record):
    """One turn of a chat in parts, as TRL takes it; its frames go in where the parts `image` stand, in their order."""

    role: Literal["user", "assistant"]
    """Who speaks."""
    content: tuple[ChatPart, ...]
    """What is said, in parts; the time of each frame, seconds of the source video, stands before it: `<12.50s>`."""

    @classmethod
    def asked(cls, times: Sequence[float], words: str) -> Self:
        """Frames, and what is said of them."""
        frames = (part for time in times for part in (ChatPart(type="text", text=stamp(time)), _PICTURE))
        return cls(role="user", content=(*frames, ChatPart(type="text", text=f"\n{words}")))

    @classmethod
    def told(cls, words: str) -> Self:
        """What the one who was asked says."""
        return cls(role="assistant", content=(ChatPart(type="text", text=words),))


def messages(  # noqa: PLR0913, PLR0917 - the parts of a sample, in their order
    times: Sequence[float],
    question: str,
    initial: Answer,
    relook: Sequence[float],
    reflection: Reflection,
    revised: Answer,
    options: Sequence[str] = (),
) -> tuple[Message, ...]:
    """The whole sample as one question and one reply, or, where there was a closer look, two of each.

    `times` and `relook` are those of the frames, seconds of the source video; `options` are those of a question, as
    they were shown. The second user's turn stands where the
    teacher was shown more: a student must not learn to describe what it was not shown.
    """
    first, last = answer_text(initial, options), answer_text(revised, options)
    second = f"{reflection_text(reflection)}\n{last}"
    asked = Message(role="user", content=f"{shown(times)}\n{question}")
    if not relook:
        return asked, Message(role="assistant", content=f"{first}\n{second}")
    return (
        asked,
        Message(role="assistant", content=first),
        Message(role="user", content=f"{shown(relook)}\n{CLOSER}"),
        Message(role="assistant", content=second),
    )


def shown(times: Sequence[float]) -> str:
    """Frames as they stand in a chat."""
    return "".join(f"{stamp(time)}{IMAGE}" for time in times)


def answer_text(answer: Answer, options: Sequence[str] = ()) -> str:
    """`<think>evidence, reasoning</think><answer>label</answer><glue>[[start, end], ...]</glue>`, seconds.

    Without `<glue>` where the task asks for no spans; of a question the label is the letter of the chosen option; open
    reasoning has its `<description>` before the label.
    """
    seen = [f"- {part.start:.2f}-{part.end:.2f} s: {part.observation}" for part in answer.evidence]
    text = f"<think>{chr(10).join([*seen, answer.reasoning])}</think>"
    if answer.description is not None:
        text += f"<description>{answer.description}</description>"
    chosen = letter(options.index(answer.label)) if answer.label in options else answer.label
    text += f"<answer>{chosen}</answer>"
    if answer.spans is not None:
        text += f"<glue>{[[round(span.start, 2), round(span.end, 2)] for span in answer.spans]}</glue>"
    return text


def reflection_text(reflection: Reflection) -> str:
    """`<reflection>checks, critique</reflection><verdict>keep or revise</verdict>`."""
    return f"<reflection>{critique_text(reflection)}</reflection><verdict>{reflection.verdict}</verdict>"


def critique_text(reflection: Reflection) -> str:
    """The checks, one a line, then the critique."""
    checks = [
        f"- {check.start:.2f}-{check.end:.2f} s: {check.claim}"
        f" {'Holds' if check.holds else 'Does not hold'}: {check.finding}"
        for check in reflection.checks
    ]
    return "\n".join([*checks, reflection.critique])
