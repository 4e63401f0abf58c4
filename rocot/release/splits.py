"""One split of a release, as it goes to the disk once all its rows have come: `all`, and both configs for training."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    whys = [verdict.not_kept for verdict in found]
    for name, values in {"kept": [why is None for why in whys], "not_kept": whys}.items():
        rows = _replaced(rows, name, pa.array(values, schema_of(Row).field(name).type))
    if any(verdict.faults for verdict in found):
        rows = _replaced(rows, "faults", _joined(rows["faults"].combine_chunks(), found))
    return rows


def _replaced(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), schema_of(Row).field(name), column)


def _joined(own: pa.ListArray, found: list[Verdict]) -> pa.ListArray:
    """Of each row its own faults, then those that the whole split tells. Those that lie in memory are not spelt out."""
    told = pa.array([fault.model_dump() for verdict in found for fault in verdict.faults], own.type.value_type)
    counts = np.array([pc.list_value_length(own).to_numpy(), [len(verdict.faults) for verdict in found]])
    rows = np.tile(np.arange(len(found)), 2).repeat(counts.ravel())
    faults = pa.concat_arrays([own.flatten(), told]).take(pa.array(np.argsort(rows, kind="stable")))
    ends = np.concatenate([[0], counts.sum(axis=0).cumsum()])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), faults, type=own.type)


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
