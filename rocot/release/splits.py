"""One split of a release, as it goes to the disk once all its rows have come: `all`, and both configs for training."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa

from rocot.arrow import schema_of
from rocot.core.row import Row
from rocot.release.configs import FOLDERS, TRAINING
from rocot.release.screen import Verdict
from rocot.release.shards import Written, sharding, written

Made = dict[Literal["all", "sft", "rft"], tuple[Written, ...]]


def settled(
    groups: Iterable[pa.Table], verdicts: Iterator[Verdict], told: Callable[[Verdict], None]
) -> Iterator[pa.Table]:
    """The rows of sheets with what the whole split says of each; `told` hears it, row by row."""
    for rows in groups:
        found = list(islice(verdicts, rows.num_rows))
        for verdict in found:
            told(verdict)
        yield _with(rows, found)


def _with(rows: pa.Table, found: list[Verdict]) -> pa.Table:
    """The rows with their verdicts in them."""
    faults = [
        [*own, *(fault.model_dump() for fault in verdict.faults)]
        for own, verdict in zip(rows["faults"].to_pylist(), found, strict=True)
    ]
    whys = [verdict.not_kept for verdict in found]
    for name, values in {"faults": faults, "kept": [why is None for why in whys], "not_kept": whys}.items():
        field = schema_of(Row).field(name)
        rows = rows.set_column(rows.column_names.index(name), field, pa.array(values, field.type))
    return rows.cast(schema_of(Row))


def write_split(folder: Path, split: str, groups: Iterable[pa.Table], *, shard_bytes: int) -> Made:
    """Writes the split's shards of `all` and of both configs for training, in one pass over its rows.

    Memory holds a row group a config, and what pyarrow keeps of a file until it is closed.
    """
    with ExitStack() as stack:
        everything = stack.enter_context(sharding(folder / FOLDERS["all"], split, Row, shard_bytes=shard_bytes))
        trained = {
            one.name: stack.enter_context(
                sharding(folder / FOLDERS[one.name], split, one.kind, shard_bytes=shard_bytes)
            )
            for one in TRAINING
        }
        beside = stack.enter_context(ThreadPoolExecutor(1))  # pyarrow holds no lock of Python's while it compresses
        for rows in groups:
            extended = beside.submit(everything.extend, rows)
            kept = rows.filter(rows["kept"])
            for one in TRAINING:
                trained[one.name].extend(one.made(kept))
            extended.result()
        made: Made = {"all": _written(everything.finish(), folder)}
        made |= {name: _written(shards.finish(), folder) for name, shards in trained.items()}
    return made


def _written(paths: Iterable[Path], folder: Path) -> tuple[Written, ...]:
    return tuple(written(path, folder) for path in paths)
