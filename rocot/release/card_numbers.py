"""The numbers of a card: rates, groups, and the plots of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rocot.measures.resample import Estimate
from rocot.release.manifest import Manifest
from rocot.release.markdown import Ready, plain
from rocot.release.page import KINDS, interval, points, share
from rocot.release.plots import alone, bars, forest, histogram
from rocot.release.summary import Group, Summary

MOST_LINES = 12
"""Groups of a table and of a plot, those with the most rows."""


@dataclass(frozen=True)
class Rate:
    """One rate, spelt."""

    name: Ready
    value: str
    interval: str
    of: str


@dataclass(frozen=True)
class Line:
    """One group, spelt."""

    name: str
    rows: str
    first: str
    last: str
    gain: str
    interval: str


@dataclass(frozen=True)
class Table:
    """Groups of one kind."""

    title: str
    lines: tuple[Line, ...]
    more: int
    """Groups that it leaves out."""


def rates(summary: Summary) -> Iterator[Rate]:
    """Those that say most of reflection."""
    flips, spans = summary.flips, summary.grounding
    yield _share("first answer right (Acc@t1)", flips.acc_first, "graded rows")
    yield _share("revised answer right (Acc@t2)", flips.acc_last, "graded rows")
    yield _points("gain, points", flips.delta, "graded rows")
    yield _share("wrong answers that were mended", flips.rectification, "wrong first answers")
    yield _share("right answers that were broken", flips.corruption, "right first answers")
    yield _share("answer changed", flips.change, "all rows")
    if spans.rows:
        yield _share("temporal IoU of first answers, mean", spans.first, "rows with true spans")
        yield _share("temporal IoU of revised answers, mean", spans.last, "rows with true spans")


def _share(name: str, one: Estimate, of: str) -> Rate:
    return Rate(Ready(name), share(one.value), interval(one), of)


def _points(name: str, one: Estimate, of: str) -> Rate:
    return Rate(Ready(name), points(one.value), interval(one, points), of)


def tables(summary: Summary) -> Iterator[Table]:
    """By source, class and split, where there are several."""
    for by in ("source", "class", "split"):
        shown, more = _largest(summary, by)
        if len(shown) > 1:
            yield Table(KINDS[by].lower(), tuple(map(_line, shown)), more)


def _line(group: Group) -> Line:
    flips = group.flips
    return Line(
        name=plain(group.name),
        rows=f"{flips.rows:,}",
        first=share(flips.acc_first.value),
        last=share(flips.acc_last.value),
        gain=points(flips.delta.value),
        interval=interval(flips.delta, points),
    )


def _largest(summary: Summary, by: str) -> tuple[Sequence[Group], int]:
    there = [group for group in summary.groups if group.by == by]
    largest = sorted(there, key=lambda group: -group.flips.rows)[:MOST_LINES]
    return [group for group in there if group in largest], len(there) - len(largest)


def plots(summary: Summary, manifest: Manifest) -> Mapping[str, str]:
    """SVG by name; a plot that would show nothing is left out."""
    drawn: dict[str, str] = {}
    if summary.flips.rows:
        lines = [(split, entry.outcomes) for split, entry in sorted(manifest.splits.items())]
        drawn["outcomes"] = bars("outcomes", "Outcomes by split", lines, alone)
    by = "class" if len(_largest(summary, "class")[0]) > 1 else "source"
    groups = [(plain(group.name), group.flips.delta) for group in _largest(summary, by)[0]]
    if len(groups) > 1 and any(one.value is not None for _, one in groups):
        lines_of = [("all rows", summary.flips.delta), *groups]
        drawn["gain"] = forest("gain", f"Gain by {KINDS[by].lower()}", lines_of, alone)
    if summary.first_tiou.count:
        drawn["tiou"] = histogram("tiou", "Temporal IoU", summary.first_tiou, summary.last_tiou, alone)
    return drawn
