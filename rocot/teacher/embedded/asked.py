"""What an ask wants, read from it alone: which it is, the frames, the window, what was said before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rocot.core.answer import Answer
from rocot.core.prompt import Ask, Picture, Text, Turn
from rocot.core.reply import Shape, parse_answer
from rocot.core.task import Task
from rocot.errors import ReplyError, TeacherError

Kind: TypeAlias = Literal["reason", "reflect", "revise", "opinion"]

_TASKS: tuple[Task, ...] = ("grounding", "classification")
"""That it answers. An ask for a reflection does not say on which of them the first answer is."""
_WINDOW = re.compile(r"from (\d+(?:\.\d+)?) s to (\d+(?:\.\d+)?) s")


@dataclass(frozen=True)
class Asked:
    """An ask, as far as this teacher understands it."""

    kind: Kind
    times: tuple[float, ...]
    """Seconds of the source video, ascending."""
    digests: tuple[str, ...]
    start: float
    """Of the window that the frames cover, seconds of the source video."""
    end: float
    """Seconds of the source video."""
    classes: tuple[str, ...]
    first: Answer | None = None
    """The first answer, whoever gave it; None where there is none, or none that parses."""
    located: bool = True
    """Whether an answer names spans."""
    findings: str = ""
    """The reflection, as the revising turn tells it."""


def read_ask(ask: Ask) -> Asked:
    """Which of the asks this is, and what it holds.

    Raises TeacherError: `no frames` for an ask without pictures, `not understood` for one that wants language.
    """
    if ask.shape in {"qa", "reasoning", "review"}:
        raise TeacherError("not understood", f"a vision baseline knows no language, and answers no {ask.shape}")
    looks = [[part for part in turn.parts if isinstance(part, Picture)] for turn in ask.turns]
    # The first look alone: measurements were fitted to frames at even distances, which those of a relook are not.
    first = next((look for look in looks if look), [])
    shown = sorted({part.time: part.digest for part in first}.items())
    if not shown:
        raise TeacherError("no frames", "the ask holds no picture, and a vision baseline has nothing else to go by")
    times = tuple(time for time, _ in shown)
    users = [words(turn) for turn in ask.turns if turn.role == "user"]
    replies = [words(turn) for turn in ask.turns if turn.role == "assistant"]
    start, end = window(users[0] if users else "", times)
    kinds: Mapping[Shape, Kind] = {"reflection": "reflect", "opinion": "opinion"}
    kind = kinds.get(ask.shape, "revise" if replies else "reason")
    return Asked(
        kind=kind,
        times=times,
        digests=tuple(digest for _, digest in shown),
        start=start,
        end=end,
        classes=ask.classes,
        first=_answer(replies[0], ask.classes) if replies else None,
        located=ask.shape != "classification",
        findings=users[-1] if kind == "revise" else "",
    )


def words(turn: Turn) -> str:
    """The text of a turn."""
    return "\n".join(part.text for part in turn.parts if isinstance(part, Text))


def window(text: str, times: tuple[float, ...]) -> tuple[float, float]:
    """The stretch that the frames stand for, seconds: as the question says, else half a step beyond the frames."""
    for found in _WINDOW.finditer(text):
        start, end = float(found.group(1)), float(found.group(2))
        if start <= times[0] + 0.01 and times[-1] - 0.01 <= end and start < end:
            return start, end
    half = (times[-1] - times[0]) / (len(times) - 1) / 2 if len(times) > 1 else 0.5
    return max(0.0, times[0] - half), times[-1] + half


def _answer(text: str, classes: tuple[str, ...]) -> Answer | None:
    for task in _TASKS:
        try:
            return parse_answer(text, task, classes)
        except ReplyError:
            continue
    return None
