"""Rows of a release that was just written, as far as its numbers need them: read as they are, and not checked again.

Every one of them was checked when its sample was judged and again when it was read from the store. To read all 125
columns of them and check each once more took a fifth of an export.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from rocot.core.answer import Answer, Check, Reflection
from rocot.core.checked import BlindLook, Criticism
from rocot.core.record import Record
from rocot.core.reflection import Fault, Scores
from rocot.core.row import Row
from rocot.core.truth import Truth
from rocot.release.shards import opened

BATCH_ROWS = 512
COLUMNS = (
    *("id", "split", "source", "video", "rollout", "clip_start", "clip_end", "classes"),
    *("outcome", "scores", "improved_floor", "truth", "faults", "kept", "not_kept"),
    *("initial.label", "initial.spans", "revised.label", "revised.spans"),
    *("reflection.checks", "reflection.critique", "reflection.verdict"),
    *("reanswer.finding", "counterfactual.finding", "critic.finding"),
)
"""What is read."""


def believed(path: Path) -> Iterator[Row]:
    """The rows of a shard, with these columns alone; spans and labels are lists in them."""
    with opened(path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
            yield from map(_row, batch.to_pylist())


def _row(values: Mapping[str, object]) -> Row:
    made: dict[str, object] = {name: _made(kind, values[name]) for name, kind in _KINDS.items()}
    said = values["reflection"]
    assert isinstance(said, dict)
    made["reflection"] = _made(Reflection, {**said, "checks": _several(Check, said["checks"])})
    made["faults"] = _several(Fault, values["faults"])
    return cast("Row", _made(Row, {**values, **made}))


_KINDS: dict[str, type[Record]] = {
    "truth": Truth,
    "scores": Scores,
    "initial": Answer,
    "revised": Answer,
    "reanswer": BlindLook,
    "counterfactual": BlindLook,
    "critic": Criticism,
}


def _made(kind: type[Record], values: object) -> Record | None:
    """None where it was null."""
    if values is None:
        return None
    assert isinstance(values, dict)
    return kind.model_construct(None, **values)


def _several(kind: type[Record], values: object) -> list[Record | None]:
    assert isinstance(values, list)
    return [_made(kind, one) for one in values]
