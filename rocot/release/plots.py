"""Plots of a summary as SVG: inline in a page, in the page's own colours, or as files of their own.

Equal numbers give equal bytes: nothing of when, by whom or on which machine it was drawn is in them.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rocot.measures.resample import Estimate
from rocot.release.report import BINS, Distribution

WIDTH = 4.2
"""Inches of 72 px: narrow enough to be read on a phone without shrinking much, and two stand side by side elsewhere."""
INK, FAINT, FIRST, LAST = "#010101", "#020202", "#030303", "#040404"
"""Stand for colours of the page, which knows whether it is light or dark."""
_PAGE = {INK: "var(--ink)", FAINT: "var(--faint)", FIRST: "var(--first)", LAST: "var(--last)"}
_FILE = {INK: "#1c2430", FAINT: "#c9d0d9", FIRST: "#6f8fb3", LAST: "#c2570c"}
"""The page's own, by day."""
COLOURS = {
    "confirmed": "#2f7fb8",
    "corrected": "#0a8a63",
    "corrupted": "#c2410c",
    "unresolved": "#767f8c",
    "ungraded": "#c3c8cf",
}
"""Of outcomes, as on the page by day."""
Finish: TypeAlias = Callable[[Figure, Axes, str, str], str]
"""Makes SVG of a figure, its axes, a name that is its alone, and a title for those who do not see it."""
_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_FONT = re.compile(r"font-family: [^;\"]*")
_NAMED = re.compile(r'<g id="[^"]*"')
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


def inline(figure: Figure, axes: Axes, name: str, title: str) -> str:
    """For a page: text is text, colours are the page's variables."""
    text = _FONT.sub("font-family: system-ui, sans-serif", _STYLE.sub("", _svg(figure, axes, name, title, "none")))
    return _coloured(text, _PAGE)


def alone(figure: Figure, axes: Axes, name: str, title: str) -> str:
    """For a file: on white, which a dark page shows as well; letters are outlines, since no font comes along."""
    figure.patch.set(visible=True, facecolor="#ffffff")
    return _coloured(_svg(figure, axes, name, title, "path"), _FILE)


def forest(name: str, title: str, lines: Sequence[tuple[str, Estimate]], finish: Finish = inline) -> str:
    """Estimates below one another, each a point with its interval; those without a value are left out."""
    shown = [(label, one) for label, one in lines if one.value is not None]
    figure = Figure(figsize=(WIDTH, 0.9 + 0.24 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for at, (_, one) in enumerate(shown):
        if one.low is not None and one.high is not None:
            axes.plot([100 * one.low, 100 * one.high], [at, at], color=FIRST, linewidth=2, solid_capstyle="round")
        axes.plot([100 * (one.value or 0)], [at], "o", color=LAST, markersize=6)
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.set_yticks(range(len(shown)), [_plain(label) for label, _ in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("percentage points")
    return finish(figure, axes, name, title)


def bars(name: str, title: str, lines: Sequence[tuple[str, Mapping[str, int]]], finish: Finish) -> str:
    """Shares of outcomes, one bar below the other, each the whole of its rows; lines without rows are left out."""
    shown = [(label, counts) for label, counts in lines if sum(counts.values())]
    there = [outcome for outcome in COLOURS if any(counts.get(outcome) for _, counts in shown)]
    figure = Figure(figsize=(1.5 * WIDTH, 0.9 + 0.34 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for at, (_, counts) in enumerate(shown):
        left = 0.0
        for outcome in there:
            share = 100 * counts.get(outcome, 0) / sum(counts.values())
            axes.barh(at, share, 0.6, left, color=COLOURS[outcome], label=outcome if not at else None)
            left += share
    axes.set_yticks(range(len(shown)), [_plain(label) for label, _ in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of rows")
    figure.legend(loc="outside upper center", ncols=len(there), frameon=False, fontsize=9, labelcolor=INK)
    return finish(figure, axes, name, title)


def histogram(name: str, title: str, first: Distribution, last: Distribution, finish: Finish = inline) -> str:
    """Temporal IoU of the first and of the revised answers, side by side in each tenth."""
    figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
    axes = figure.subplots()
    for label, one, left, colour in (("first", first, 0.01, FIRST), ("revised", last, 0.05, LAST)):
        places = [tenth / BINS + left for tenth in range(BINS)]
        axes.bar(places, one.bins, width=0.038, align="edge", color=colour, label=label)
    axes.set_xlim(0, 1)
    axes.set_xlabel("temporal IoU with the truth")
    axes.set_ylabel("rows")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.legend(frameon=False, labelcolor=INK)
    return finish(figure, axes, name, title)


def _plain(label: str) -> str:
    """A name as an axis takes it: short, and without the dollar signs that matplotlib reads as mathematics."""
    return (label if len(label) <= 24 else f"{label[:23]}…").replace("$", r"\$")


def _svg(figure: Figure, axes: Axes, name: str, title: str, fonttype: str) -> str:
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    figure.patch.set_visible(fonttype != "none")
    axes.patch.set_visible(False)
    written = StringIO()
    with (
        mpl.rc_context({"svg.fonttype": fonttype, "svg.hashsalt": name, "svg.id": f"plot-{name}"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # of labels in other scripts: a box
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = _NAMED.sub("<g", _HEAD.sub("", written.getvalue()))
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def _coloured(text: str, colours: Mapping[str, str]) -> str:
    for stands, colour in colours.items():
        text = text.replace(stands, colour)
    return text
