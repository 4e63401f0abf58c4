"""Replies in the form that the ask wants, JSON or tags."""

import json

from rocot.core.answer import Answer, Reflection
from rocot.core.checks import Opinion
from rocot.core.reply import LONGEST_TEXT, MOST_PARTS, Dialect
from rocot.core.truth import UNCLEAR


def spell_answer(answer: Answer, dialect: Dialect) -> str:
    """An answer as its reply's text. Tagged text has no fields for evidence: it opens the reasoning."""
    if dialect == "json":
        return json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    seen = [f"{_when(item.start, item.end)}: {item.observation}" for item in answer.evidence]
    think = "\n".join([*seen, answer.reasoning])[:LONGEST_TEXT]
    told = f"<think>{think}</think><answer>{answer.label}</answer>"
    if answer.spans is None:
        return told
    glue = json.dumps([[span.start, span.end] for span in answer.spans[:MOST_PARTS]])
    return f"{told}<glue>{glue}</glue>"


def spell_opinion(opinion: Opinion, dialect: Dialect) -> str:
    """An opinion as its reply's text; in tagged text the evidence opens the reasoning."""
    label = UNCLEAR if opinion.label is None else opinion.label
    if dialect == "json":
        return json.dumps(opinion.model_dump(mode="json") | {"label": label}, ensure_ascii=False)
    seen = [f"{_when(item.start, item.end)}: {item.observation}" for item in opinion.evidence]
    think = "\n".join([*seen, opinion.reasoning])[:LONGEST_TEXT]
    return f"<think>{think}</think><answer>{label}</answer>"


def spell_reflection(reflection: Reflection, dialect: Dialect) -> str:
    """A reflection as its reply's text; in tagged text the checks open the critique."""
    if dialect == "json":
        return json.dumps(reflection.model_dump(mode="json"), ensure_ascii=False)
    checks = [
        f"{_when(check.start, check.end)}: {check.claim} {'Holds' if check.holds else 'Does not hold'}: {check.finding}"
        for check in reflection.checks
    ]
    critique = "\n".join([*checks, reflection.critique])[:LONGEST_TEXT]
    return f"<reflection>{critique}</reflection><verdict>{reflection.verdict}</verdict>"


def _when(start: float, end: float) -> str:
    return f"{start:.2f} s" if start == end else f"{start:.2f}-{end:.2f} s"
