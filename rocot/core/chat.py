"""A sample as chat: the text that a student is trained on, in the tags that `reply.py` reads back."""

import json
from collections.abc import Sequence
from typing import Literal

from rocot.core.answer import Answer, Reflection
from rocot.core.prompt import stamp
from rocot.core.record import Record

IMAGE = "<image>"
"""Stands for one frame, as ms-swift, LLaMA-Factory and verl have it."""


class Message(Record):
    """One turn of a chat, as TRL and `datasets` have it."""

    role: Literal["user", "assistant"]
    """Who speaks."""
    content: str
    """Plain text; a frame stands in it as `<12.50s><image>`: its time in seconds of the source video, then the
    placeholder that a trainer replaces by the picture."""


def messages(
    times: Sequence[float], question: str, initial: Answer, reflection: Reflection, revised: Answer
) -> tuple[Message, Message]:
    """The whole sample as one question and one reply; `times` are the frames', seconds of the source video."""
    looked = "".join(f"{stamp(time)}{IMAGE}" for time in times)
    reply = "\n".join((answer_text(initial), reflection_text(reflection), answer_text(revised)))
    return Message(role="user", content=f"{looked}\n{question}"), Message(role="assistant", content=reply)


def answer_text(answer: Answer) -> str:
    """`<think>evidence, reasoning</think><answer>label</answer><glue>[[start, end], ...]</glue>`, seconds."""
    seen = [f"- {part.start:.2f}-{part.end:.2f} s: {part.observation}" for part in answer.evidence]
    think = "\n".join([*seen, answer.reasoning])
    spans = json.dumps([[round(span.start, 2), round(span.end, 2)] for span in answer.spans])
    return f"<think>{think}</think><answer>{answer.label}</answer><glue>{spans}</glue>"


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
