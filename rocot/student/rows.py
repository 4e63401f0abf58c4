"""The rows of a release as a dataset for TRL: pictures opened when they are wanted, long samples left out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from PIL import Image

from rocot.core.chat import ChatTurn
from rocot.core.record import Record
from rocot.errors import ConfigError
from rocot.student.lengths import Lengths
from rocot.student.recipe import Data, Training
from rocot.student.rewards import COLUMNS
from rocot.student.shown import bare, context, faded, opened, shortened, shrunk, thinned
from rocot.student.stack import datasets

Values: TypeAlias = dict[str, object]

TOO_LONG = "too long"
NO_LESSON = "a first attempt alone, which is no lesson"
ASKED_BEFORE = "asked already"


class Rows(Protocol):
    """A `datasets.Dataset`, as far as it is used here."""

    column_names: list[str]

    def __len__(self) -> int:
        """Rows."""

    def __getitem__(self, index: int) -> Values:
        """One row."""

    def __iter__(self) -> Iterator[Values]:
        """All rows."""


@dataclass(frozen=True)
class Material:
    """Rows that are ready, and what became of the others."""

    rows: Rows
    used: int
    """Rows of the release among them."""
    read: int
    left_out: Mapping[str, int]
    """Rows by reason."""
    masked: int
    """Rows whose first attempt is context."""
    tokens: int
    """Of all rows together, those of images included."""
    longest: int
    """Tokens of the longest row."""
    ordered: bool = False
    """Whether the rows stand in the order of all rounds, and are read once; else they are drawn anew each round."""


class _Given(Record):
    """What is read of a row."""

    clip: str
    id: str = ""
    turn: int = 0
    prompt: tuple[ChatTurn, ...]
    completion: tuple[ChatTurn, ...] = ()

    @property
    def said(self) -> str:
        return "".join(part.text or "" for turn in self.completion for part in turn.content)


class _Made(Record):
    """What a row becomes."""

    prompt: tuple[ChatTurn, ...]
    completion: tuple[ChatTurn, ...] = ()
    kept: tuple[int, ...]
    """Which of its pictures are shown."""
    context: int = 0
    bare: str = ""
    """Of the completion, the final answer's label alone."""
    tokens: int
    why: str = ""
    """Why it is left out; empty for a good row."""


def lessons(
    shards: Sequence[Path], recipe: Training, lengths: Lengths, right: Mapping[str, bool | None], cache: Path
) -> Material:
    """The rows of `sft`, or of a control, ready for SFT.

    `right` says by a row's id whether its first answer was right. Raises ConfigError where no row is left.
    """
    data, first = recipe.data, recipe.sft.first_attempt

    def made(row: _Given, sizes: Sequence[tuple[int, int]]) -> _Made:
        said = shortened(row.said, data.lines)
        cut = context(said, data.form, row.turn, right=right.get(row.id), first=first)
        worded = data.tags.worded(said)
        shown = thinned(row.prompt, data.frames)
        tokens = lengths.of(shown.turns, worded, [sizes[index] for index in shown.kept])
        return _Made(
            prompt=shown.turns,
            completion=(ChatTurn.told(worded),),
            kept=shown.kept,
            context=len(data.tags.worded(said[:cut])),
            bare=data.tags.worded(bare(said)),
            tokens=tokens,
            why=NO_LESSON if cut == len(said) else TOO_LONG if tokens > data.longest else "",
        )

    columns = ("prompt", "completion", "context", "bare")
    return _ready(shards, made, recipe, cache, columns, lambda rows: _in_rounds(rows, recipe))


def prompts(shards: Sequence[Path], recipe: Training, lengths: Lengths, cache: Path) -> Material:
    """The rows of `rft`, each clip asked once, with the truth that rewards need. Raises ConfigError for none."""
    asked: set[tuple[str, tuple[ChatTurn, ...]]] = set()
    most = recipe.data.longest - recipe.grpo.longest

    def made(row: _Given, sizes: Sequence[tuple[int, int]]) -> _Made:
        shown = thinned(row.prompt, recipe.data.frames)
        tokens = lengths.of(shown.turns, "", [sizes[index] for index in shown.kept])
        why = ASKED_BEFORE if (row.clip, row.prompt) in asked else TOO_LONG if tokens > most else ""
        asked.add((row.clip, row.prompt))
        return _Made(prompt=shown.turns, kept=shown.kept, tokens=tokens, why=why)

    return _ready(shards, made, recipe, cache, ("prompt", *COLUMNS))


def _ready(  # noqa: PLR0913, PLR0917 - what to read, and what is made of it
    shards: Sequence[Path],
    made: Callable[[_Given, Sequence[tuple[int, int]]], _Made],
    recipe: Training,
    cache: Path,
    columns: Sequence[str],
    arranged: Callable[[datasets.Dataset], datasets.Dataset] | None = None,
) -> Material:
    """Reads the shards, makes each row, and puts what is good into order, where that is wanted."""
    read = datasets.Dataset.from_parquet([str(path) for path in shards], cache_dir=str(cache))
    if "images" not in read.column_names:
        raise ConfigError(f"{shards[0]}: rows without frames")
    # Bytes, not pictures: they are opened when a batch wants them.
    read = read.cast_column("images", datasets.List(datasets.Image(decode=False)))
    known = [name for name in _Given.model_fields if name in read.column_names]
    rows = [made(_Given.model_validate({name: row[name] for name in known}), _sizes(row, recipe)) for row in read]
    told = Counter(row.why for row in rows if row.why)
    good = [index for index, row in enumerate(rows) if not row.why]
    if not good:
        reasons = ", ".join(f"{count} {reason}" for reason, count in told.items()) or "the release has none"
        raise ConfigError(f"no row is left to train on: {reasons}{_room(rows, recipe, columns)}")
    fresh = [name for name in (*columns, "kept") if name in _Made.model_fields]
    table = read.remove_columns([name for name in fresh if name in read.column_names])
    dumped = [row.model_dump() for row in rows]
    for name in fresh:
        table = table.add_column(name, [row[name] for row in dumped])
    table = table.select(good).select_columns([*columns, "kept", "images"])
    left = [rows[index] for index in good]
    return Material(
        rows=(arranged(table) if arranged else table).with_transform(partial(_pictured, data=recipe.data)),
        used=len(left),
        ordered=arranged is not None and recipe.sft.bare > 0,
        read=len(rows),
        left_out=dict(told),
        masked=sum(row.context > 0 for row in left),
        tokens=sum(row.tokens for row in left),
        longest=max(row.tokens for row in left),
    )


def _room(rows: Sequence[_Made], recipe: Training, columns: Sequence[str]) -> str:
    """How much room there was for rows of which none is short enough; "" where that is not why they are left out."""
    long = [row.tokens for row in rows if row.why == TOO_LONG]
    if not long:
        return ""
    taken = "" if "completion" in columns else f", of which a completion has {recipe.grpo.longest:,} (grpo.longest)"
    return f"; the shortest has {min(long):,} tokens, and data.longest is {recipe.data.longest:,}{taken}"


def _in_rounds(table: datasets.Dataset, recipe: Training) -> datasets.Dataset:
    """The rows in the order of all rounds, bare ones first, each round in an order of its own; as they are for none."""
    sft = recipe.sft
    whole = table.remove_columns("bare")
    if not sft.bare:
        return whole
    answers = [[ChatTurn.told(text).model_dump()] for text in table["bare"]]
    alone = whole.remove_columns(["completion", "context"])
    alone = alone.add_column("completion", answers).add_column("context", [0] * len(table))
    drawn = np.random.default_rng(recipe.seed)
    with_answer = np.flatnonzero([bool(text) for text in table["bare"]])
    first = [drawn.permutation(with_answer) for _ in range(sft.bare)]
    then = [drawn.permutation(len(table)) for _ in range(ceil(sft.epochs))]
    order = np.concatenate([*first, np.concatenate(then)[: round(sft.epochs * len(table))] + len(table)])
    return datasets.concatenate_datasets([alone, whole]).select(order)


def _sizes(row: Values, recipe: Training) -> list[tuple[int, int]]:
    """Width and height of each picture as it will be shown."""
    return [shrunk(_size(data), recipe.data.height) for data in _bytes(row["images"])]


def _bytes(images: object) -> list[bytes]:
    assert isinstance(images, list)
    return [image["bytes"] for image in images]


def _size(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data)) as image:
        return image.size


def _pictured(batch: dict[str, list[object]], data: Data) -> dict[str, list[object]]:
    """Opens the frames that are kept, and shows them as the recipe has it."""
    if "images" not in batch:
        return batch
    made: list[object] = []
    for images, kept in zip(batch["images"], batch["kept"], strict=True):
        assert isinstance(kept, list)
        pictures = _bytes(images)
        made.append(faded([opened(pictures[index], data.height) for index in kept], data.still))
    return {**{name: values for name, values in batch.items() if name != "kept"}, "images": made}
