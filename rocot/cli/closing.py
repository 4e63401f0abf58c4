"""What a run ends with: tables of what came of every sample, where the shards lie, and what to type next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from rocot.cli.sample import STYLES
from rocot.cli.screen import count, heading, money, short, table

MEANING = {
    "confirmed": "right, then right",
    "corrected": "wrong, then right",
    "unresolved": "wrong, then wrong",
    "corrupted": "right, then wrong",
    "ungraded": "no truth to grade on",
}


@dataclass
class StageCount:
    """What came of the samples at one stage, and what its calls cost."""

    name: str
    done: int = 0
    """Samples that went on, those of earlier runs among them."""
    reused: int = 0
    """Of these, samples whose result was already there."""
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    failed: Counter[str] = field(default_factory=Counter)
    """By reason."""
    prompt: int = 0
    """Tokens sent, over all recorded calls."""
    cached: int = 0
    """Of these, tokens that the server's prefix cache knew."""
    reply: int = 0
    """Tokens that came back."""
    cost: float | None = 0.0
    """None where a model has no price."""


def stages_table(console: Console, stages: Sequence[StageCount], currency: str) -> None:
    """One line a stage; tokens and money only where something was spent."""
    spent = any(stage.prompt or stage.reply for stage in stages)
    priced = spent and any(stage.cost for stage in stages)
    columns = ["stage", "done", "reused", "rejected", "failed"]
    made = table(*columns, *(["prompt", "cached", "reply"] if spent else []), *([currency] if priced else []))
    for stage in stages:
        made.add_row(
            stage.name,
            count(stage.done) or "0",
            count(stage.reused),
            count(stage.rejected.total()),
            count(stage.failed.total()),
            *([_tokens(stage.prompt), _tokens(stage.cached), _tokens(stage.reply)] if spent else []),
            *([money(stage.cost) if stage.prompt else ""] if priced else []),
        )
    if spent:
        totals = [sum(stage.prompt for stage in stages), sum(stage.cached for stage in stages)]
        totals.append(sum(stage.reply for stage in stages))
        costs = [stage.cost for stage in stages]
        whole = None if None in costs else sum(cost for cost in costs if cost is not None)
        made.add_row("", "", "", "", "", *map(_tokens, totals), *([money(whole)] if priced else []))
    console.print(made)


def _tokens(number: int) -> str:
    return short(number) if number else ""


def left_out_table(console: Console, left_out: Mapping[str, int], title: str) -> None:
    """Everything that did not become a row, by where and why; nothing where all did."""
    if left_out:
        made = table(title, "samples")
        for why, number in sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0])):
            made.add_row(why, count(number))
        console.print()
        console.print(made)


def outcomes_table(console: Console, outcomes: Mapping[str, int], kept: int) -> None:
    """The cells of the flip matrix."""
    total = sum(outcomes.values())
    made = table("outcome", "-first answer, then revised", "rows", "share")
    for outcome, meaning in MEANING.items():
        if number := outcomes.get(outcome, 0):
            made.add_row(outcome, meaning, count(number), f"{number / total:.0%}", style=STYLES[outcome])
    made.add_row("", "", count(total) or "0", "", style="bold")
    made.add_row("kept for training", "", count(kept) or "0", f"{kept / total:.0%}" if total else "")
    console.print()
    console.print(made)


def next_steps(console: Console, steps: Iterable[tuple[str, str]]) -> None:
    """Commands to type next, and what for."""
    console.print()
    console.print(heading("Next"))
    made = table("", "-", head=False)
    for command, purpose in steps:
        made.add_row(f"  {command}", purpose)
    console.print(made)
