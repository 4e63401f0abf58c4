"""Rows for training that are made as tables are those that are made one by one."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from rocot.arrow import schema_of, table_of
from rocot.core.reflection import Frame
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow
from rocot.core.truth import Truth
from rocot.release.trained import rft_table, sft_table
from tests.builders import EDITION, Sample, answer, corrected, corrupted, fight

LOOK = tuple(Frame(time=time, digest=f"{time:064.2f}", width=320, height=240) for time in (4.5, 6.5))
PLAIN = [fight("a"), corrected("b"), corrupted("c")]
LOOKED = [corrected("d").but(relook=LOOK), fight("e").but(relook=LOOK[:1])]
BARE = [
    fight("f").but(truth=Truth()),
    fight("g").but(truth=Truth(choice="a fight")),
    fight("h").but(initial=answer(())),
]


@pytest.mark.parametrize(
    "samples",
    [PLAIN, LOOKED, BARE, [PLAIN[0], *LOOKED, *BARE], [LOOKED[0], PLAIN[1], LOOKED[1]], []],
    ids=["plain", "looked", "bare", "mixed", "between", "none"],
)
def test_tables_hold_what_is_made_row_by_row(samples: Sequence[Sample]) -> None:
    rows = [Row.of(sample.judged(), EDITION) for sample in samples]
    table = table_of(rows, Row)
    for made, one_by_one in (
        (sft_table(table), table_of([one for row in rows for one in SftRow.all_of(row)], SftRow)),
        (rft_table(table), table_of([one for row in rows for one in RftRow.all_of(row)], RftRow)),
    ):
        made.validate(full=True)
        assert made.schema.equals(one_by_one.schema, check_metadata=True)
        assert made.to_pylist() == one_by_one.to_pylist()


def test_a_part_of_a_table_is_taken_for_itself() -> None:
    rows = [Row.of(sample.judged(), EDITION) for sample in [*PLAIN, *LOOKED]]
    parts = table_of(rows, Row).slice(2, 2), table_of(rows, Row).filter(pa.array([False, True, False, False, True]))
    for part, chosen in zip(parts, (rows[2:4], [rows[1], rows[4]]), strict=True):
        wanted = [one.id for row in chosen for one in SftRow.all_of(row)]
        assert sft_table(part)["id"].to_pylist() == wanted
        assert sft_table(part).schema == schema_of(SftRow)
