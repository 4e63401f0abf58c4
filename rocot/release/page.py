"""The report's page: one HTML file that loads nothing, runs nothing, and escapes all that others wrote."""

import re
from collections.abc import Callable, Iterator, Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from rocot.core.row import Row
from rocot.core.span import Span
from rocot.measures.resample import Estimate
from rocot.release.plots import forest, histogram
from rocot.release.strip import Pictures, strip
from rocot.release.summarize import Gathered
from rocot.release.summary import Group, Summary

TELLING = ("corrected", "corrupted", "unresolved", "confirmed", "ungraded")
"""Outcomes in the order of the examples: those that say most of reflection first."""
MEANING = {
    "confirmed": "right, then right",
    "corrected": "wrong, then right",
    "corrupted": "right, then wrong",
    "unresolved": "wrong, then wrong",
    "ungraded": "no truth to grade on",
}
CHECKS = {
    "reanswer": "fresh answer from the revised spans",
    "counterfactual": "fresh answer from what they leave",
    "critic": "critic of the reflection",
}
UNCHOSEN = {
    "mix: video": "enough of their video",
    "mix: source": "enough of their source",
    "mix: class": "enough of their class",
    "mix: share": "enough of their kind",
    "control": "handed another clip's truth",
}
"""Why the mix keeps no more rows, or none; see `rocot.release.select`."""
KINDS = {"source": "Source", "class": "True class", "duration": "Length of the clip", "split": "Split"}
NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""
MOST_LINES = 25
"""Groups of a table and of a plot, those with the most rows; the JSON has all."""
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, and marks that turn the direction of writing."""


def page(gathered: Gathered, pictures: Pictures | None) -> str:
    """The page; `pictures` finds frames by their digests, None leaves them out: frames are others' property."""
    summary = gathered.summary
    examples = [row for outcome in TELLING for row in gathered.examples.get(outcome, [])]
    template = _environment().from_string((resources.files("rocot.release") / "page.html").read_text("utf-8"))
    return template.render(
        summary=summary,
        flips=summary.flips,
        meaning=MEANING,
        reasons=UNCHOSEN,
        checks=CHECKS,
        plots=dict(_plots(summary)),
        groups=dict(_groups(summary)),
        examples=examples,
        strips={row.id: strip(row, pictures) if pictures is not None else () for row in examples},
        lines=_lines,
        share=share,
        points=points,
        has_pictures=pictures is not None,
    )


def _environment() -> Environment:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"share": share, "points": points, "interval": interval, "count": _count, "plain": plain}
    made.filters |= {"spans": _spans, "two": _two, "money": _money}
    return made


def share(value: float | None) -> str:
    """0 to 1 as percent, with one digit."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    if value is None:
        return NOTHING
    text = f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0.0" if text.endswith("0.0") and len(text) == 4 else text


def interval(one: Estimate, how: Callable[[float | None], str] = share) -> str:
    """The 95 % interval, nothing where there is none."""
    if one.low is None or one.high is None:
        return ""
    return f"{how(one.low).removesuffix(' %')} to {how(one.high).removesuffix(' %')}"


def plain(text: str) -> str:
    """Without characters that steer; a page escapes the rest."""
    return _STEERING.sub("", text)


def _count(number: int) -> str:
    return f"{number:,}"


def _two(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _money(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.4f}" if 0 < value < 1 else f"{value:,.2f}"


def _spans(spans: Sequence[Span] | None) -> str:
    if spans is None:
        return "not localised"
    return ", ".join(f"{span.start:.2f}\N{EN DASH}{span.end:.2f} s" for span in spans) or "none"


def _groups(summary: Summary) -> Iterator[tuple[str, tuple[str, list[Group], int]]]:
    """By kind: its title, its largest groups in their order, and how many are left out."""
    for by, title in KINDS.items():
        there = [group for group in summary.groups if group.by == by]
        if len(there) > 1:
            largest = sorted(there, key=lambda group: -group.flips.rows)[:MOST_LINES]
            yield by, (title, [group for group in there if group in largest], len(there) - len(largest))


def _plots(summary: Summary) -> Iterator[tuple[str, Markup]]:
    """SVG by name. Its text is escaped by what drew it."""
    whole = [("all rows", summary.flips.delta)] if summary.flips.graded else []
    for by, (title, groups, _) in _groups(summary):
        lines = [*whole, *((plain(group.name), group.flips.delta) for group in groups)]
        if any(one.value is not None for _, one in lines):
            yield by, Markup(forest(by, f"Gain by {title.lower()}", lines))  # noqa: S704
    if summary.first_tiou.count:
        yield "tiou", Markup(histogram("tiou", "Temporal IoU", summary.first_tiou, summary.last_tiou))  # noqa: S704


def _lines(row: Row) -> list[tuple[str, str, list[tuple[float, float]] | None]]:
    """The timeline: name, what it says, and spans as left and width in percent of the clip; None for no bar at all."""
    length = row.clip_end - row.clip_start

    def placed(spans: Sequence[Span] | None) -> list[tuple[float, float]] | None:
        if spans is None:
            return None
        cut = [(max(span.start, row.clip_start), min(span.end, row.clip_end)) for span in spans]
        return [
            (round(100 * (low - row.clip_start) / length, 2), round(max(100 * (high - low) / length, 0.6), 2))
            for low, high in cut
            if low < high
        ]

    truth = row.truth
    return [
        ("truth", truth.choice or ", ".join(truth.labels or ("unknown",)), placed(truth.spans)),
        ("first", row.initial.label, placed(row.initial.spans)),
        ("revised", row.revised.label, placed(row.revised.spans)),
    ]
