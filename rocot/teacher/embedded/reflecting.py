"""The reflection: the first answer's claims held against the second look, one at a time."""

from collections.abc import Mapping, Sequence

import numpy as np

from rocot.core.answer import Answer, Check, Reflection
from rocot.core.score import tiou
from rocot.core.span import Span
from rocot.core.truth import NORMAL
from rocot.teacher.embedded.conclude import Conclusion, behind, chance_of, conclude
from rocot.teacher.embedded.describe import candidate, tell
from rocot.teacher.embedded.findings import in_seconds, proposal
from rocot.teacher.embedded.looks import Look
from rocot.teacher.embedded.rivals import rivals

MARGIN = 0.02
"""By how much another answer must be likelier before the first one is given up."""
SAME = 0.8
"""Temporal IoU from which other spans of the same label are no reason to revise."""


def reflect(look: Look, first: Answer | None, names: Mapping[str, str]) -> Reflection:
    """Checks, critique and verdict on a first answer, whoever gave it."""
    better = conclude(look.weighed, names)
    if first is None:
        return Reflection(
            checks=(),
            critique=f"The first answer cannot be read, so it cannot stand. {proposal(better.label, better.spans)}",
            verdict="revise",
        )
    if first.abstained:
        return Reflection(
            checks=(),
            critique=f"The first answer leaves the question open. {proposal(better.label, better.spans)}",
            verdict="revise",
        )
    spans = _claimed(first, better, look)
    claimed = chance_of(look.weighed, names, first.label, spans)
    stands = claimed is None or better.sure <= claimed + MARGIN or _alike(first.label, spans, better)
    if first.label == NORMAL:
        checks = _of_nothing(look, names, better, holds=stands)
    else:
        checks = _of_event(look, first.label, spans, names, better, holds=stands)
    return Reflection(
        checks=checks[:16], critique=_critique(first, better, claimed, stands=stands)[:4000],
        verdict="keep" if stands else "revise",
    )  # fmt: skip


def _claimed(first: Answer, better: Conclusion, look: Look) -> tuple[Span, ...]:
    """Where the first answer sees it; a label alone is held against the best stretch for it, else against all."""
    if first.spans is not None or first.normal:
        return first.spans or ()
    if first.label == better.label:
        return better.spans
    return (Span(start=float(look.signals.times[0]), end=float(look.signals.times[-1])),)


def _alike(label: str, spans: Sequence[Span], better: Conclusion) -> bool:
    return label == better.label and tiou(spans, better.spans) >= SAME


def _of_nothing(look: Look, names: Mapping[str, str], better: Conclusion, *, holds: bool) -> tuple[Check, ...]:
    nearest = candidate(look, names)
    times = look.signals.times
    if nearest is None:
        finding = "Cut out and followed, no shape stays in view long enough to be an event."
        return (
            _check("Nothing in the clip calls for action.", finding, float(times[0]), float(times[-1]), holds=True),
        )
    rows = better.rows or (nearest[0],)
    own = better.own if better.rows else nearest[1]
    checks = []
    for row in rows:
        seen = tell(look, row, own)
        finding = f"In {seen.place} of the picture {'; '.join(seen.phrases)}. For {names[own]} that is"
        finding += " too little." if holds else " more than routine shows."
        checks.append(_check("Nothing in the clip calls for action.", finding, seen.start, seen.end, holds=holds))
    return (*checks, *rivals(look.signals, better.spans))


def _of_event(  # noqa: PLR0913 - a claim, and what it is held against
    look: Look, label: str, spans: Sequence[Span], names: Mapping[str, str], better: Conclusion, *, holds: bool
) -> tuple[Check, ...]:
    alike = [k for k, own in enumerate(look.weighed.labels) if names.get(own) == label]
    checks: list[Check] = []
    for span in spans[:3]:
        name = f"The frames show {label} at {in_seconds([span])}."
        if not alike:
            finding = "This baseline has no measure for that label; the frames neither confirm nor refute it."
            checks.append(_check(name, finding, *_covered(look, span), holds=True))
        elif not len(look.weighed.scores):
            finding = "No shape stands out from the ordinary picture there, or anywhere in the clip."
            checks.append(_check(name, finding, *_covered(look, span), holds=False))
        else:
            seen = tell(look, behind(look.weighed, alike, span), look.weighed.labels[alike[0]])
            agrees = holds or (label == better.label and tiou([span], better.spans) > 0)
            finding = f"Followed more closely, in {seen.place} of the picture {'; '.join(seen.phrases)}."
            checks.append(_check(name, finding, seen.start, seen.end, holds=agrees))
    if label == better.label:
        checks += _of_bounds(spans, better.spans, look)
    elif not holds and better.rows:
        seen = tell(look, better.rows[0], better.own)
        finding = f"At {seen.start:.2f}-{seen.end:.2f} s in {seen.place} of the picture {'; '.join(seen.phrases)}."
        checks.append(_check("No other event explains the clip better.", finding, seen.start, seen.end, holds=False))
    return (*checks, *rivals(look.signals, spans))


def _covered(look: Look, span: Span) -> tuple[float, float]:
    """The times of the first and last frame within a span; of the nearest one where there is none."""
    times = look.signals.times
    inside = times[(times >= span.start) & (times <= span.end)]
    if not inside.size:
        inside = times[[int(np.abs(times - (span.start + span.end) / 2).argmin())]]
    return float(inside[0]), float(inside[-1])


def _of_bounds(claimed: Sequence[Span], found: Sequence[Span], look: Look) -> list[Check]:
    times = look.signals.times
    step = float(times[-1] - times[0]) / max(len(times) - 1, 1)
    checks = []
    for span in claimed:
        near = max(found, key=lambda other: tiou([span], [other]), default=None)
        if near is None or tiou([span], [near]) == 0:
            continue
        for side, said, seen in (("starts", span.start, near.start), ("ends", span.end, near.end)):
            close = abs(said - seen) <= 0.6 * step
            finding = f"Its own outline and motion put that at {seen:.2f} s."
            low, high = sorted((said, seen))
            checks.append(_check(f"It {side} at {said:.2f} s.", finding, low, high, holds=close))
    extra = [span for span in found if tiou([span], claimed) == 0]
    checks += [
        _check("It happens only then.", f"The same pattern is there at {in_seconds([span])}.", span.start, span.end,
               holds=False)
        for span in extra
    ]  # fmt: skip
    return checks


def _check(claim: str, finding: str, start: float, end: float, *, holds: bool) -> Check:
    return Check(claim=claim[:400], finding=finding[:400], start=round(start, 2), end=round(end, 2), holds=holds)


def _critique(first: Answer, better: Conclusion, claimed: float | None, *, stands: bool) -> str:
    said = first.label.replace("_", " ") + (f" at {in_seconds(first.spans)}" if first.spans else "")
    if claimed is None:
        return f"{said} lies outside what this baseline can measure; nothing in the frames calls for another answer."
    if stands:
        return (
            f"The second look, with shapes cut out and camera and exposure taken out, puts {said} at {claimed:.2f}"
            f" and finds no answer that is clearly likelier. The answer should stand."
        )
    found = better.label.replace("_", " ") + (f" at {in_seconds(better.spans)}" if better.spans else "")
    return (
        f"Looked at again, with shapes cut out and followed and the camera and exposure taken out,"
        f" {said} is put at {claimed:.2f} and {found} at {better.sure:.2f}. {proposal(better.label, better.spans)}"
    )
