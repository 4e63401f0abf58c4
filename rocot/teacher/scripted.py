"""`scripted`: a teacher for tests. Its reply is a pure function of the ask, valid in shape, and means nothing."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from rocot.core.prompt import Ask, Picture, Text
from rocot.core.rating import AXES
from rocot.core.record import Json
from rocot.core.reply import Dialect, Shape
from rocot.core.truth import NORMAL, UNCLEAR
from rocot.errors import TeacherError
from rocot.teacher.completion import read, spelt
from rocot.teacher.protocol import Raw, Reply, Usage

MODEL = "scripted"


class ScriptedTeacher:
    """Answers in this process. `script` says what comes of the first sends, in order; None stands for a valid reply."""

    model = MODEL
    endpoint = "in process"

    def __init__(self, script: Iterable[Raw | TeacherError | None] = (), *, latency: float = 0.0) -> None:
        """`latency` is the seconds that each reply takes."""
        self._script = iter(script)
        self._latency = latency
        self.sent = 0
        """Attempts so far, failed ones too."""

    async def start(self) -> None:
        """It is ready as it is made."""

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """The next of the script, or the reply to this ask. Raises TeacherError (`no picture`) like a real one."""
        self.sent += 1
        times = [part.time for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]
        missing = [part.digest for turn in ask.turns for part in turn.parts if isinstance(part, Picture)]
        missing = [digest for digest in missing if digest not in pictures]
        if missing:
            raise TeacherError("no picture", f"the frame {missing[0][:12]} was not handed over")
        await asyncio.sleep(self._latency)
        scripted = next(self._script, None)
        if isinstance(scripted, TeacherError):
            raise scripted
        if scripted is not None:
            return scripted
        texts = [[part.text for part in turn.parts if isinstance(part, Text)] for turn in ask.turns]
        answered = ["".join(text) for turn, text in zip(ask.turns, texts, strict=True) if turn.role == "assistant"]
        kept = kept_answer(answered, "".join(texts[-1]))
        text = kept or reply_text(ask.shape, ask.dialect, ask.classes, times, draw=ask.key)
        usage = Usage(prompt=100 * len(times) + 500, completion=len(text) // 4)
        return Raw(body=spelt(text, MODEL, usage))

    def read(self, raw: bytes) -> Reply:
        """See `completion.read`."""
        return read(raw)

    async def close(self) -> None:
        """It holds nothing."""


def kept_answer(answered: Sequence[str], asked: str) -> str | None:
    """The first answer word for word, where the last turn quotes a reflection that keeps it."""
    return answered[-1] if answered and "Verdict: keep." in asked else None


def reply_text(shape: Shape, dialect: Dialect, classes: tuple[str, ...], times: Sequence[float], *, draw: str) -> str:
    """A valid reply about frames at `times` (seconds, ascending); the same for the same `draw`.

    Of every shape but `review` and `rating` there must be at least one frame.
    """
    dice = Random(draw)  # noqa: S311  # nothing secret is drawn
    if shape == "review":
        return _review(dialect, dice.choice(("real", "not real", "cannot tell")))
    if shape == "rating":
        return _rating(dialect, {axis: dice.randint(0, 10) for axis in AXES})
    first, last = sorted((dice.choice(times), dice.choice(times)))
    if shape == "reflection":
        return _reflection(dialect, first, last, keep=dice.random() < 0.5)
    if shape == "opinion":
        return _opinion(dialect, dice.choice((*classes, UNCLEAR)), first, last)
    return _answer(shape, dialect, dice.choice(classes), first, max(last, first + 0.04))


def _answer(shape: Shape, dialect: Dialect, label: str, start: float, end: float) -> str:
    normal = label == NORMAL
    reasoning = f"Scripted: from {start:.2f} s to {end:.2f} s the frames show {label}."
    description = f"Scripted: {label} is seen from {start:.2f} s on."
    if dialect == "tagged":
        spans = "[]" if normal else f"[[{start}, {end}]]"
        told = f"<description>{description}</description>" if shape == "reasoning" else ""
        glue = f"<glue>{spans}</glue>" if shape == "grounding" else ""
        return f"<think>{reasoning}</think>{told}<answer>{label}</answer>{glue}"
    seen: dict[str, Json] = {"start": start, "end": end}
    answer: dict[str, Json] = {"evidence": [seen | {"observation": f"Scripted: {label}."}], "reasoning": reasoning}
    if shape == "reasoning":
        answer["description"] = description
    answer["choice" if shape == "qa" else "label"] = label
    if shape == "grounding":
        answer["spans"] = [] if normal else [seen]
    return json.dumps(answer, ensure_ascii=False)


def _reflection(dialect: Dialect, start: float, end: float, *, keep: bool) -> str:
    verdict = "keep" if keep else "revise"
    critique = f"Scripted: looked again from {start:.2f} s to {end:.2f} s."
    if dialect == "tagged":
        return f"<reflection>{critique}</reflection><verdict>{verdict}</verdict>"
    check: dict[str, Json] = {
        "claim": "Scripted claim.",
        "finding": "Scripted finding.",
        "start": start,
        "end": end,
        "holds": keep,
    }
    return json.dumps({"checks": [check], "critique": critique, "verdict": verdict}, ensure_ascii=False)


def _opinion(dialect: Dialect, label: str, start: float, end: float) -> str:
    reasoning = f"Scripted: from {start:.2f} s to {end:.2f} s these frames show {label}."
    if dialect == "tagged":
        return f"<think>{reasoning}</think><answer>{label}</answer>"
    seen: Json = [{"start": start, "end": end, "observation": f"Scripted: {label}."}]
    return json.dumps({"evidence": seen, "reasoning": reasoning, "label": label}, ensure_ascii=False)


def _review(dialect: Dialect, verdict: str) -> str:
    error, reason = "Scripted error.", f"Scripted: it is {verdict}."
    if dialect == "tagged":
        return f"<error>{error}</error><reason>{reason}</reason><verdict>{verdict}</verdict>"
    point: Json = {"error": error, "reason": reason, "verdict": verdict}
    return json.dumps({"points": [point]}, ensure_ascii=False)


def _rating(dialect: Dialect, given: Mapping[str, int]) -> str:
    if dialect == "tagged":
        return "".join(f"<{axis}>{number}</{axis}>" for axis, number in given.items())
    return json.dumps(given)
