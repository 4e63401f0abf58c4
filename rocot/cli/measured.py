"""How the result of an evaluation is told."""

from collections.abc import Sequence

from rich.console import Console

from rocot.cli.screen import heading, out, table
from rocot.core.rating import AXES
from rocot.evaluate.plot import lines
from rocot.evaluate.published import RATED
from rocot.evaluate.result import Result
from rocot.evaluate.vau_eval import VauEval
from rocot.measures.flips import Flips
from rocot.measures.resample import Estimate


def print_result(result: Result) -> None:
    """What was held against what, the measures, what reflection did, and what others reported."""
    console = out()
    console.print(heading(result.title))
    console.print(
        f"{result.cases:,} cases of {result.videos:,} videos, {result.predictions:,} predictions,"
        f" {result.missing:,} cases without one"
    )
    for warning in _warnings(result):
        console.print(warning, style="yellow")
    for note in result.notes:
        console.print(note, style="dim")
    _measures(console, result)
    if result.reflection is not None:
        for what, flips in (("answers", result.reflection.answers), ("choices", result.reflection.choices)):
            if flips is not None:
                _flips(console, flips, what)
    if result.vau_eval is not None:
        _rated(console, result, result.vau_eval)
    _reported(console, result)


def _warnings(result: Result) -> list[str]:
    told = {
        "cases have no prediction, and count as wrong": (result.missing, result.missing_ids),
        "predictions are of no case, and count nowhere": (result.unknown, result.unknown_ids),
        "predictions have no final answer, and count as wrong": (result.unread, ()),
        "final answers have a label that the benchmark has not, and are wrong": (result.strange_labels, ()),
        "final answers choose no option, and are wrong": (result.strange_choices, ()),
    }
    warnings = [_counted(number, what, ids) for what, (number, ids) in told.items() if number]
    frames = result.frame_level
    if frames is not None and (frames.from_spans or frames.from_labels):
        warnings.append(
            f"frames: {frames.from_spans:,} videos are scored by their spans and {frames.from_labels:,} by a label,"
            " 1 within and 0 elsewhere, since they have no scores: not what a published curve is made of"
        )
    if frames is not None and frames.missing:
        warnings.append(
            f"frames: {frames.missing:,} videos have neither scores nor an answer, and score 0 throughout, which is"
            " right of normal ones"
        )
    if frames is not None and frames.left_out:
        warnings.append(f"frames: {frames.left_out:,} videos are left out, whose frames, rate or spans nobody told")
    return warnings


def _counted(number: int, what: str, ids: Sequence[str]) -> str:
    named = f" ({', '.join(name[:60] for name in ids[:3])}{', ...' if number > 3 else ''})" if ids else ""
    return f"{number:,} {what}{named}"


def _measures(console: Console, result: Result) -> None:
    made = table("measure", "%", "-95 %", "of", "-without a look, %")
    for line in lines(result):
        blind = ", ".join(f"{name} {100 * value:.1f}" for name, value in line.blind)
        made.add_row(line.name, *_told(line.found), f"{line.of:,}", blind)
    console.print()
    if made.row_count:
        console.print(made)
    else:
        console.print("The predictions give nothing that this benchmark measures.")


def _told(found: Estimate) -> tuple[str, str]:
    value = "" if found.value is None else f"{100 * found.value:.1f}"
    if found.low is None or found.high is None:
        return value, ""
    return value, f"{100 * found.low:.1f} to {100 * found.high:.1f}"


def _flips(console: Console, flips: Flips, what: str) -> None:
    made = table(f"what reflection did to {what}", "%", "-95 %")
    for name, found in (
        ("first right, Acc@t1", flips.acc_first),
        ("final right, Acc@t2", flips.acc_last),
        ("gain", flips.delta),
        ("wrong to right", flips.to_right),
        ("right to wrong", flips.to_wrong),
        ("rectified, of wrong first ones", flips.rectification),
        ("corrupted, of right first ones", flips.corruption),
        ("changed", flips.change),
    ):
        made.add_row(name, *_told(found))
    console.print()
    console.print(made)
    console.print(f"{flips.graded:,} with a truth to grade on", style="dim")


def _rated(console: Console, result: Result, found: VauEval) -> None:
    made = table(f"VAU-Eval by {found.judge}, 0 to 10", "mean", "-95 %", "-reported by others, by another judge")
    others = ", ".join(f"{one.who} {one.value:.2f}" for one in result.published if one.measure == RATED)
    for axis in (*AXES, "mean"):
        one: Estimate = getattr(found, axis)
        value = "" if one.value is None else f"{one.value:.2f}"
        bounds = "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}"
        made.add_row(axis.replace("_", " "), value, bounds, others if axis == "classification" else "")
    console.print()
    console.print(made)
    failed = ", ".join(f"{count:,} {reason}" for reason, count in found.failed.items())
    left_out = f"; without a rating, and left out: {failed}" if failed else ""
    console.print(f"{found.cases:,} texts, {found.silent:,} of them silent, which is 0{left_out}", style="dim")


def _reported(console: Console, result: Result) -> None:
    others = [one for one in result.published if one.measure != RATED]
    if not others:
        return
    ours = {line.reported_as: line.found for line in lines(result) if line.reported_as is not None}
    made = table("reported by others, not measured here", "%", "here, %", "-who", "-protocol")
    for one in others:
        found = ours.get(one.measure)
        here = "" if found is None else _told(found)[0]
        made.add_row(one.measure, f"{one.value:.1f}", here, one.who, one.protocol)
    console.print()
    console.print(made)
    console.print(
        "`here` is by the protocol vau-r1; SRVAU-R1's protocol is not known, so that its rows are targets, no facts.",
        style="dim",
    )
