"""`rocot evaluate --judge`: VAU-Eval, each text rated by a judge; stored, resumed and priced as a run is."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rocot.assets import rating_prompts
from rocot.cli.batching import access
from rocot.cli.closing import stage_counts, stages_table
from rocot.cli.generating import Order, budget_of
from rocot.cli.screen import aside, money, short
from rocot.cli.telling import Words
from rocot.cli.watch import Watch
from rocot.core.prompt import Text
from rocot.core.rating import Rated, Rating, Told
from rocot.engine.job import Ending, Job
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Plan, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.engine.tables import sum_spent
from rocot.engine.walk import look
from rocot.errors import ConfigError, StoreError
from rocot.estimate import CHARACTERS_A_TOKEN
from rocot.machine import Machine
from rocot.prices import Prices
from rocot.recipe import Recipe
from rocot.stages.rate import Rate
from rocot.tools.described import described
from rocot.tools.opened import judging

REPLY = 60
"""Tokens of a reply: five numbers and their names."""
SPLIT = "rated"


@dataclass(frozen=True)
class Judging:
    """Who rates, and where ratings are kept."""

    recipe: Recipe
    """Its teacher rates; nothing else of it counts."""
    machine: Machine
    """Its run's folder holds replies and ratings."""
    prices: Prices
    max_calls: int | None
    max_cost: float | None

    @property
    def judge(self) -> str:
        """As recipes name models."""
        return self.recipe.teacher.name


@dataclass(frozen=True)
class Judged:
    """What came of it."""

    ratings: Mapping[str, Rating]
    failed: Counter[str]


def judge(judging: Judging, told: Sequence[Told]) -> Judged | int:
    """Has texts rated, those that are not yet. The exit code where a signal has ended it.

    Raises ConfigError for a judge that cannot read, and what a run raises.
    """
    if judging.judge == "embedded":
        raise ConfigError("--judge embedded: it measures frames and understands no text; name a model")
    order = Order(
        judging.recipe,
        judging.machine,
        SPLIT,
        judging.prices,
        max_calls=judging.max_calls,
        max_cost=judging.max_cost,
    )
    plan = start(()).then(Rate(rating_prompts(), described(judging.recipe).teacher))
    with Store(judging.machine.run) as store, access(judging.machine.run, store, batch=False):
        _price(judging, [one for one in told if _found(store, plan, one) is None])
        stop, tally = Stop(), Tally()
        ending = asyncio.run(_rated(order, store, told, stop, tally))
        if ending == "interrupted":
            number = stop.signal or signal.SIGINT
            Words().interrupted(number, at_once=stop.at_once)
            return 128 + number
        stages_table(aside(), stage_counts(tally, sum_spent(store), judging.prices), judging.prices.currency)
        return _collected(store, plan, told)


def _price(judging: Judging, told: Sequence[Told]) -> None:
    """Tells what is to be rated and what that may cost, before it starts."""
    stage = Rate(rating_prompts(), described(judging.recipe).teacher)
    asks = [stage.ask(one, "json") for one in told]
    parts = [part.text for ask in asks for turn in ask.turns for part in turn.parts if isinstance(part, Text)]
    prompt, reply = sum(map(len, parts)) // CHARACTERS_A_TOKEN, REPLY * len(asks)
    cost = judging.prices.cost(judging.judge, prompt=prompt, cached=0, completion=reply)
    priced = "no price is known" if cost is None else f"about {money(cost)} {judging.prices.currency}"
    tokens = f"about {short(prompt)} + {short(reply)} tokens"
    aside().print(f"VAU-Eval by {judging.judge}: {len(asks):,} texts to rate, {tokens}, {priced}")


async def _rated(order: Order, store: Store, told: Sequence[Told], stop: Stop, tally: Tally) -> Ending:
    watch = Watch(tally, stop, order.prices.currency)
    async with judging(
        order.recipe, order.machine, store, budget=budget_of(order, store), halted=lambda: stop.ending
    ) as reading:
        watch.remarks, watch.resting = reading.remarks, reading.resting
        plan = start(told).then(Rate(rating_prompts(), reading.judge))
        with stop.on_signals():
            async with Words().watching(watch):
                return await run(plan, store, Job(SPLIT, order.machine.workers), tally, stop)


def _found(store: Store, plan: Plan[Rated], told: Told) -> Rated | str | None:
    """What the store has of a text: its rating, why there is none, or nothing yet."""
    (step,) = plan
    sight = look(store, step, told, store.last_outcome())
    if isinstance(sight.item, Rated):
        return sight.item
    return None if sight.outcome is None else sight.outcome.reason


def _collected(store: Store, plan: Plan[Rated], told: Sequence[Told]) -> Judged:
    ratings: dict[str, Rating] = {}
    failed: Counter[str] = Counter()
    (step,) = plan
    for one in told:
        sight = look(store, step, one, -1)
        if isinstance(sight.item, Rated):
            ratings[one.id] = sight.item.rating
        elif sight.outcome is not None:
            failed[sight.outcome.reason] += 1
        else:
            raise StoreError(f"{store.path.parent}: what was rated is not there; run the same command again")
    return Judged(ratings, failed)


def folder_of(judge: str, benchmark: str, root: Path) -> Path:
    """Where a judge's ratings on a benchmark are kept, of whatever texts."""
    name = f"vau-eval-{judge}-{benchmark}"
    return root / "".join(char if char.isalnum() or char in "._-@" else "-" for char in name)
