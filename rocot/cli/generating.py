"""What `rocot generate` does once its options are read."""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from rocot.assets import load_prompts
from rocot.cli import NO_ROWS
from rocot.cli.backing import Backup, begin, ended, going
from rocot.cli.batching import access, answered
from rocot.cli.closing import (
    StageCount,
    cost_of,
    left_out_table,
    outcomes_table,
    release_lines,
    screen_lines,
    skipped_lines,
    stage_counts,
    stages_table,
)
from rocot.cli.exporting import export_split
from rocot.cli.log import Lines
from rocot.cli.options import RUNS
from rocot.cli.parting import print_parted
from rocot.cli.runs import remembering
from rocot.cli.screen import heading, lasting, next_steps, out, pasted
from rocot.cli.split import check_split
from rocot.cli.telling import Telling, Words
from rocot.cli.watch import Watch
from rocot.core.reflection import Judged, rejected
from rocot.engine.aside import processes
from rocot.engine.batches import Batches, open_batches
from rocot.engine.job import Ending, Job, Target
from rocot.engine.parts import begin_part, note_census
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.engine.tables import sum_spent
from rocot.errors import ConfigError, RunError
from rocot.flow import reflection
from rocot.machine import Machine
from rocot.prices import Prices, in_process
from rocot.recipe import Recipe
from rocot.release.export import Exported
from rocot.sources.forecast import Forecast
from rocot.sources.once import Once
from rocot.sources.parted import Share
from rocot.sources.protocol import Skipped
from rocot.sources.truths import Truths
from rocot.storage.keeping import Keeping
from rocot.teacher.budget import Budget
from rocot.teacher.wave import Waves
from rocot.tools import Tools
from rocot.tools.described import described
from rocot.tools.listed import listing, shuffle
from rocot.tools.opened import opened


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    recipe: Recipe
    machine: Machine
    split: str
    prices: Prices
    limit: int | None = None
    target: int | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    log_json: bool = False
    """Whether the run is told to a machine."""
    batch: bool = False
    """Whether calls are sent by batch where the service has any."""
    backup: Backup | None = None
    """Where the store is kept meanwhile."""

    def kept(self, item: Judged) -> bool:
        """Whether an item counts towards the target: no fault that rejects, and an outcome that the mix keeps."""
        return not item.handed and not rejected(item.faults) and item.outcome in self.recipe.mix.keep


@dataclass
class Made:
    """What a run came to."""

    ending: Ending
    tally: Tally
    signal: int | None
    """The one that interrupted it."""
    at_once: bool
    """Whether what was in flight was dropped."""
    skipped: Sequence[Skipped] = ()
    """Videos that the sources could not give."""


async def make(order: Order, store: Store, telling: Telling, keeping: Keeping | None = None) -> Made:
    """Runs the flow, tells its progress, and keeps the store."""
    await begin_part(store, order.machine.part)
    truths, stop = Truths(), Stop()
    watch = Watch(Tally(), stop, order.prices.currency, order.limit)
    budget, batches = budget_of(order, store), Batches(store) if order.batch else None
    shuffled = shuffle(order.recipe, order.machine, order.split, watch.render)
    async with opened(
        order.recipe,
        order.machine,
        store,
        truths,
        shuffled=shuffled,
        halted=lambda: stop.ending,
        budget=budget,
        batches=batches,
    ) as tools:
        watch.remarks, watch.notices, watch.resting = tools.remarks, tools.notices, tools.resting
        with stop.on_signals(), going(keeping, stop):
            async with telling.watching(watch):
                ending, skipped = await _passed(order, store, tools, truths, watch)
    return Made(ending, watch.tally, stop.signal, stop.at_once, skipped)


async def _passed(
    order: Order, store: Store, tools: Tools, truths: Truths, watch: Watch
) -> tuple[Ending, Sequence[Skipped]]:
    """Goes over all samples: once, and by batch once more after each wave of calls that was answered.

    How it ended, and which videos could not be used.
    """
    skipped: list[Skipped] = []
    forecast = Forecast()
    share = None if order.machine.part is None else Share(order.machine.part, whole=order.recipe.task.balance_lengths)
    found = listing(order.recipe, order.machine, order.split, truths, skipped.append, watch.render, forecast, share)
    job = Job(
        order.split,
        order.machine.workers,
        order.limit,
        None if order.target is None else Target(order.target, order.kept),
        forecast,
        beside=processes(),
        led=not in_process(order.recipe.teacher.model),
        since=store.last_outcome(),
    )
    with nullcontext(found) if tools.waves is None else Once(found, order.machine.run) as clips:
        plan = reflection(order.recipe, clips, tools)
        await store.add_recipe(plan.fingerprint, order.recipe.model_dump_json())
        ending = await _waves(plan, store, job, tools.waves, watch)
        if share is not None and ending == "finished" and order.limit is None:
            await note_census(store, order.split, share.census)
        return ending, skipped


async def _waves(plan: Plan[Judged], store: Store, job: Job[Judged], waves: Waves | None, watch: Watch) -> Ending:
    there: dict[str, int] | None = None
    while True:
        watch.tally = Tally()
        if waves is not None:
            waves.begin()
        ending = await run(plan, store, job, watch.tally, watch.stop)
        there = there or {name: stage.reused for name, stage in watch.tally.stages.items()}
        if waves is None or ending != "finished" or not waves.unfinished:
            break
        if not await answered(waves, watch.stop):
            ending = "interrupted"
            break
    for name, reused in there.items():  # what an earlier pass of this run has made was not there when it began
        watch.tally.stages[name].reused = reused
    return ending


def budget_of(order: Order, store: Store) -> Budget:
    """The ceilings, and what all runs of the folder have come to so far. Raises ConfigError for a missing price."""
    if order.max_calls is None and order.max_cost is None:
        return Budget(order.prices)
    _check_priced(order)
    calls, cost = 0, 0.0
    for part in sum_spent(store):
        calls, cost = calls + part.attempts, cost + (cost_of(part, order.prices) or part.cost)
    return Budget(order.prices, max_calls=order.max_calls, max_cost=order.max_cost, calls=calls, cost=cost)


def _check_priced(order: Order) -> None:
    """Raises ConfigError where a ceiling of money has no price to go by."""
    if order.max_cost is None:
        return
    asked = {who.name for who in order.recipe.asked.values()}
    unpriced = sorted(model for model in asked if order.prices.cost(model, prompt=0, cached=0, completion=0) is None)
    if unpriced:
        raise ConfigError(f"--max-cost: {' and '.join(unpriced)} has no price; name it in the table of --prices")


@dataclass(frozen=True)
class Finished:
    """A run that came to its end, and its release."""

    made: Made
    exported: Exported
    stages: Sequence[StageCount]
    seconds: float


def check(order: Order) -> None:
    """Raises ConfigError for what no run can be made of, whatever its folder holds; reaches nobody, needs no key."""
    if order.batch and order.target is not None:
        raise ConfigError(
            "--batch sends all calls of a wave at once and cannot stop in time for --target-accepted"
            "; bound the run with --limit or --max-calls"
        )
    if order.machine.part is not None and order.target is not None:
        raise ConfigError(
            "--target-accepted counts the rows of a whole run, of which a part sees its own share; bound a part with"
            " --limit, --max-calls or --max-cost"
        )
    if order.batch and order.backup is not None:
        raise ConfigError(
            "--batch keeps files beside the store until the service has them, and --backup keeps the store alone; leave"
            " one of them out"
        )
    check_split(order.recipe, order.split)
    _check_priced(order)
    load_prompts(order.recipe.prompts.folder, order.recipe.task.kind)


def generate(order: Order) -> int:
    """Makes, exports, and prints the closing tables. Returns the exit code."""
    check(order)
    telling: Telling = Lines() if order.log_json else Words()
    done = carry_out(order, telling)
    if isinstance(done, int):
        return done
    code = 0 if done.exported.entry.rows else NO_ROWS
    _print_closing(order, done)
    telling.end(code, done.made.ending, done.seconds, done.stages, done.made.skipped, done.exported)
    return code


def carry_out(order: Order, telling: Telling) -> Finished | int:
    """Makes and exports. The exit code where a signal has ended it, or it was a part, which has no release."""
    telling.begin(order)
    started = time.monotonic()
    keeping = begin(order.backup, order.machine.run, order.machine.part, telling)
    with Store(order.machine.run) as store, access(order.machine.run, store, batch=order.batch):
        order = replace(order, recipe=remembering(order.recipe, store))
        try:
            with ended(keeping, telling):
                made = asyncio.run(make(order, store, telling, keeping))
        except RunError:
            telling.pending(open_batches(store), wanted=True)
            raise
        telling.pending(open_batches(store), wanted=made.ending == "interrupted")
        if made.ending == "interrupted":
            number = made.signal or signal.SIGINT
            telling.interrupted(number, at_once=made.at_once)
            telling.end(128 + number, made.ending, time.monotonic() - started)
            return 128 + number
        stages = stage_counts(made.tally, sum_spent(store), order.prices)
        if order.machine.part is not None:
            seconds = time.monotonic() - started
            print_parted(order, made, stages, seconds)
            telling.end(0, made.ending, seconds, stages, made.skipped)
            return 0
        plan = reflection(order.recipe, (), described(order.recipe))
        recipe = remembering(order.recipe, store)  # once more: somebody may have withdrawn meanwhile
        exported = export_split(order.machine.run, store, recipe, plan, order.split)
    return Finished(made, exported, stages, time.monotonic() - started)


def _print_closing(order: Order, done: Finished) -> None:
    made, exported = done.made, done.exported
    console, release = out(), order.recipe.release
    ended = f"{made.tally.ended:,} clips in {lasting(done.seconds)}"
    console.print(heading(f"{release.name} {release.version}, split {order.split}: {ended}"))
    console.print()
    stages_table(console, done.stages, order.prices.currency)
    skipped_lines(console, made.skipped)
    left_out_table(console, exported.told_left_out, "samples left out")
    outcomes_table(console, exported.entry.outcomes, exported.entry.kept, exported.entry.not_kept)
    screen_lines(console, order.recipe.gate.rules, exported.entry)
    release_lines(console, exported)
    next_steps(console, _next(order, exported))


def _next(order: Order, exported: Exported) -> list[tuple[str, str]]:
    run = "" if order.machine.run.parent == RUNS else f" {pasted(order.machine.run)}"
    if not exported.entry.rows:
        return [(f"rocot status{run}", "what went wrong, by reason")]
    return [
        (f"rocot show{run}", "one sample, with its timeline"),
        (f"rocot validate{run}", "check every row"),
    ]
