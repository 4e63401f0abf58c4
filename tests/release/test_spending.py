from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.prices import Prices
from rocot.release.spending import spent

PRICES = Prices.model_validate({"model": [{"name": "openai:m", "input": 2, "cached": 1, "output": 8, "batch": 0.5}]})


def table(path: Path, *endpoints: str) -> Path:
    """One call of 100 prompt tokens, 40 of them cached, and 10 of the reply, at each of these endpoints."""
    one = {"stage": "reason", "model": "openai:m", "ok": True, "latency": 1.0}
    tokens = {"prompt_tokens": 100, "completion_tokens": 10, "cached_tokens": 40}
    pq.write_table(pa.Table.from_pylist([one | tokens | {"endpoint": endpoint} for endpoint in endpoints]), path)
    return path


def test_calls_by_batch_cost_their_share_and_others_cost_all(tmp_path: Path) -> None:
    whole = (60 * 2 + 40 * 1 + 10 * 8) / 1e6
    [one] = spent(table(tmp_path / "a.parquet", "http://here/v1", "http://here/v1/batches"), PRICES)
    assert (one.calls, one.prompt_tokens, one.seconds) == (2, 200, 1.0)
    assert one.cost == pytest.approx(1.5 * whole)
    [one] = spent(table(tmp_path / "b.parquet", "http://here/v1"), PRICES)
    assert one.cost == pytest.approx(whole)


def test_without_a_price_nothing_is_said_to_cost(tmp_path: Path) -> None:
    [one] = spent(table(tmp_path / "a.parquet", "http://here/v1/batches"), Prices())
    assert one.cost is None
