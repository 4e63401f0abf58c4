"""The figures of `rocot status`: gathered from a run by reading only."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from rocot.cli.closing import cost_of
from rocot.cli.figures import (
    CallFigures,
    FailingFigures,
    PaceFigures,
    SplitFigures,
    StageFigures,
    Standing,
    WindowFigures,
    WorkFigures,
)
from rocot.cli.runs import Run
from rocot.core.clip import Clip
from rocot.core.reflection import Judged, rejected, told_by
from rocot.engine.batches import open_batches
from rocot.engine.counts import SplitCount, StageCount, count_splits, count_stages
from rocot.engine.harvest import Harvest
from rocot.engine.lately import (
    CallPace,
    Span,
    Window,
    call_paces,
    chains_ended,
    failing,
    span_of_calls,
    window,
)
from rocot.engine.merged import asked_since
from rocot.engine.parts import part_of
from rocot.engine.tables import FailureCount, ModelSpent, count_failures, sum_spent
from rocot.prices import Prices


def gathered(run: Run, prices: Prices) -> Standing:
    """What there is to tell of a run at this moment. Raises StoreError."""
    with run.store.moment():
        return _gathered(run, prices)


def _gathered(run: Run, prices: Prices) -> Standing:
    store, recipe = run.store, run.recipe
    workers = store.workers()
    splits = tuple(_split(run, count) for count in count_splits(store))
    work = WorkFigures(
        processes=len(workers),
        in_flight=sum(worker.clips for worker in workers),
        splits=tuple(store.splits_of(worker.id for worker in workers)),
    )
    spent, failures, span = sum_spent(store), count_failures(store), span_of_calls(store)
    calls = tuple(_calls(part, failures, prices) for part in spent)
    cost, kept = _summed([part.cost for part in calls]), sum(split.kept for split in splits)
    begun = min((worker.begun for worker in workers), default=None)
    within = None if span is None or not asked_since(store) else window(store, span, begun)
    lately = None if within is None else _window(run, within, prices)
    eta, waiting = _time_left(work, splits, lately), open_batches(store)
    return Standing(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        run=str(run.folder),
        part=None if (part := part_of(store)) is None else str(part),
        release=recipe.release.name,
        version=recipe.release.version,
        models={role: who.name for role, who in recipe.asked.items()},
        work=work,
        splits=splits,
        kept=kept,
        calls=calls,
        first_call=None if span is None else span.first,
        last_call=None if span is None else span.last,
        idle_seconds=None if span is None else span.idle,
        calls_per_minute=_overall(calls, span),
        cached_share=_share(sum(part.cached_tokens for part in calls), sum(part.prompt_tokens for part in calls)),
        window=lately,
        failing=() if within is None else _failing(run, within),
        batches=len(waiting),
        batched_calls=sum(batch.calls for batch in waiting),
        currency=prices.currency,
        cost=cost,
        cost_per_kept=None if cost is None or not kept else cost / kept,
        eta_seconds=eta,
        projected_cost=_projected(cost, lately, eta),
    )


def _split(run: Run, count: SplitCount) -> SplitFigures:
    steps = tuple(run.plan)
    counts = count_stages(run.store, steps, count.split)
    outcomes, kept = _outcomes(run, [part for part in counts if part.stage == steps[-1].stage.name], count.split)
    expected = count.listed if count.whole else count.expected
    rollouts = steps[-1].rollouts or 1
    wide = {step.stage.name: rollouts if step.rollouts is None else 1 for step in steps}
    left = sum(part.count * wide[part.stage] for part in counts if part.kind == "missing")
    stages = tuple(
        StageFigures(
            stage=step.stage.name,
            done=sum(part.count for part in counts if (part.stage, part.kind) == (step.stage.name, "done")),
            missing=sum(part.count for part in counts if (part.stage, part.kind) == (step.stage.name, "missing")),
            rejected={
                part.reason: part.count for part in counts if (part.stage, part.kind) == (step.stage.name, "rejected")
            },
            failed={
                part.reason: part.count for part in counts if (part.stage, part.kind) == (step.stage.name, "failed")
            },
        )
        for step in steps
    )
    return SplitFigures(
        split=count.split,
        clips=count.listed,
        gone=count.gone,
        listed=count.whole,
        expected=expected,
        samples_left=None if expected is None else left + max(0, expected - count.listed) * rollouts,
        stages=stages,
        outcomes=dict(outcomes),
        kept=kept,
    )


def _outcomes(run: Run, last: Sequence[StageCount], split: str) -> tuple[Counter[str], int]:
    """Judged samples by outcome, and how many of them are kept for training."""
    outcomes: Counter[str] = Counter()
    kept, keep = 0, () if run.recipe.teacher.guided == "shuffled" else run.recipe.mix.keep
    done = [count for count in last if count.kind == "done"]
    if any(count.counted_as is None for count in done):
        # An older rocot stored some, without what they are counted by: those are read, until `generate` has seen them.
        for item in Harvest(run.store, Clip, tuple(run.plan), Judged).items(split):
            if isinstance(item, Judged):
                outcomes[item.outcome] += 1
                kept += not rejected(item.faults) and item.outcome in keep
        return outcomes, kept
    for count in done:
        outcome, faulty = told_by(count.counted_as or "")
        outcomes[outcome] += count.count
        kept += count.count * (not faulty and outcome in keep)
    return outcomes, kept


def _calls(part: ModelSpent, failures: Sequence[FailureCount], prices: Prices) -> CallFigures:
    here = (part.model, part.stage)
    return CallFigures(
        stage=part.stage,
        model=part.model,
        calls=part.attempts,
        failed=part.failed,
        failures={count.reason: count.count for count in failures if (count.model, count.stage) == here},
        prompt_tokens=part.prompt_tokens,
        cached_tokens=part.cached_tokens,
        completion_tokens=part.completion_tokens,
        cost=cost_of(part, prices),
    )


def _window(run: Run, within: Window, prices: Prices) -> WindowFigures:
    paces = call_paces(run.store, within)
    *_, last = steps = tuple(run.plan)
    order = {step.stage.name: index for index, step in enumerate(steps)}
    samples = 60 * chains_ended(run.store, within, last.fingerprint, last.rollouts or 1)
    costs = _summed([cost_of(pace, prices) for pace in paces])
    return WindowFigures(
        since=within.since,
        until=within.until,
        seconds=within.seconds,
        calls=sum(pace.calls for pace in paces),
        calls_per_minute=_a_minute(sum(pace.calls for pace in paces), within),
        samples_per_minute=samples if within.seconds >= 1 else None,
        cost_per_minute=None if costs is None else _a_minute(costs, within),
        stages=tuple(_pace(pace, within) for pace in sorted(paces, key=lambda pace: order.get(pace.stage, len(order)))),
    )


def _pace(pace: CallPace, within: Window) -> PaceFigures:
    return PaceFigures(
        stage=pace.stage,
        model=pace.model,
        calls=pace.calls,
        failed=pace.failed,
        calls_per_minute=_a_minute(pace.calls, within),
        p50=pace.p50,
        p95=pace.p95,
        cached_share=_share(pace.cached_tokens, pace.prompt_tokens),
    )


def _failing(run: Run, within: Window) -> tuple[FailingFigures, ...]:
    return tuple(
        FailingFigures(
            model=one.model, endpoint=one.endpoint, reason=one.reason, calls=one.calls, seconds_ago=one.seconds
        )
        for one in failing(run.store, within)
    )


def _time_left(work: WorkFigures, splits: Sequence[SplitFigures], lately: WindowFigures | None) -> float | None:
    """Seconds; None where nobody works, nothing came to an end lately, or nobody knows how much there is to do."""
    left = [split.samples_left for split in splits if split.split in work.splits]
    if not left or lately is None or not lately.samples_per_minute:
        return None
    known = [samples for samples in left if samples is not None]
    return 60 * sum(known) / lately.samples_per_minute if len(known) == len(left) else None


def _projected(cost: float | None, lately: WindowFigures | None, eta: float | None) -> float | None:
    if cost is None or eta is None or lately is None or lately.cost_per_minute is None:
        return None
    return cost + lately.cost_per_minute * eta / 60


def _overall(calls: Sequence[CallFigures], span: Span | None) -> float | None:
    made = sum(part.calls for part in calls)
    return None if span is None or span.seconds < 1 else 60 * made / span.seconds


def _a_minute(amount: float, within: Window) -> float | None:
    return 60 * amount / within.seconds if within.seconds >= 1 else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _summed(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
