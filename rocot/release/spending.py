"""What the calls behind a release took, from the table beside its shards."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rocot.core.record import Record
from rocot.errors import StoreError
from rocot.prices import BY_BATCH, Prices
from rocot.release.shards import opened

COLUMNS = ("stage", "model", "endpoint", "ok", "latency", "prompt_tokens", "completion_tokens", "cached_tokens")
BATCH_ROWS = 8192


class Spent(Record):
    """All attempts of one stage at one model, failed ones among them, in every split of the run."""

    stage: str
    model: str
    calls: int
    failed: int
    """Of the calls."""
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt's, those that a prefix cache paid for."""
    completion_tokens: int
    seconds: float
    """All calls together, from sending to the last byte, but for those by batch: a batch waits with all its calls."""
    cost: float | None
    """Money, by the table of prices that was named; None for a model without a price."""


@dataclass
class _Sums:
    calls: int = 0
    failed: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    seconds: float = 0.0


def spent(path: Path, prices: Prices) -> tuple[Spent, ...]:
    """By stage, in the order of first use, and model; empty where there is no table. Raises StoreError."""
    if not path.is_file():
        return ()
    sums: dict[tuple[str, str], _Sums] = {}
    batched: dict[tuple[str, str], _Sums] = {}
    try:
        with opened(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
                for stage, model, endpoint, ok, seconds, prompt, completion, cached in zip(
                    *(batch.column(name).to_pylist() for name in COLUMNS), strict=True
                ):
                    by_batch = endpoint.endswith(BY_BATCH)
                    for counted in (sums, batched) if by_batch else (sums,):
                        one = counted.setdefault((stage, model), _Sums())
                        one.calls += 1
                        one.failed += not ok
                        one.prompt += prompt
                        one.cached += cached
                        one.completion += completion
                        one.seconds += 0.0 if by_batch else seconds
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: no table of calls ({error}); export again") from error
    return tuple(
        Spent(
            stage=stage,
            model=model,
            calls=one.calls,
            failed=one.failed,
            prompt_tokens=one.prompt,
            cached_tokens=one.cached,
            completion_tokens=one.completion,
            seconds=one.seconds,
            cost=_cost(prices, model, one, batched.get((stage, model), _Sums())),
        )
        for (stage, model), one in sums.items()
    )


def _cost(prices: Prices, model: str, whole: _Sums, batched: _Sums) -> float | None:
    """Money for all, of which some was asked by batch."""
    alone = prices.cost(
        model,
        prompt=whole.prompt - batched.prompt,
        cached=whole.cached - batched.cached,
        completion=whole.completion - batched.completion,
    )
    by_batch = prices.cost(
        model, prompt=batched.prompt, cached=batched.cached, completion=batched.completion, batch=True
    )
    return None if alone is None or by_batch is None else alone + by_batch
