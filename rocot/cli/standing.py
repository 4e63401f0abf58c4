"""What `rocot status` prints."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rocot.cli.batching import counted
from rocot.cli.closing import StageCount, left_out_table, outcomes_table, stages_table
from rocot.cli.figures import CallFigures, FailingFigures, SplitFigures, Standing, WindowFigures
from rocot.cli.gathering import gathered
from rocot.cli.runs import reading
from rocot.cli.screen import about, count, heading, lasting, money, out, short, table
from rocot.prices import Prices


def standing(folder: Path, prices: Prices) -> Standing:
    """The figures of a run, in whose folder nothing changes. Raises ConfigError, StoreError."""
    while True:
        with reading(folder, touch=False) as run:
            found = gathered(run, prices)
            if not run.store.overtaken():
                return found


def print_standing(found: Standing) -> None:
    """Who works on it, how fast, for how long still, all splits, then what its calls came to."""
    console = out()
    part = "" if found.part is None else f", part {found.part}"
    console.print(heading(f"{found.run}: {found.release} {found.version}{part}, {_models(found)}"))
    _print_summary(console, found)
    for split in found.splits:
        _print_split(console, split)
    if found.calls:
        console.print()
        _calls_table(console, found.calls, found.currency)
    failures = {
        f"{part.stage} ({part.model}): {reason}": number
        for part in found.calls
        for reason, number in part.failures.items()
    }
    left_out_table(console, failures, "failed calls", "calls")
    if found.window is not None and found.window.calls:
        console.print()
        _window_table(console, found.window)


def _models(found: Standing) -> str:
    if len(set(found.models.values())) == 1:
        return f"teacher {found.models['teacher']}"
    return ", ".join(f"{role} {model}" for role, model in found.models.items())


def _print_summary(console: Console, found: Standing) -> None:
    made = Table.grid(padding=(0, 2, 0, 0))
    told = [
        ("at work", _work(found)),
        ("pace", _pace(found)),
        ("time left", _time_left(found)),
        ("overall", _overall(found)),
        ("cost", _cost(found)),
        (
            "batches",
            f"{counted(found.batches, found.batched_calls)}; `rocot generate --batch` collects their answers"
            if found.batches
            else "",
        ),
        *(("failing", _failing(one)) for one in found.failing),
    ]
    for name, text in told:
        if text and console.is_terminal:
            made.add_row(Text(name, style="dim"), text)
        elif text:
            console.print(f"{name:<11}{text}")
    if made.row_count:
        console.print(made)


def _failing(one: FailingFigures) -> str:
    ago = lasting(one.seconds_ago)
    return f"all of the last {one.calls:,} calls to {one.endpoint}, the last {ago} ago: {one.reason}"


def _work(found: Standing) -> str:
    work = found.work
    if work.processes:
        processes = "1 process" if work.processes == 1 else f"{work.processes} processes"
        return f"{processes}, {work.in_flight:,} {'clip' if work.in_flight == 1 else 'clips'} in flight"
    return "nobody" if found.idle_seconds is None else f"nobody; the last call ended {lasting(found.idle_seconds)} ago"


def _pace(found: Standing) -> str:
    lately = found.window
    if lately is None or lately.calls_per_minute is None or not lately.calls:
        return ""
    calls, samples = about(lately.calls_per_minute), about(lately.samples_per_minute or 0)
    return f"{calls} calls, {samples} samples a minute in the last {_round(lately.seconds)}"


def _overall(found: Standing) -> str:
    told = []
    younger = found.window is not None and found.first_call is not None and found.window.since <= found.first_call
    if found.calls_per_minute is not None and not younger:
        told.append(f"{about(found.calls_per_minute)} calls a minute from first to last")
    if found.cached_share:
        told.append(f"{found.cached_share:.0%} of the prompts cached")
    return ", ".join(told)


def _round(seconds: float) -> str:
    return lasting(seconds) if seconds < 60 else lasting(round(seconds)).removesuffix(" 00 s")


def _time_left(found: Standing) -> str:
    if not found.work.processes:
        return ""
    if found.eta_seconds is not None:
        left = sum(split.samples_left or 0 for split in found.splits if split.split in found.work.splits)
        return f"about {_round(found.eta_seconds)}, for {left:,} {'sample' if left == 1 else 'samples'}"
    unlisted = [split.split for split in found.splits if split.split in found.work.splits and split.expected is None]
    return f"unknown: {' and '.join(unlisted)} is still being listed" if unlisted else ""


def _cost(found: Standing) -> str:
    if found.cost is None:
        unpriced = dict.fromkeys(part.model for part in found.calls if part.cost is None)
        return f"unknown: no price for {' and '.join(unpriced)} (--prices)"
    if not found.cost:
        return ""
    told = f"{money(found.cost)} {found.currency} so far"
    if found.cost_per_kept is not None:
        told += f", {money(found.cost_per_kept)} a kept row"
    if found.projected_cost is not None:
        told += f", about {money(found.projected_cost)} in the end"
    return told


def _print_split(console: Console, split: SplitFigures) -> None:
    foretold = "" if split.listed or split.expected is None else f" of about {split.expected:,}"
    unlisted = "" if split.listed else ", not listed to the end"
    gone = f", {split.gone:,} no longer listed" if split.gone else ""
    console.print(f"\nsplit {split.split}: {split.clips:,}{foretold} clips{unlisted}{gone}")
    console.print()
    stages_table(
        console,
        [
            StageCount(stage.stage, stage.done, 0, stage.missing, Counter(stage.rejected), Counter(stage.failed))
            for stage in split.stages
        ],
        "",
    )
    left_out = {
        f"{stage.stage}: {reason}": number
        for stage in split.stages
        for reason, number in (*stage.rejected.items(), *stage.failed.items())
    }
    left_out_table(console, left_out, "samples left out")
    if split.outcomes:
        # The rules over whole splits, caps and shares are the export's: what passes them is known then.
        outcomes_table(console, split.outcomes, split.kept, title="may be kept for training")


def _calls_table(console: Console, calls: Sequence[CallFigures], currency: str) -> None:
    """What each model was asked in each stage, over all splits and all recipes of a run."""
    priced = [currency] * any(part.cost for part in calls)
    made = table("calls", "-model", "made", "failed", "prompt", "cached", "reply", *priced)
    for part in calls:
        tokens = [
            short(number) if number else ""
            for number in (part.prompt_tokens, part.cached_tokens, part.completion_tokens)
        ]
        cost = [money(part.cost)] * len(priced)
        made.add_row(part.stage, part.model, count(part.calls), count(part.failed), *tokens, *cost)
    console.print(made)


def _window_table(console: Console, lately: WindowFigures) -> None:
    """How the calls of the window went; who was asked stands above, unless several were in one stage."""
    several = len({part.stage for part in lately.stages}) < len(lately.stages)
    titles = ("made", "failed", "a minute", "p50", "p95", "cached")
    made = table(f"last {_round(lately.seconds)}", *["-model"] * several, *titles)
    for part in lately.stages:
        made.add_row(
            *(part.stage, *[part.model] * several, count(part.calls), count(part.failed)),
            "" if part.calls_per_minute is None else about(part.calls_per_minute),
            *("" if seconds is None else f"{seconds:.3g} s" for seconds in (part.p50, part.p95)),
            f"{part.cached_share:.0%}" if part.cached_share else "",
        )
    console.print(made)
