"""The figures of a run: what was asked, what is there under which fingerprint."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rocot.engine.reader import StoreReader


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
    batched_prompt: int = 0
    """Tokens, of all, that were asked by batch."""
    unpriced_batched_prompt: int = 0
    """Of these, tokens of the attempts that were made without a price."""
    unpriced_batched_completion: int = 0
    unpriced_batched_cached: int = 0


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


class AttemptRow(NamedTuple):
    """A stored attempt, without its body.

    No dataclass: a frozen one takes ten times as long to make, and an export makes several for each row.
    """

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


def sum_spent(store: StoreReader) -> list[ModelSpent]:
    """What was asked in all, by model and stage."""
    return store.rows(
        ModelSpent,
        """
        SELECT model, stage, sum(attempts), sum(attempts * (kind = 'failed')), sum(prompt_tokens),
               sum(completion_tokens), sum(cached_tokens), sum(latency), sum(cost),
               sum(prompt_tokens * (1 - priced)), sum(completion_tokens * (1 - priced)),
               sum(cached_tokens * (1 - priced)),
               coalesce(max(whole), 0), coalesce(max(prompt), 0), coalesce(max(completion), 0),
               coalesce(max(cached), 0)
        FROM spent LEFT JOIN (
            SELECT batch.model, stage, sum(prompt_tokens) AS whole, sum(prompt_tokens * (1 - priced)) AS prompt,
                   sum(completion_tokens * (1 - priced)) AS completion, sum(cached_tokens * (1 - priced)) AS cached
            FROM batched JOIN batch ON batch.uuid = batched.batch GROUP BY 1, 2
        ) AS by_batch USING (model, stage)
        GROUP BY model, stage ORDER BY model, min(first)
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
