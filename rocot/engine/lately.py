"""What a run has done lately, in SQL over its newest rows: its pace, how long calls take, which servers fail them all.

Times are those at which the store wrote a row: ISO 8601, UTC.
"""

from dataclasses import dataclass

from rocot.engine.reader import StoreReader
from rocot.prices import BY_BATCH

MINUTES = 10
"""How far `lately` goes back."""
MOST = 20_000
"""Rows that are looked at, at most: a tenth of a second. Where more came in the time, it goes back less far."""
LEAST_FAILED = 5
"""Calls in a row that must have failed before a server is said to fail: fewer than the tries of one call."""

_SENT = f"latency > 0 AND endpoint NOT LIKE '%{BY_BATCH}'"
"""Replies that were only read again (`rocot reparse`) are no calls. Those of a batch, recorded all at once hours after
they were asked, tell no pace."""
_NEWEST = f"""
WITH newest AS MATERIALIZED (
    SELECT seq, model, stage, endpoint, kind, reason, latency, prompt_tokens, completion_tokens, cached_tokens, cost,
           made
    FROM attempt ORDER BY seq DESC LIMIT {MOST}
), lately AS MATERIALIZED (SELECT * FROM newest WHERE {_SENT} AND made >= ?)
"""  # noqa: S608  # only our own numbers


@dataclass(frozen=True)
class Window:
    """A stretch of time that is looked at."""

    since: str
    until: str
    seconds: float


@dataclass(frozen=True)
class Span:
    """When calls were made, from the first to the last."""

    first: str
    last: str
    seconds: float
    idle: float
    """Seconds since the last."""


@dataclass(frozen=True)
class CallPace:
    """What one model was asked in one stage within a window."""

    model: str
    stage: str
    calls: int
    failed: int
    """Of the calls."""
    p50: float | None
    """Seconds within which half of the answered calls were answered; None where none was."""
    p95: float | None
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost: float
    """Money, of the calls that were made with a price."""
    unpriced_prompt: int
    unpriced_completion: int
    unpriced_cached: int


@dataclass(frozen=True)
class Failing:
    """A server that has failed every one of its last calls."""

    model: str
    endpoint: str
    reason: str
    """Of the last one."""
    calls: int
    seconds: float
    """Since the last one."""


def span_of_calls(store: StoreReader) -> Span | None:
    """When calls were made; None where none was. A merged store holds them by part, and remembers when they were."""
    query = f"""
        SELECT first, last, (julianday(last) - julianday(first)) * 86400,
               max(0, (julianday('now') - julianday(last)) * 86400)
        FROM (SELECT coalesce((SELECT state ->> 'first' FROM merged WHERE number = 0),
                              (SELECT made FROM attempt WHERE {_SENT} ORDER BY seq LIMIT 1)) AS first,
                     max(coalesce((SELECT state ->> 'last' FROM merged WHERE number = 0), ''),
                         (SELECT made FROM attempt WHERE {_SENT} ORDER BY seq DESC LIMIT 1)) AS last)
        WHERE last IS NOT NULL
    """  # noqa: S608
    return next(iter(store.rows(Span, query)), None)


def window(store: StoreReader, span: Span, begun: float | None) -> Window:
    """The last ten minutes: up to now where somebody works, since `begun` (seconds since 1970), else to the last call.

    It begins no sooner than their work, the first call, and the oldest of the newest rows that are looked at.
    """
    oldest = f"(SELECT min(made) FROM (SELECT made FROM attempt ORDER BY seq DESC LIMIT {MOST}))"  # noqa: S608
    (found,) = store.rows(
        Window,
        f"""
        SELECT since, until, (julianday(until) - julianday(since)) * 86400 FROM (
            SELECT until, min(until, max(strftime('%Y-%m-%dT%H:%M:%fZ', until, '-{MINUTES} minutes'), ?, {oldest},
                                         coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', ?, 'unixepoch'), ''))) AS since
            FROM (SELECT CASE WHEN ? THEN max(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) ELSE ? END AS until))
        """,  # noqa: S608
        (span.first, begun, begun is not None, span.last, span.last),
    )
    return found


def call_paces(store: StoreReader, within: Window) -> list[CallPace]:
    """The calls of a window by model and stage. p50 and p95 are latencies that were measured, by their rank."""
    return store.rows(
        CallPace,
        f"""
        {_NEWEST}, ranked AS (
            SELECT model, stage, latency, row_number() OVER (PARTITION BY model, stage ORDER BY latency) AS rank,
                   count(*) OVER (PARTITION BY model, stage) AS n
            FROM lately WHERE kind = 'ok'
        ), ranks AS (
            SELECT model, stage, min(latency) FILTER (WHERE rank >= 0.5 * n) AS p50,
                   min(latency) FILTER (WHERE rank >= 0.95 * n) AS p95
            FROM ranked GROUP BY model, stage
        )
        SELECT model, stage, count(*), sum(kind = 'failed'), p50, p95, sum(prompt_tokens), sum(completion_tokens),
               sum(cached_tokens), total(cost), sum(prompt_tokens * (cost IS NULL)),
               sum(completion_tokens * (cost IS NULL)), sum(cached_tokens * (cost IS NULL))
        FROM lately LEFT JOIN ranks USING (model, stage) GROUP BY model, stage ORDER BY model, min(seq)
        """,  # noqa: S608
        (within.since,),
    )


def failing(store: StoreReader, within: Window) -> list[Failing]:
    """The servers that have failed every call since the last that they answered, if it was not just bad luck."""
    return store.rows(
        Failing,
        f"""
        {_NEWEST}, fine AS (SELECT model, endpoint, max(seq) AS seq FROM newest WHERE kind = 'ok' GROUP BY 1, 2),
        since AS (SELECT model, endpoint, count(*) AS calls, max(lately.seq) AS seq
                  FROM lately LEFT JOIN fine USING (model, endpoint)
                  WHERE lately.seq > coalesce(fine.seq, 0) GROUP BY 1, 2)
        SELECT model, endpoint, reason, calls, max(0, (julianday('now') - julianday(made)) * 86400)
        FROM since JOIN newest USING (model, endpoint, seq) WHERE calls >= {LEAST_FAILED} ORDER BY 1, 2
        """,  # noqa: S608
        (within.since,),
    )


def chains_ended(store: StoreReader, within: Window, last: str, rollouts: int) -> float:
    """Samples a second that came to their end within a window, one way or another.

    `last` is the fingerprint of the last step. What ends before the fan-out ends all its rollouts.
    """
    many = 4 * MOST  # the stages of a sample are more than its calls
    (rate,) = store.rows(
        float,
        f"""
        WITH newest AS MATERIALIZED (
            SELECT rollout, kind, fingerprint, made FROM outcome ORDER BY seq DESC LIMIT {many}
        ), since AS (SELECT max(?, CASE WHEN count(*) = {many} THEN min(made) ELSE '' END) AS made FROM newest)
        SELECT coalesce(sum(CASE WHEN rollout IS NULL THEN ? ELSE 1 END)
                        / max(1e-9, (julianday(?) - julianday(since.made)) * 86400), 0.0)
        FROM newest, since WHERE newest.made >= since.made AND (kind <> 'done' OR fingerprint = ?)
        """,  # noqa: S608
        (within.since, rollouts, within.until, last),
    )
    return rate
