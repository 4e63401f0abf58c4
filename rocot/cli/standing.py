"""What `rocot status` prints."""

from collections import Counter

from rich.console import Console

from rocot.cli.closing import StageCount, calls_table, left_out_table, outcomes_table, stages_table
from rocot.cli.runs import Run
from rocot.cli.screen import heading, out
from rocot.core.clip import Clip
from rocot.core.reflection import Judged, rejected
from rocot.engine.harvest import Harvest
from rocot.engine.tables import count_failures, count_splits, count_stages, sum_spent
from rocot.prices import Prices


def print_standing(run: Run, prices: Prices) -> None:
    """All splits of a run, then what its calls came to."""
    console = out()
    release = run.recipe.release
    console.print(heading(f"{run.folder}: {release.name} {release.version}, teacher {run.recipe.teacher.model}"))
    for split in count_splits(run.store):
        gone = f", {split.gone:,} no longer listed" if split.gone else ""
        console.print(f"\nsplit {split.split}: {split.listed:,} clips{gone}")
        _print_split(console, run, split.split)
    _print_spent(console, run, prices)


def _print_split(console: Console, run: Run, split: str) -> None:
    stages: dict[str, StageCount] = {}
    left_out: Counter[str] = Counter()
    for count in count_stages(run.store, tuple(run.plan), split):
        stage = stages.setdefault(count.stage, StageCount(count.stage))
        if count.kind == "done":
            stage.done += count.count
        elif count.kind == "missing":
            stage.missing += count.count
        else:
            (stage.rejected if count.kind == "rejected" else stage.failed)[count.reason] += count.count
            left_out[f"{count.stage}: {count.reason}"] += count.count
    console.print()
    stages_table(console, list(stages.values()), "")
    left_out_table(console, left_out, "samples left out")
    outcomes, kept = Counter[str](), 0
    for item in Harvest(run.store, Clip, tuple(run.plan), Judged).items(split):
        if isinstance(item, Judged):
            outcomes[item.outcome] += 1
            kept += not rejected(item.faults) and item.outcome in run.recipe.mix.keep
    if outcomes:
        outcomes_table(console, outcomes, kept)


def _print_spent(console: Console, run: Run, prices: Prices) -> None:
    spent = sum_spent(run.store)
    if spent:
        console.print()
        calls_table(console, spent, prices)
    failures = {f"{count.stage} ({count.model}): {count.reason}": count.count for count in count_failures(run.store)}
    left_out_table(console, failures, "failed calls")
