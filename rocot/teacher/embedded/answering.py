"""The asks, answered: a first look, a second look at what was claimed, what follows from both, and blind looks."""

from collections.abc import Mapping, Sequence

from rocot.core.answer import Answer
from rocot.core.checks import Opinion
from rocot.core.reply import Dialect
from rocot.core.span import Span, clipped, union
from rocot.core.truth import NORMAL
from rocot.teacher.embedded.asked import Asked
from rocot.teacher.embedded.conclude import Conclusion, behind, conclude
from rocot.teacher.embedded.describe import restated, told_answer
from rocot.teacher.embedded.findings import proposed, verdict_in
from rocot.teacher.embedded.labels import in_words_of
from rocot.teacher.embedded.looks import Look, Looks
from rocot.teacher.embedded.reflecting import reflect
from rocot.teacher.embedded.wording import spell_answer, spell_opinion, spell_reflection


def reply_to(asked: Asked, jpegs: Sequence[bytes], dialect: Dialect, looks: Looks) -> str:
    """The reply's text. Raises TeacherError (`bad frame`)."""
    names = in_words_of(asked.classes)
    if asked.kind == "reason":
        look = looks.at("first", asked, jpegs)
        return _spelt(told_answer(look, conclude(look.weighed, names), names), asked, dialect)
    look = looks.at("second", asked, jpegs)
    if asked.kind == "opinion":
        return spell_opinion(_opinion(look, names), dialect)
    if asked.kind == "reflect":
        return spell_reflection(reflect(look, asked.first, names), dialect)
    return _spelt(_revised(asked, look, names), asked, dialect)


def _spelt(answer: Answer, asked: Asked, dialect: Dialect) -> str:
    """As the ask wants it: of a classification, the label alone."""
    return spell_answer(answer if asked.located else answer.model_copy(update={"spans": None}), dialect)


LEAST = 6
"""Frames from which a blind look concludes anything: the usual picture is their median, and of fewer a guess."""


def _opinion(look: Look, names: Mapping[str, str]) -> Opinion:
    """What the second look finds in these frames; of too few it tells what it measured, and abstains."""
    found = told_answer(look, conclude(look.weighed, names), names)
    if len(look.signals.times) >= LEAST:
        return Opinion(evidence=found.evidence, reasoning=found.reasoning, label=found.label)
    reason = f"{len(look.signals.times)} frames are too few to tell the usual from the unusual by measuring."
    return Opinion(evidence=found.evidence, reasoning=reason, label=None)


def _revised(asked: Asked, look: Look, names: Mapping[str, str]) -> Answer:
    """The final answer: the first one where the reflection keeps it, else what it proposes, else the second look's."""
    first, verdict = asked.first, verdict_in(asked.findings)
    if first is not None and verdict == "keep":
        return _settled(look, first.label, first.spans or _everywhere(asked, first.label), names)
    change = proposed(asked.findings, asked.classes)
    if change is not None:
        label, spans = change
        return _settled(look, label, union(clipped(spans, asked.start, asked.end)), names)
    return told_answer(look, conclude(look.weighed, names), names)


def _everywhere(asked: Asked, label: str) -> tuple[Span, ...]:
    """The whole window, where an anomaly was named and no span asked for."""
    return () if asked.located or label == NORMAL else (Span(start=asked.start, end=asked.end),)


def _settled(look: Look, label: str, spans: tuple[Span, ...], names: Mapping[str, str]) -> Answer:
    """A settled label and spans, with the second look's measurements."""
    weighed = look.weighed
    if label == NORMAL or not spans:
        return told_answer(look, Conclusion(NORMAL, NORMAL, (), weighed.normal, ()), names)
    alike = [k for k, own in enumerate(weighed.labels) if names.get(own) == label]
    if not alike or not len(weighed.scores):
        return restated(look, label, None, spans, ())
    rows = tuple(behind(weighed, alike, span) for span in spans)
    return restated(look, label, weighed.labels[alike[0]], spans, rows)
