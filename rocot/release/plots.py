"""Plots of a summary as SVG that stands in a page, in the page's own colours: light and dark need one drawing."""

import re
from collections.abc import Sequence
from io import StringIO

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
_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_FONT = re.compile(r"font-family: [^;\"]*")
_NAMED = re.compile(r'<g id="[^"]*"')
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


def forest(name: str, title: str, lines: Sequence[tuple[str, Estimate]]) -> str:
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
    return _svg(figure, axes, name, title)


def histogram(name: str, title: str, first: Distribution, last: Distribution) -> str:
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
    return _svg(figure, axes, name, title)


def _plain(label: str) -> str:
    """A name as an axis takes it: short, and without the dollar signs that matplotlib reads as mathematics."""
    return (label if len(label) <= 24 else f"{label[:23]}…").replace("$", r"\$")


def _svg(figure: Figure, axes: Axes, name: str, title: str) -> str:
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    written = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "svg.id": f"plot-{name}"}):
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = _HEAD.sub("", written.getvalue())
    text = _FONT.sub("font-family: system-ui, sans-serif", _NAMED.sub("<g", _STYLE.sub("", text)))
    for stands, colour in _PAGE.items():
        text = text.replace(stands, colour)
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
