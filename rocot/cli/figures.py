"""What `rocot status` tells of a run: printed by `standing`, and JSON as it is. `gathering` fills it in."""

from rocot.core.record import Record
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
    part: str | None
    """Which part of a run it is, `3/8`; null for a whole run."""
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
