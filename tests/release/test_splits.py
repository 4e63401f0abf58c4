"""What a whole split tells of its rows stands in them, behind what they told by themselves."""

import pytest

from rocot.arrow import schema_of, table_of
from rocot.core.reflection import Fault
from rocot.core.row import Row
from rocot.release.screen import Verdict
from rocot.release.splits import settled
from tests.builders import EDITION, fight

OWN = [Fault(rule="own", severity="warn", detail=f"detail {index}") for index in range(2)]
TOLD = [Fault(rule="told", severity="reject", detail=f"other {index}") for index in range(2)]
CLEAN = Verdict((), None)


@pytest.mark.parametrize(
    "verdicts",
    [
        [CLEAN, CLEAN, CLEAN],
        [CLEAN, Verdict((TOLD[0],), "fault"), Verdict((), "mix: share")],
        [Verdict((TOLD[1], TOLD[0]), "fault"), CLEAN, Verdict((TOLD[0],), None)],
    ],
    ids=["clean", "one", "several"],
)
def test_verdicts_stand_in_the_rows(verdicts: list[Verdict]) -> None:
    bases = [Row.of(fight(name).judged(), EDITION) for name in ("a", "b", "c")]
    rows = [
        row.model_copy(update={"faults": faults})
        for row, faults in zip(bases, ((), (OWN[0],), tuple(OWN)), strict=True)
    ]
    heard = list[Verdict]()
    parts = [table_of(rows, Row).slice(0, 1), table_of(rows, Row).slice(1, 2)]
    found = list(settled(parts, iter(verdicts), heard.append))
    wanted = [
        row.model_copy(
            update={
                "faults": (*row.faults, *verdict.faults),
                "kept": verdict.not_kept is None,
                "not_kept": verdict.not_kept,
            }
        )
        for row, verdict in zip(rows, verdicts, strict=True)
    ]
    assert [row for part in found for row in part.to_pylist()] == table_of(wanted, Row).to_pylist()
    assert all(part.schema.equals(schema_of(Row), check_metadata=True) for part in found)
    assert heard == verdicts
