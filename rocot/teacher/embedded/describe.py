"""A look's conclusion in words: evidence with its times and magnitudes, and the reasoning that rests on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rocot.core.answer import Answer, Evidence
from rocot.core.span import Span
from rocot.core.truth import NORMAL
from rocot.teacher.embedded.conclude import Conclusion
from rocot.teacher.embedded.findings import in_seconds
from rocot.teacher.embedded.looks import Look
from rocot.teacher.embedded.phrases import FIRST, SECOND, place_of, reading, telling

TOLD = 3
"""Measurements told of one stretch, the weightiest."""

ORDINARY = {
    "Explosion": "A lamp or headlights coming on would hold their level and leave the air clear",
    "Fighting": "People who greet each other or talk would keep their outlines quieter and part sooner",
    "Fire": "An orange vehicle or a lit sign would move on, or keep one shape and one brightness",
    "People_falling": "Someone who bends down or sits would keep more of their height, or be up again at once",
    "Robbery": "Someone who runs for a bus does not come into contact with another person first",
    "Traffic_accident": "A vehicle that parks or waits slows down first and stands clear of others",
    "Vandalism": "Someone who waits at a wall or a vehicle leaves it as it was",
}
"""For each label the ordinary explanation that is nearest to it, and what would tell it apart."""


@dataclass(frozen=True)
class Seen:
    """One stretch, told."""

    start: float
    """Time of its first frame, seconds of the source video."""
    end: float
    """Time of its last frame, seconds of the source video."""
    place: str
    phrases: tuple[str, ...]


def tell(look: Look, row: int, own: str) -> Seen:
    """The measurements of one stretch that weigh most for a label."""
    found = look.weighed.stretches
    region, first, last = int(found.region[row]), int(found.first[row]), int(found.last[row])
    book = FIRST if look.table.name == "first" else SECOND
    names = telling(look.weighed, look.table, row, own, book)[:TOLD]
    phrases = tuple(book[name](reading(look.signals, name, region, first, last)) for name in names)
    times = look.signals.times
    return Seen(float(times[first]), float(times[last]), place_of(look.signals, region, first, last), phrases)


def candidate(look: Look, names: Mapping[str, str]) -> tuple[int, str, float] | None:
    """The stretch that comes nearest to an event: its row, label (as the tables spell it) and likelihood."""
    known = [k for k, own in enumerate(look.weighed.labels) if own in names]
    if not known or not len(look.weighed.scores):
        return None
    row, k = np.unravel_index(int(look.weighed.scores[:, known].argmax()), (len(look.weighed.scores), len(known)))
    return int(row), look.weighed.labels[known[k]], float(look.weighed.hits[:, known[k]].max())


def evidence(seen: Seen) -> tuple[Evidence, ...]:
    """One entry a measurement."""
    return tuple(
        Evidence(start=seen.start, end=seen.end, observation=f"In {seen.place} of the picture {phrase}."[:400])
        for phrase in seen.phrases
    )


def told_answer(look: Look, conclusion: Conclusion, names: Mapping[str, str]) -> Answer:
    """The answer that a conclusion stands for."""
    if conclusion.label == NORMAL or not conclusion.rows:
        return _normal(look, conclusion, names)
    seen = [tell(look, row, conclusion.own) for row in conclusion.rows]
    return Answer(
        evidence=tuple(entry for one in seen for entry in evidence(one))[:16],
        reasoning=_for_event(look, conclusion, names, seen)[:4000],
        label=conclusion.label,
        spans=conclusion.spans,
    )


def _for_event(look: Look, conclusion: Conclusion, names: Mapping[str, str], seen: Sequence[Seen]) -> str:
    label = conclusion.label.replace("_", " ")
    opening = " ".join(
        f"From {one.start:.2f} to {one.end:.2f} s {one.place} of the picture calls for an explanation:"
        f" {'; '.join(one.phrases[:2])}."
        for one in seen
    )
    other = _next_best(look, conclusion, names)
    rival = f", {other[0].replace('_', ' ')} at {other[1]:.2f}" if other else ""
    weighing = (
        f"Measured against scenes with known outcome, {label} in this stretch is put at {conclusion.sure:.2f},"
        f" ordinary activity at {look.weighed.normal:.2f}{rival}."
    )
    return (
        f"{opening} {weighing} {ORDINARY[conclusion.own]}; the figures above are nearer to {label}."
        f" The frames bound it to {in_seconds(conclusion.spans)}, half a frame's interval more or less at each end."
    )


def _next_best(look: Look, conclusion: Conclusion, names: Mapping[str, str]) -> tuple[str, float] | None:
    rest = [
        (names[own], float(look.weighed.hits[:, k].max()))
        for k, own in enumerate(look.weighed.labels)
        if own in names and names[own] != conclusion.label and len(look.weighed.likely)
    ]
    return max(rest, key=lambda pair: pair[1], default=None)


def _normal(look: Look, conclusion: Conclusion, names: Mapping[str, str]) -> Answer:
    nearest = candidate(look, names)
    times = look.signals.times
    if nearest is None:
        still = Evidence(
            start=float(times[0]), end=float(times[-1]),
            observation="No shape stands out from the ordinary picture for long enough to be followed.",
        )  # fmt: skip
        text = (
            f"Over {len(times)} frames the picture keeps its ordinary look; nothing here asks for another explanation."
        )
        return Answer(evidence=(still,), reasoning=text, label=NORMAL, spans=())
    row, own, chance = nearest
    seen = tell(look, row, own)
    label = names[own].replace("_", " ")
    text = (
        f"The stretch that departs most from routine is {seen.start:.2f} to {seen.end:.2f} s in {seen.place} of the"
        f" picture: {'; '.join(seen.phrases[:2])}. {label} would be the label for it, and is put at {chance:.2f};"
        f" that the clip shows ordinary activity only is put at {conclusion.sure:.2f}. {ORDINARY[own]}, and these"
        f" figures do not rule that out. Nothing else in the {len(times)} frames comes as near to an event."
    )
    return Answer(evidence=evidence(seen), reasoning=text[:4000], label=NORMAL, spans=())


def restated(look: Look, label: str, own: str | None, spans: tuple[Span, ...], rows: tuple[int, ...]) -> Answer:
    """An answer that was settled elsewhere, with what this look measured at its spans."""
    seen = [tell(look, row, own) for row in rows] if own is not None else []
    name = label.replace("_", " ")
    told = " ".join(
        f"From {one.start:.2f} to {one.end:.2f} s, {one.place} of the picture: {'; '.join(one.phrases)}."
        for one in seen
    )
    ordinary = f" {ORDINARY[own]}; that fits these figures less well." if own is not None else ""
    text = f"{told} The clip shows {name} at {in_seconds(spans)}.{ordinary}".strip()
    return Answer(
        evidence=tuple(entry for one in seen for entry in evidence(one))[:16],
        reasoning=text[:4000], label=label, spans=spans,
    )  # fmt: skip
