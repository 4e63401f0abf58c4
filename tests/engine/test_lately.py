import math
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import apsw
import pytest

from rocot.engine.lately import MINUTES, call_paces, chains_ended, failing, span_of_calls, window
from rocot.engine.outcome import Kind, Outcome
from rocot.engine.store import Store
from tests.engine.toys import attempt


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


def dated(store: Store, table: str, ago: list[float]) -> None:
    """Dates the rows of a table, oldest first: seconds before now."""
    connection, now = apsw.Connection(str(store.path)), datetime.now(UTC)
    for seq, seconds in enumerate(ago, 1):
        made = (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        connection.execute(f"UPDATE {table} SET made = ? WHERE seq = ?", (made, seq))
    connection.close()


async def asked(store: Store, ago: list[float], failed: Collection[int] = ()) -> list[float]:
    dice, latencies = Random(7), []
    for number in range(len(ago)):
        latencies.append(dice.uniform(0.1, 9))
        made = replace(attempt(str(number), ok=number not in failed), latency=latencies[-1], cost=0.5)
        await store.add_attempt(made)
    dated(store, "attempt", ago)
    return latencies


async def test_a_store_without_a_call_has_done_nothing_lately(store: Store) -> None:
    assert span_of_calls(store) is None


async def test_latencies_are_told_by_rank_over_the_answered_calls_of_the_window(store: Store) -> None:
    ago = [5000.0 - 30 * number for number in range(125)]
    latencies = await asked(store, ago, {3, 124})
    span = span_of_calls(store)
    assert span is not None
    assert span.seconds == pytest.approx(124 * 30, abs=0.01)
    assert span.idle == pytest.approx(1280, abs=30)
    within = window(store, span, None)
    assert within.seconds == pytest.approx(60 * MINUTES, abs=0.01)
    (pace,) = call_paces(store, within)
    inside = [number for number in range(125) if ago[number] <= 1280 + 60 * MINUTES + 0.01]
    fine = sorted(latencies[number] for number in inside if number != 124)
    assert len(fine) == 20, "so that the ranks fall on calls"
    assert (pace.calls, pace.failed) == (21, 1)
    assert pace.p50 == fine[math.ceil(0.5 * len(fine)) - 1]
    assert pace.p95 == fine[math.ceil(0.95 * len(fine)) - 1]
    assert (pace.prompt_tokens, pace.cached_tokens) == (100 * len(inside), 60 * len(inside))
    assert (pace.cost, pace.unpriced_prompt) == (0.5 * len(inside), 0)


async def test_a_window_reaches_up_to_now_while_somebody_works_and_no_further_back_than_their_work(
    store: Store,
) -> None:
    await asked(store, [3000, 500, 200])
    span = span_of_calls(store)
    assert span is not None
    working = window(store, span, (datetime.now(UTC) - timedelta(seconds=300)).timestamp())
    assert working.seconds == pytest.approx(300, abs=30)
    assert [pace.calls for pace in call_paces(store, working)] == [1]
    over = window(store, span, None)
    assert over.until == span.last
    assert [pace.calls for pace in call_paces(store, over)] == [2]


async def test_replies_that_were_only_read_again_are_no_calls(store: Store) -> None:
    await asked(store, [100, 90])
    await store.add_attempt(replace(attempt("again"), endpoint="stored", latency=0.0))
    span = span_of_calls(store)
    assert span is not None
    assert span.seconds == pytest.approx(10, abs=0.01)
    assert [pace.calls for pace in call_paces(store, window(store, span, None))] == [2]


async def test_calls_by_batch_are_in_no_pace(store: Store) -> None:
    alone = await asked(store, [60, 50])
    span = span_of_calls(store)
    assert span is not None
    for number in range(9):
        batched = replace(attempt(f"batched{number}", ok=number > 5), endpoint="http://shelf/batches", latency=3600.0)
        await store.add_attempt(batched)
    again = span_of_calls(store)
    assert again is not None
    assert (again.first, again.last) == (span.first, span.last)
    (pace,) = call_paces(store, window(store, again, None))
    assert (pace.calls, pace.failed) == (2, 0)
    assert pace.p95 == max(alone)
    assert not failing(store, window(store, again, None))


@pytest.mark.parametrize(
    ("failed", "told"), [(range(4, 10), [("timeout", 6)]), (range(6, 10), []), (range(9), []), ((), [])]
)
async def test_a_server_that_fails_every_call_is_told(
    store: Store, failed: Collection[int], told: list[tuple[str, int]]
) -> None:
    await asked(store, [float(100 - number) for number in range(10)], failed)
    span = span_of_calls(store)
    assert span is not None
    found = failing(store, window(store, span, None))
    assert [(one.reason, one.calls) for one in found] == told
    assert all((one.model, one.endpoint) == ("tin:1", "http://shelf") for one in found)


async def test_samples_end_as_done_at_the_last_step_or_turned_away_at_any(store: Store) -> None:
    await asked(store, [600, 0])
    ends: list[tuple[str, int | None, Kind]] = [
        ("wind", None, "done"),
        ("wind", None, "failed"),
        ("speak", 0, "rejected"),
        ("grade", 1, "done"),
    ]
    for number, (stage, rollout, kind) in enumerate(ends * 2):
        item = f"toy/{number}"
        made = Outcome(item, item, rollout, stage, stage, "in", -1, kind)
        await store.add_outcome(made)
    dated(store, "outcome", [5000.0] * 4 + [300.0] * 4)
    span = span_of_calls(store)
    assert span is not None
    within = window(store, span, None)
    assert chains_ended(store, within, "grade", 3) * within.seconds == pytest.approx(3 + 1 + 1)
