"""What a reflection proposes, as a sentence that the revision can read again, and read in others' words too."""

import re
from collections.abc import Sequence

from rocot.core.span import Span
from rocot.core.truth import NORMAL
from rocot.teacher.embedded.labels import plain

_SENTENCE = re.compile(r"What the frames support: (?P<label>[^,.\n]+)(?:, (?P<spans>[^.\n]*\d[^\n]*? s))?\.(?:\s|$)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_VERDICT = re.compile(r"\bverdict\b\W{0,3}(keep|revise)\b", re.IGNORECASE)


def in_seconds(spans: Sequence[Span]) -> str:
    """Spans in words: `3.50-7.25 s and 20.00-24.00 s`."""
    return " and ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in spans)


def proposal(label: str, spans: Sequence[Span]) -> str:
    """The sentence that says what the answer should be."""
    return f"What the frames support: {label}{', ' if spans else ''}{in_seconds(spans)}."


def proposed(findings: str, classes: Sequence[str]) -> tuple[str, tuple[Span, ...]] | None:
    """The last such sentence that names a known class and fits it; None where there is none."""
    known = {plain(name): name for name in (*classes, NORMAL)}
    result = None
    for found in _SENTENCE.finditer(findings):
        label = known.get(plain(found["label"]))
        pairs = [(float(a), float(b)) for a, b in _SPAN.findall(found["spans"] or "")]
        spans = tuple(Span(start=low, end=high) for low, high in pairs if low < high)
        if label is not None and (label == NORMAL) == (not spans):
            result = label, spans
    return result


def verdict_in(findings: str) -> str | None:
    """The last verdict in a text, `keep` or `revise`; None where there is none."""
    found = _VERDICT.findall(findings)
    return found[-1].lower() if found else None
