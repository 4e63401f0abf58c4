"""What a run ends with: tables of what came of every sample, and where the shards lie."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from rocot.cli.sample import STYLES
from rocot.cli.screen import count, money, short, size, table
from rocot.core.gate import RUN_RULES, Rules
from rocot.engine.lately import CallPace
from rocot.engine.progress import Tally
from rocot.engine.tables import ModelSpent
from rocot.prices import Prices
from rocot.release.export import Exported
from rocot.release.manifest import SplitEntry
from rocot.sources.protocol import Skipped

NAMED = 20
"""Videos that are named one by one."""

MEANING = {
    "confirmed": "right, then right",
    "corrected": "wrong, then right",
    "unresolved": "wrong, then wrong",
    "corrupted": "right, then wrong",
    "ungraded": "no truth to grade on",
}


def cost_of(part: ModelSpent | CallPace, prices: Prices) -> float | None:
    """What calls came to: what was reckoned when they were made, and by today's prices where there were none then.

    None where one is missing still.
    """
    prompt, cached, completion = part.unpriced_prompt, part.unpriced_cached, part.unpriced_completion
    if not prompt and not completion:
        return part.cost
    by_batch = 0.0
    if isinstance(part, ModelSpent):
        batched = part.unpriced_batched_prompt, part.unpriced_batched_cached, part.unpriced_batched_completion
        prompt, cached, completion = prompt - batched[0], cached - batched[1], completion - batched[2]
        by_batch = (
            prices.cost(part.model, prompt=batched[0], cached=batched[1], completion=batched[2], batch=True) or 0.0
        )
    later = prices.cost(part.model, prompt=prompt, cached=cached, completion=completion)
    return None if later is None else part.cost + later + by_batch


@dataclass
class StageCount:
    """What came of the samples at one stage, and what its calls cost."""

    name: str
    done: int = 0
    """Samples that went on, those of earlier runs among them."""
    reused: int = 0
    """Of these, samples whose result was already there."""
    missing: int = 0
    """Samples that reached the stage, and it is still to be done."""
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

    def spend(self, part: ModelSpent, prices: Prices) -> None:
        """Adds what one model was asked."""
        self.prompt += part.prompt_tokens
        self.cached += part.cached_tokens
        self.reply += part.completion_tokens
        cost = cost_of(part, prices)
        self.cost = None if cost is None or self.cost is None else self.cost + cost


def stage_counts(tally: Tally, spent: Iterable[ModelSpent], prices: Prices) -> list[StageCount]:
    """What came of this run's samples, and what all calls of the run folder have cost, stage by stage."""
    counts = {
        name: StageCount(name, stage.done, stage.reused, 0, stage.rejected, stage.failed)
        for name, stage in tally.stages.items()
    }
    for part in spent:
        if part.stage in counts:
            counts[part.stage].spend(part, prices)
    return list(counts.values())


def stages_table(console: Console, stages: Sequence[StageCount], currency: str) -> None:
    """One line a stage, and the sum of what was spent; columns in which nothing stands are left out."""
    columns: list[tuple[str, list[str]]] = [
        ("done", [f"{stage.done:,}" for stage in stages]),
        ("reused", [count(stage.reused) for stage in stages]),
        ("to do", [count(stage.missing) for stage in stages]),
        ("rejected", [count(stage.rejected.total()) for stage in stages]),
        ("failed", [count(stage.failed.total()) for stage in stages]),
        ("prompt", _summed([stage.prompt for stage in stages])),
        ("cached", _summed([stage.cached for stage in stages])),
        ("reply", _summed([stage.reply for stage in stages])),
        (currency, _costs(stages)),
    ]
    columns = [(title, cells) for title, cells in columns if any(cells)]
    made = table("stage", *(title for title, _ in columns))
    for index, name in enumerate([*(stage.name for stage in stages), "in all"]):
        cells = [cells[index] if index < len(cells) else "" for _, cells in columns]
        if any(cells):
            made.add_row(name, *cells)
    console.print(made)


def _summed(tokens: Sequence[int]) -> list[str]:
    """Tokens in short, and their sum below them."""
    return [short(number) if number else "" for number in (*tokens, sum(tokens))]


def _costs(stages: Sequence[StageCount]) -> list[str]:
    """Money by stage and in all; nothing where nothing was to be paid, or where a price is missing."""
    costs = [stage.cost for stage in stages]
    if not any(costs):
        return []
    whole = None if None in costs else sum(cost or 0 for cost in costs)
    return [money(cost) if cost or stage.prompt else "" for cost, stage in zip(costs, stages, strict=True)] + [
        money(whole)
    ]


def left_out_table(console: Console, left_out: Mapping[str, int], title: str, what: str = "samples") -> None:
    """Everything that did not become a row, by where and why; nothing where all did."""
    if left_out:
        made = table(title, what)
        for why, number in sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0])):
            made.add_row(why, count(number))
        console.print()
        console.print(made)


def skipped_lines(console: Console, skipped: Sequence[Skipped]) -> None:
    """Videos that could not be used: how many for each reason, and the first of them by name."""
    counts = Counter(f"{video.source}: {video.reason}" for video in skipped)
    left_out_table(console, counts, "videos that cannot be used")
    for video in skipped[:NAMED]:
        console.print(f"  {video.id}: {video.reason} ({video.detail})", markup=False, highlight=False)
    if len(skipped) > NAMED:
        console.print(f"  and {len(skipped) - NAMED:,} more")


REASONS = {
    "control": ("control", "handed another's truth"),
    "fault": ("fault", "a rule that rejects"),
    "outcome": ("outcome", "not wanted by the mix"),
    "mix: video": ("video", "enough of their video"),
    "mix: source": ("source", "enough of their source"),
    "mix: class": ("class", "enough of their class"),
    "mix: share": ("share", "enough of their kind"),
}
"""Why rows are not kept."""


def outcomes_table(
    console: Console,
    outcomes: Mapping[str, int],
    kept: int,
    not_kept: Mapping[str, int] | None = None,
    title: str = "kept for training",
) -> None:
    """The cells of the flip matrix, and how many rows are kept and are not, and why; together they are all rows."""
    total = sum(outcomes.values())
    made = table("outcome", "-first answer, then revised", "rows", "share")
    for outcome, meaning in MEANING.items():
        if number := outcomes.get(outcome, 0):
            made.add_row(outcome, meaning, count(number), f"{number / total:.0%}", style=STYLES[outcome])
    made.add_row("in all", "", count(total) or "0", "", style="bold")
    made.add_row(title, "", count(kept) or "0", f"{kept / total:.0%}" if total else "")
    for why, (name, meaning) in REASONS.items():
        if number := (not_kept or {}).get(why, 0):
            made.add_row(f"not kept: {name}", meaning, count(number), f"{number / total:.0%}", style="dim")
    console.print()
    console.print(made)


def release_lines(console: Console, exported: Exported, coming: Collection[str] = ()) -> None:
    """Where the rows lie, and what became of the other splits. Those that are `coming` are exported next."""
    console.print()
    for file in exported.entry.files:
        console.print(f"{count(file.rows) or 0} rows in {exported.folder}/{file.path} ({size(file.bytes)})")
    learnt, asked = (sum(file.rows for file in files) for files in (exported.entry.sft, exported.entry.rft))
    if asked:
        console.print(
            f"of these, for training: {learnt:,} turns to learn in {exported.folder}/sft, {asked:,} prompts in rft"
        )
    if (controls := exported.entry.controls) is not None:
        for name, made in (("plain", controls.plain), ("two_pass", controls.two_pass)):
            console.print(
                f"control {name}: {count(made.rows) or 0} rows, {short(made.tokens)} tokens of {short(controls.budget)}"
                f" that reflections take, in {exported.folder}/controls/{name}"
            )
    if exported.entry.partial:
        console.print(f"{count(exported.entry.partial)} of them lack frames that damaged files have lost (lost_times)")
    if exported.carried:
        console.print(f"kept beside it: split {', '.join(exported.carried)}")
    for gone in exported.dropped:
        then = "" if gone.split == "*" else "; it comes next" if gone.split in coming else "; export it again"
        console.print(f"dropped: split {gone.split}, {gone.why}{then}")


def screen_lines(console: Console, rules: Rules, entry: SplitEntry) -> None:
    """A warning where a rule of whole splits drops more than half of the rows."""
    for rule in RUN_RULES:
        number = entry.broken.get(rule, 0)
        setting = rule.replace(" ", "_")
        if getattr(rules, setting) == "reject" and 2 * number > entry.rows:
            console.print(
                f"warning: {rule} rejects {count(number)} of {count(entry.rows)} rows, as texts from templates would"
                f' be; gate.rules.{setting} = "warn" keeps them, and docs/recipe.md tells what it compares'
            )
