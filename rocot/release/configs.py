"""The configs of a release, and the folders they lie in: what `load_dataset` calls by one name has the same columns."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from rocot.core.record import Record
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow
from rocot.release.controls import FOLDER as CONTROLS
from rocot.release.controls import ControlRow
from rocot.release.shards import ROWS_A_GROUP, Written, sharding, written

Config: TypeAlias = Literal["all", "sft", "rft", "controls"]
FOLDERS: dict[Config, str] = {"all": "data", "sft": "sft", "rft": "rft", "controls": CONTROLS}
"""Folder of each config, relative to the release."""
KINDS: dict[Config, type[Record]] = {"all": Row, "sft": SftRow, "rft": RftRow, "controls": ControlRow}
"""What a row of each is."""


@dataclass(frozen=True)
class Training:
    """A config of rows that are made of a kept row each."""

    name: Literal["sft", "rft"]
    kind: type[Record]
    made: Callable[[Row], Iterator[Record]]
    """Of one kept row."""
    group_rows: int = ROWS_A_GROUP
    """Rows of a row group; fewer where each is large."""


TRAINING = (Training("sft", SftRow, SftRow.all_of), Training("rft", RftRow, RftRow.all_of))


@dataclass(frozen=True)
class SplitFiles:
    """The shards of one split, by config."""

    data: tuple[Written, ...]
    sft: tuple[Written, ...]
    rft: tuple[Written, ...]


def write_split(folder: Path, split: str, groups: Iterable[pa.Table], *, shard_bytes: int) -> SplitFiles:
    """Writes the split's shards of `all` and of both configs for training, in one pass over its rows.

    `groups` are tables of `ROWS_A_GROUP` rows of `Row`, the last one of fewer. Memory holds a row group a config.
    """
    with ExitStack() as stack:
        everything = stack.enter_context(sharding(folder / FOLDERS["all"], split, Row, shard_bytes=shard_bytes))
        trained = [
            stack.enter_context(
                sharding(
                    folder / FOLDERS[one.name], split, one.kind, shard_bytes=shard_bytes, group_rows=one.group_rows
                )
            )
            for one in TRAINING
        ]
        for group in groups:
            everything.write(group)
            for row in kept_rows(group):
                for one, shards in zip(TRAINING, trained, strict=True):
                    for made in one.made(row):
                        shards.add(made)
        finished = [everything.finish(), *(shards.finish() for shards in trained)]
    return SplitFiles(*(tuple(written(path, folder) for path in paths) for paths in finished))


def kept_rows(group: pa.Table) -> Iterator[Row]:
    """The rows of a table that are meant for training."""
    for values in group.filter(pc.field("kept")).to_pylist():
        yield Row.model_validate(values)


def config_of(path: str) -> Config | None:
    """The config of a file of a release, by its folder; None for what belongs to none."""
    first = path.partition("/")[0]
    return next((config for config, folder in FOLDERS.items() if folder == first), None)
