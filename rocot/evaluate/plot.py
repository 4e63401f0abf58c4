"""One plot of a result: each measure with its interval, what blind guessing gets, and what others reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from rocot.errors import ConfigError
from rocot.evaluate.grounding import Grounding
from rocot.evaluate.published import Measured
from rocot.evaluate.result import Result
from rocot.measures.resample import Estimate

OURS, BLIND, OTHERS = "#1f5fa8", "#8a8a8a", "#c4622d"
FORMATS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Line:
    """One measure."""

    name: str
    found: Estimate
    of: int
    """Cases, or frames, that it is taken over."""
    blind: tuple[tuple[str, float], ...] = ()
    """What needs no look, 0 to 1."""
    reported_as: Measured | None = None
    """The name under which others report it; None where they report it by no such protocol."""


def lines(result: Result) -> Iterator[Line]:
    """The measures of a result, in the order of its table."""
    theirs = result.vau_r1
    if result.grounding is not None:
        yield from _placed(result.grounding, "interval sets", reported=False)
    if theirs is not None and theirs.grounding is not None:
        yield from _placed(theirs.grounding, "vau-r1", reported=True)
    if result.qa is not None:
        guesses = (("longest", result.qa.blind.longest), ("always A", result.qa.blind.always_first))
        blind = tuple((name, value) for name, value in guesses if value is not None)
        yield Line("QA accuracy", result.qa.accuracy, result.qa.questions, blind)
    if theirs is not None and theirs.qa is not None:
        yield Line("QA accuracy, vau-r1", theirs.qa.accuracy, theirs.qa.questions, reported_as="QA accuracy")
    if result.classification is not None:
        named = result.classification
        for name, part in (("normal or not", named.binary), ("class", named.native), ("common class", named.common)):
            if part is None:
                continue
            blind = () if part.commonest is None else (("commonest", part.commonest),)
            yield Line(name, part.accuracy, part.cases, blind)
    if result.frame_level is not None:
        frames = result.frame_level
        name = "ROC-AUC, frames" if frames.measure == "roc_auc" else "AP, frames"
        blind = () if frames.chance is None else (("chance", frames.chance),)
        yield Line(name, frames.value, frames.frames, blind)


def _placed(one: Grounding, protocol: str, *, reported: bool) -> Iterator[Line]:
    names: tuple[tuple[Measured, Estimate], ...] = (
        ("mIoU", one.miou),
        ("R@0.3", one.r30),
        ("R@0.5", one.r50),
        ("R@0.7", one.r70),
    )
    for name, found in names:
        yield Line(f"{name}, {protocol}", found, one.cases, reported_as=name if reported else None)


def check_place(path: Path) -> None:
    """Raises ConfigError where no plot can be written: told before anybody is asked."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"--plot {path}: the name must end in {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"--plot {path}: cannot be written, as there is no folder {path.parent}")


def draw(result: Result, path: Path) -> None:
    """Writes the plot; the end of the name says how. Raises ConfigError where it cannot be written."""
    check_place(path)
    shown = [line for line in lines(result) if line.found.value is not None]
    figure = Figure(figsize=(7.5, 1.5 + 0.34 * max(1, len(shown))), layout="constrained")
    axes = figure.subplots()
    for at, line in enumerate(shown):
        one = line.found
        if one.low is not None and one.high is not None:
            axes.plot([100 * one.low, 100 * one.high], [at, at], color=OURS, linewidth=2.5, solid_capstyle="round")
        axes.plot([100 * (one.value or 0)], [at], "o", color=OURS, markersize=7, label="this evaluation, 95 % interval")
        for _, value in line.blind:
            axes.plot([100 * value], [at], "|", color=BLIND, markersize=13, markeredgewidth=2, label="without a look")
        for other in result.published:
            if other.measure == line.reported_as:
                axes.plot(
                    [other.value], [at], "D", color=OTHERS, markersize=6, markerfacecolor="none", label="others' report"
                )
    axes.set_yticks(range(len(shown)), [line.name for line in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(-1, 101)
    axes.set_xlabel("percent")
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title(result.title.replace("$", r"\$")[:80], loc="left", fontsize=11)
    handles, names = axes.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    if once:
        figure.legend(once.values(), once.keys(), loc="outside lower center", frameon=False, fontsize=9, ncols=3)
    try:
        with mpl.rc_context({"svg.hashsalt": "rocot"}):
            figure.savefig(path, dpi=150)
    except OSError as error:
        raise ConfigError(f"--plot {path}: cannot be written ({error.strerror})") from error
