"""The figures of `rocot status`: gathered by reading only, printed by `standing`, and JSON as they are."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from rocot.cli.closing import cost_of
from rocot.cli.runs import Run
from rocot.core.clip import Clip
from rocot.core.record import Record
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
from rocot.engine.tables import FailureCount, ModelSpent, count_failures, sum_spent
from rocot.prices import Prices
from rocot.recipe import Role


class StageFigures(Record):
    """How the samples of a split stand at one stage."""

    stage: str
    done: int
    missing: int
    """Reached the stage, and it is still to be done."""
    rejected: dict[str, int]
    """By reason."""
    failed: dict[str, int]
    """By reason."""


class SplitFigures(Record):
    """How one split stands, for the recipe that was used last."""

    split: str
    clips: int
    """Listed so far."""
    gone: int
    """Clips that were listed once, and are no more."""
    listed: bool
    """Whether the split was listed to its end: then `clips` is all there is."""
    expected: int | None
    """Clips in all: `clips` once it is listed, before that about how many; null where nobody can tell."""
    samples_left: int | None
    """Rollouts that have not come to an end; null where `expected` is."""
    stages: tuple[StageFigures, ...]
    outcomes: dict[str, int]
    """Judged samples."""
    kept: int
    """Of these, for training."""


class WorkFigures(Record):
    """Who works on the run just now."""

    processes: int
    in_flight: int
    """Clips that they work on."""
    splits: tuple[str, ...]
    """Those that the clips are of."""


class CallFigures(Record):
    """What one model was asked in one stage, by all processes and recipes of the run's folder."""

    stage: str
    model: str
    calls: int
    failed: int
    """Of the calls."""
    failures: dict[str, int]
    """By reason."""
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt's."""
    completion_tokens: int
    cost: float | None
    """Money; null without a price."""


class PaceFigures(Record):
    """One model in one stage, within the window."""

    stage: str
    model: str
    calls: int
    failed: int
    calls_per_minute: float | None
    p50: float | None
    """Seconds within which half of the answered calls were answered."""
    p95: float | None
    cached_share: float | None
    """Of the prompt's tokens, 0 to 1."""


class WindowFigures(Record):
    """The last ten minutes, of work or before the last call; less where the work or the run is younger."""

    since: str
    """ISO 8601, UTC."""
    until: str
    seconds: float
    calls: int
    calls_per_minute: float | None
    """Null where the window is shorter than a second."""
    samples_per_minute: float | None
    """Samples that came to an end, one way or another."""
    cost_per_minute: float | None
    stages: tuple[PaceFigures, ...]


class FailingFigures(Record):
    """A server that has failed every one of its last calls."""

    model: str
    endpoint: str
    reason: str
    """Of the last one."""
    calls: int
    seconds_ago: float
    """The last one."""


class Standing(Record):
    """All of a run's figures."""

    time: str
    """When they were gathered: ISO 8601, UTC."""
    run: str
    release: str
    version: str
    models: dict[Role, str]
    work: WorkFigures
    splits: tuple[SplitFigures, ...]
    kept: int
    """For training, in all splits."""
    calls: tuple[CallFigures, ...]
    first_call: str | None
    """ISO 8601, UTC."""
    last_call: str | None
    idle_seconds: float | None
    """Since the last call."""
    calls_per_minute: float | None
    """From the first call to the last, pauses included."""
    cached_share: float | None
    """Of all prompt tokens, 0 to 1."""
    window: WindowFigures | None
    failing: tuple[FailingFigures, ...]
    batches: int
    """Batches of calls that are not over."""
    batched_calls: int
    """Calls in them."""
    currency: str
    cost: float | None
    """Of all calls in the folder; null where a model has no price."""
    cost_per_kept: float | None
    eta_seconds: float | None
    """Until the splits that are worked on are done, at the pace of the window."""
    projected_cost: float | None
    """`cost` by then."""


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
    within = None if span is None else window(store, span, begun)
    lately = None if within is None else _window(run, within, prices)
    eta, waiting = _time_left(work, splits, lately), open_batches(store)
    return Standing(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        run=str(run.folder),
        release=recipe.release.name,
        version=recipe.release.version,
        models={role: who.model for role, who in recipe.asked.items()},
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
