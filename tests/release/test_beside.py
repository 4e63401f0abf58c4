"""What an attempt cost stands in a table as it does by itself."""

import pyarrow as pa
import pytest

from rocot.arrow import table_of
from rocot.engine.tables import AttemptRow
from rocot.release.beside import Usage, usage_table
from tests.release.attempts import attempt

OK = attempt()
FAILED = OK._replace(seq=2, kind="failed", reason="timeout", status=0, size=0, latency=120.0, item="yard/\u00fc#1")
DIRTY = OK._replace(seq=3, request_id="a\x00b\ud800c", model="two\nlines \x07")


@pytest.mark.parametrize("made", [[OK], [FAILED], [OK, FAILED, DIRTY, OK]], ids=["ok", "failed", "mixed"])
def test_a_table_of_attempts_holds_what_is_made_one_by_one(made: list[AttemptRow]) -> None:
    table, one_by_one = usage_table(made), table_of([Usage.of(attempt) for attempt in made], Usage)
    table.validate(full=True)
    assert table.schema.equals(one_by_one.schema, check_metadata=True)
    assert table.to_pylist() == one_by_one.to_pylist()


def test_an_attempt_that_no_table_takes_is_refused() -> None:
    with pytest.raises(pa.ArrowException, match="many"):
        usage_table([OK._replace(status="many")])  # type: ignore[arg-type]  # what a flipped bit may make of a number
