"""The figures of a run: how its samples stand, what was asked, what is there under which fingerprint."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rocot.engine.database import Value
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.engine.walk import fans_out


@dataclass(frozen=True)
class StageCount:
    """How many items ended so at a stage."""

    stage: str
    kind: Literal["done", "rejected", "failed", "missing"]
    """Missing: they reached the stage, and it is still to be done."""
    reason: str
    count: int


@dataclass(frozen=True)
class SplitCount:
    """Clips of a split."""

    split: str
    listed: int
    gone: int
    """Registered earlier, and no longer listed."""


@dataclass(frozen=True)
class ModelSpent:
    """What one model was asked in one stage, over all runs of the store."""

    model: str
    stage: str
    attempts: int
    failed: int
    """Of the attempts."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    """Of the prompt's, those that a prefix cache paid for."""
    latency: float
    """Seconds, all attempts together."""
    cost: float
    """Money, of the attempts that were made with a price."""
    unpriced_prompt: int
    """Tokens of the attempts that were made without one."""
    unpriced_completion: int
    unpriced_cached: int


@dataclass(frozen=True)
class FailureCount:
    """Failed attempts of one kind, over all runs of the store."""

    model: str
    stage: str
    reason: str
    count: int


@dataclass(frozen=True)
class Held:
    """What the store holds of one stage under one fingerprint."""

    stage: str
    fingerprint: str
    done: int
    rejected: int
    failed: int


@dataclass(frozen=True)
class AttemptRow:
    """A stored attempt, without its body."""

    seq: int
    call: str
    item: str
    stage: str
    model: str
    endpoint: str
    kind: Literal["ok", "failed"]
    reason: str
    status: int
    """HTTP."""
    size: int
    """Bytes of the body, as it lies in the store."""
    request_id: str
    latency: float
    """Seconds."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    made: str
    """When it was stored: ISO 8601, UTC."""


def count_splits(store: StoreReader) -> list[SplitCount]:
    """The clips of each split."""
    return store.rows(SplitCount, "SELECT split, sum(gone = 0), sum(gone) FROM clip GROUP BY split ORDER BY split")


def count_stages(store: StoreReader, steps: Sequence[Step], split: str) -> list[StageCount]:
    """How the samples of a split stand, for these very stages. At each stage the counts add up to what reached it."""
    arrived = sum(count.listed for count in count_splits(store) if count.split == split)
    counted = _ends_by_stage(store, steps, split)
    table: list[StageCount] = []
    for index, step in enumerate(steps):
        name = step.stage.name
        arrived *= fans_out(steps, index) or 1
        here = [count for at, count in counted if at == index]
        missing = arrived - sum(count.count for count in here)
        table += here
        if missing:
            table.append(StageCount(name, "missing", "", missing))
        arrived = sum(count.count for count in here if count.kind == "done")
    return table


def _ends_by_stage(store: StoreReader, steps: Sequence[Step], split: str) -> list[tuple[int, StageCount]]:
    """The outcomes that follow on from the listed clips, counted by stage, kind and reason."""
    tables = ["ended0 AS MATERIALIZED (SELECT -seq AS seq, 'done' AS kind, '' AS reason FROM clip"]
    tables[0] += " WHERE split = ? AND gone = 0)"
    bindings: list[Value] = [split]
    counts: list[str] = []
    for index, step in enumerate(steps):
        tables.append(
            f"ended{index + 1} AS MATERIALIZED ("  # noqa: S608  # only numbers of ours
            "SELECT outcome.seq, outcome.kind, outcome.reason"
            f" FROM ended{index} AS before CROSS JOIN outcome ON outcome.after = before.seq"
            " WHERE before.kind = 'done' AND outcome.fingerprint = ? AND coalesce(outcome.rollout, 0) < ?)"
        )
        bindings += [step.fingerprint, step.rollouts or 1]
        counts.append(f"SELECT {index}, kind, reason, count(*) FROM ended{index + 1} GROUP BY kind, reason")  # noqa: S608
    query = f"WITH {', '.join(tables)} {' UNION ALL '.join(counts)} ORDER BY 1, 2, 3"

    def row(index: int, kind: Literal["done", "rejected", "failed"], reason: str, count: int) -> tuple[int, StageCount]:
        return index, StageCount(steps[index].stage.name, kind, reason, count)

    return store.rows(row, query, bindings)


def sum_spent(store: StoreReader) -> list[ModelSpent]:
    """What was asked in all, by model and stage."""
    return store.rows(
        ModelSpent,
        """
        SELECT model, stage, sum(attempts), sum(attempts * (kind = 'failed')), sum(prompt_tokens),
               sum(completion_tokens), sum(cached_tokens), sum(latency), sum(cost),
               sum(prompt_tokens * (1 - priced)), sum(completion_tokens * (1 - priced)),
               sum(cached_tokens * (1 - priced))
        FROM spent GROUP BY model, stage ORDER BY model, min(first)
        """,
    )


def count_failures(store: StoreReader) -> list[FailureCount]:
    """Failed attempts by model, stage and reason."""
    return store.rows(
        FailureCount,
        """
        SELECT model, stage, reason, sum(attempts) FROM spent WHERE kind = 'failed'
        GROUP BY model, stage, reason ORDER BY 1, 2, 3
        """,
    )


def held(store: StoreReader) -> list[Held]:
    """What the store holds by stage and fingerprint, whatever recipe asked for it."""
    return store.rows(
        Held,
        """
        SELECT stage, fingerprint, sum(kind = 'done'), sum(kind = 'rejected'), sum(kind = 'failed')
        FROM outcome WHERE after IS NOT NULL GROUP BY stage, fingerprint ORDER BY min(seq)
        """,
    )


_ATTEMPT = """
SELECT seq, call, item, stage, model, endpoint, kind, reason, status, length(body), request_id, latency,
       prompt_tokens, completion_tokens, cached_tokens, made
FROM attempt
"""


def attempts(store: StoreReader) -> Iterator[AttemptRow]:
    """Every attempt, oldest first, few in memory at a time."""
    after = 0
    while page := store.rows(AttemptRow, f"{_ATTEMPT} WHERE seq > ? ORDER BY seq LIMIT 1000", (after,)):
        yield from page
        after = page[-1].seq


def attempts_of(store: StoreReader, item: str) -> list[AttemptRow]:
    """Every attempt that was made for an item's key, oldest first."""
    return store.rows(AttemptRow, f"{_ATTEMPT} WHERE item = ? ORDER BY seq", (item,))
