"""What a student said, read back: the inverse of `chat.py`, and where a text bends it, as much as can be told.

A completion has one of three forms: the whole chain (`reflection`), both answers with nothing between them
(`two_pass`), or one answer (`plain`); the last two are the controls.
"""

import re
from typing import Literal, TypeAlias

from rocot.core.answer import Answer, Reflection
from rocot.core.record import Record
from rocot.core.reply import parse_answer, parse_reflection
from rocot.core.task import Task
from rocot.errors import ReplyError

Form: TypeAlias = Literal["reflection", "two_pass", "plain"]

_TAG = re.compile(r"</?(?:think|description|answer|glue|reflection|verdict)>")
_PARTS: dict[Task, tuple[str, ...]] = {
    "grounding": ("think", "answer", "glue"),
    "classification": ("think", "answer"),
    "qa": ("think", "answer"),
    "reasoning": ("think", "description", "answer"),
}


class Attempts(Record):
    """Both answers of a completion, and the reflection between them, each None where it cannot be read."""

    first: Answer | None
    """None in the form `plain` too."""
    reflection: Reflection | None
    final: Answer | None
    """The one that counts; in the form `plain` the only one."""
    strict: bool
    """Whether the tags are those of the form, each closed and in order, with nothing outside them, and every part
    can be read."""
    first_length: int
    """Characters up to the end of the first answer; 0 where there is none."""
    length: int
    """Characters in all."""


def tags_of(task: Task, form: Form) -> tuple[str, ...]:
    """The tags of a completion, in their order."""
    one = _PARTS[task]
    return {"plain": one, "two_pass": one + one, "reflection": (*one, "reflection", "verdict", *one)}[form]


def read(text: str, task: Task, classes: tuple[str, ...], form: Form) -> Attempts:
    """Reads a completion; `classes` are labels, or a question's options as they were shown. It never raises.

    What counts as an answer is what `reply.py` takes for one, so that a student and a teacher are held to one law.
    """
    head, middle, tail = _cut(text, form)
    first = None if form == "plain" else _answer(head, task, classes)
    reflection = _reflection(middle) if form == "reflection" else None
    final = _answer(tail, task, classes)
    whole = final is not None and (form == "plain" or first is not None)
    whole = whole and (form != "reflection" or reflection is not None)
    return Attempts(
        first=first,
        reflection=reflection,
        final=final,
        strict=whole and _in_order(text, tags_of(task, form)),
        first_length=len(head) if first is not None else 0,
        length=len(text),
    )


def unread(text: str, task: Task, classes: tuple[str, ...], form: Form) -> str:
    """Why the final answer of a completion cannot be read, in the words of `reply.py`; empty where it can.

    `no second answer` where a first one can be read and nothing follows it, or its reflection.
    """
    head, _, tail = _cut(text, form)
    alone = form != "plain" and not tail.strip()
    try:
        parse_answer(head if alone else tail, task, classes)
    except ReplyError as error:
        return error.reason
    return "no second answer" if alone else ""


def _cut(text: str, form: Form) -> tuple[str, str, str]:
    """Before the reflection, the reflection with its verdict, and what follows."""
    if form == "plain":
        return "", "", text
    if form == "two_pass":
        start = text.find("<think>", text.find("<think>") + 1)
        return (text, "", "") if start < 0 else (text[:start], "", text[start:])
    start = text.find("<reflection>")
    if start < 0:
        return text, "", ""
    end = max(text.rfind("</verdict>"), text.rfind("</reflection>"))
    end = len(text) if end < start else text.index(">", end) + 1
    return text[:start], text[start:end], text[end:]


def _in_order(text: str, wanted: tuple[str, ...]) -> bool:
    found = list(_TAG.finditer(text))
    pairs = [tag for name in wanted for tag in (f"<{name}>", f"</{name}>")]
    if [tag.group() for tag in found] != pairs:
        return False
    ends = [0, *(tag.end() for tag in found[1::2])]
    starts = [*(tag.start() for tag in found[::2]), len(text)]
    return not any(text[end:start].strip() for end, start in zip(ends, starts, strict=True))


def _answer(text: str, task: Task, classes: tuple[str, ...]) -> Answer | None:
    try:
        return parse_answer(text, task, classes)
    except ReplyError:
        return None  # no answer is the finding: it grades as wrong


def _reflection(text: str) -> Reflection | None:
    try:
        return parse_reflection(text)
    except ReplyError:
        return None  # likewise
