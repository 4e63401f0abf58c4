"""Marks: what the screen has to know of each row, read off the rows by themselves, many at a time."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import pyarrow as pa

from rocot.core.answer import Answer
from rocot.core.chat import critique_text
from rocot.core.gate import RUN_RULES, Gate
from rocot.core.reflection import Outcome, rejected
from rocot.core.row import Row
from rocot.core.rules.words import content, holds, spaced
from rocot.recipe import Mix
from rocot.release.likeness import Texts, sets_of, texts_of
from rocot.release.select import candidate, draw, spelt

ORDER: tuple[Outcome, ...] = ("corrected", "confirmed", "unresolved", "ungraded", "corrupted")
"""Which of two near duplicates stays: the scarcer, the righter."""
COLUMNS = {
    "split": pa.string(),
    "clip": pa.string(),
    "rollout": pa.int64(),
    "id": pa.string(),
    "rank": pa.int64(),
    "unkept": pa.string(),
    "draw": pa.string(),
    "candidate": pa.string(),
    "label": pa.string(),
    "whole": pa.binary(),
    "reflection": pa.binary(),
    "answer": pa.binary(),
    "whole_bands": pa.binary(),
    "reflection_bands": pa.binary(),
    "answer_bands": pa.binary(),
}
"""Of a mark, in their order."""
Mark: TypeAlias = tuple[str | int | bytes | None, ...]
"""One row's."""
_Said: TypeAlias = tuple[list[bytes | None], list[bytes | None]]
"""Of each row the runs of one of its texts, and their bands; None where no rule asks for them."""


def marks(rows: Sequence[Row], gate: Gate, mix: Mix) -> list[Mark]:
    """Those of each row. Of its faults those of the rules of whole runs are not looked at: they are found anew."""
    similar, duplicate = (getattr(gate.rules, rule.replace(" ", "_")) != "off" for rule in RUN_RULES)
    nothing: _Said = ([None] * len(rows), [None] * len(rows))
    wholes = _said(texts_of([told(row) for row in rows])) if duplicate else nothing
    reflections, answers = _reflections(rows) if similar else (nothing, nothing)
    texts = zip(*wholes, *reflections, *answers, strict=True)
    return [
        (*_place(row, mix), whole, reflection, answer, whole_bands, reflection_bands, answer_bands)
        for row, (whole, whole_bands, reflection, reflection_bands, answer, answer_bands) in zip(
            rows, texts, strict=True
        )
    ]


def _place(row: Row, mix: Mix) -> Mark:
    """Where it stands among others, and what it comes to by itself."""
    own = [fault for fault in row.faults if fault.rule not in RUN_RULES]
    unkept = "fault" if rejected(own) else None if row.outcome in mix.keep else "outcome"
    rank = (unkept == "fault") * len(ORDER) + ORDER.index(row.outcome)
    unkept = "control" if row.handed is not None else unkept
    drawn = draw(mix.seed, row.id), spelt(candidate(row, 0))
    return row.split, row.clip, row.rollout, row.id, rank, unkept, *drawn, reflected_on(row).label


def _said(texts: Texts) -> _Said:
    octets, ends = texts.runs.tobytes(), (texts.counts.cumsum() * texts.runs.itemsize).tolist()
    return (
        [octets[start:end] for start, end in zip([0, *ends], ends, strict=False)],
        [line.tobytes() for line in texts.bands()],
    )


def told(row: Row) -> str:
    """All that a student learns to say, with its times, numbers and tags."""
    return "\n".join([message.content for message in row.messages if message.role == "assistant"])


def _reflections(rows: Sequence[Row]) -> tuple[_Said, _Said]:
    """The reflections without times, numbers and labels, and what they name of the answers that they are about.

    That is the telling words that both have; the words of the answer, as those of the reflection, where there are none.
    """
    reflections = [without(row.classes, critique_text(row.reflection)) for row in rows]
    answers = [without(row.classes, said(reflected_on(row))) for row in rows]
    both = [content(one) & content(other) for one, other in zip(reflections, answers, strict=True)]
    others = [text for text, words in zip(answers, both, strict=True) if not words]
    named = zip(*_said(sets_of([words for words in both if words])), strict=True)
    plain = zip(*_said(texts_of(others, numbers=False)), strict=True)
    chosen = [next(named if words else plain) for words in both]
    return _said(texts_of(reflections, numbers=False)), ([runs for runs, _ in chosen], [bands for _, bands in chosen])


def reflected_on(row: Row) -> Answer:
    """The answer that a reflection has to fit: the first one, and where that found nothing and is revised, the last."""
    found_nothing = row.initial.normal and row.reflection.verdict == "revise"
    return row.revised if found_nothing else row.initial


def said(answer: Answer) -> str:
    """The words of an answer."""
    return "\n".join([answer.reasoning, answer.description or "", *(part.observation for part in answer.evidence)])


def without(labels: tuple[str, ...], text: str) -> str:
    """A text without the labels in it. Where none can be there, nothing is searched for one: that takes ten times."""
    spelt = _spaced(labels)
    if spelt is not None and text.isascii() and not holds(spaced(text), spelt):
        return text
    return _labels(labels).sub(" ", text)


@cache
def _spaced(labels: tuple[str, ...]) -> tuple[str, ...] | None:
    """As they stand in a text that is spelt so; None where one of them may stand there in letters of another case."""
    return tuple(map(spaced, labels)) if all(map(str.isascii, labels)) else None


@cache
def _labels(labels: tuple[str, ...]) -> re.Pattern[str]:
    spelt = (re.escape(label).replace("_", "[ _]") for label in sorted(labels, key=lambda label: (-len(label), label)))
    return re.compile(rf"\b(?:{'|'.join(spelt)})\b", re.IGNORECASE)
