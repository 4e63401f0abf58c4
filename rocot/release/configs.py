"""The configs of a release, and the folders they lie in: what `load_dataset` calls by one name has the same columns."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa

from rocot.core.record import Record
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow
from rocot.release.controls import FOLDER as CONTROLS
from rocot.release.controls import ControlRow
from rocot.release.trained import rft_table, sft_table

Config: TypeAlias = Literal["all", "sft", "rft", "controls"]
FOLDERS: dict[Config, str] = {"all": "data", "sft": "sft", "rft": "rft", "controls": CONTROLS}
"""Folder of each config, relative to the release."""
PART = "?????-of-?????.parquet"
"""`train-*` would take the files of a split `train-extra` as well."""
KINDS: dict[Config, type[Record]] = {"all": Row, "sft": SftRow, "rft": RftRow, "controls": ControlRow}
"""What a row of each is."""


@dataclass(frozen=True)
class Training:
    """A config of rows that are made of kept rows."""

    name: Literal["sft", "rft"]
    kind: type[Record]
    made: Callable[[pa.Table], pa.Table]
    """Of a table of kept rows."""


TRAINING = (Training("sft", SftRow, sft_table), Training("rft", RftRow, rft_table))


def config_of(path: str) -> Config | None:
    """The config of a file of a release, by its folder; None for what belongs to none."""
    first = path.partition("/")[0]
    return next((config for config, folder in FOLDERS.items() if folder == first), None)


def glob_of(folder: str, split: str) -> str:
    """The files of a split in a folder of a config, as `load_dataset` is told of them."""
    return f"{folder}/{split}-{PART}"


def split_names(splits: Iterable[str]) -> dict[str, str]:
    """Each split as `datasets` takes it: words of letters, digits and `_`, joined by dots.

    `all` is its own word, for all of them together.
    """
    names: dict[str, str] = {}
    for split in sorted(splits):
        name = ".".join(filter(None, re.sub(r"[^\w.]+", "_", split, flags=re.ASCII).split("."))) or "_"
        while name.lower() == "all" or name in names.values():
            name += "_"
        names[split] = name
    return names
