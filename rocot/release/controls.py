"""Controls: what training on the reflections must be held against, made of the same rows.

*plain*: plain chain of thought at the same token budget. The question, then the revised reasoning and its conclusion;
no first answer, no reflection. The first answers of corrected rows are wrong, so they are no control. Frames of a
closer look stand among the others, since the revised reasoning may speak of them. Such a sample is
shorter, so rows come again until the assistant's tokens are as many as in the reflection set: each row so often as all
fit whole, then the first rows in the order of sha256(id) once more, as long as they fit.

*two_pass*: two passes without reflection. The first answer, then the revised one, with nothing between them; where
there was a closer look, its frames stand before the second. Each row once.

Tokens are those of the assistant's turns, which are what is trained on, at four characters each.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow.parquet as pq
from pydantic import Field

from rocot.core.answer import Answer
from rocot.core.chat import CLOSER, Message, answer_text, shown
from rocot.core.record import Record
from rocot.estimate import CHARACTERS_A_TOKEN
from rocot.release.select import draw
from rocot.release.shards import SHARD_BYTES, Written, write_shards, written

FOLDER = "controls"
Control: TypeAlias = Literal["plain", "two_pass"]

_COLUMNS = [
    "id", "split", "source", "video", "clip", "frame_times", "relook_times", "question", "initial", "revised",
    "messages", "kept",
    "task", "classes",
]  # fmt: skip


class ControlRow(Record):
    """One sample of a control."""

    id: str
    """That of the row it is made of."""
    copy_number: int = Field(ge=0)
    """Which time it comes: 0, 1, ..."""
    split: str
    source: str
    video: str
    clip: str
    messages: tuple[Message, ...]
    """The sample as chat, ready for training; its frames are those of the row."""
    tokens: int
    """Of the assistant's turns, at four characters each."""


class ControlEntry(Record):
    """One control of a split, as it stands in the manifest."""

    rows: int
    tokens: int
    """Of the assistant's turns, at four characters each."""
    files: tuple[Written, ...]


class ControlEntries(Record):
    """The controls of a split."""

    budget: int
    """Tokens of the assistant's turns in the rows that are kept: what `plain` comes up to."""
    plain: ControlEntry
    two_pass: ControlEntry


@dataclass(frozen=True)
class _Kept:
    """A row that is kept, as far as a control needs it."""

    id: str
    split: str
    source: str
    video: str
    clip: str
    frame_times: Sequence[float]
    relook_times: Sequence[float]
    question: str
    initial: Answer
    revised: Answer
    messages: Sequence[Message]
    options: Sequence[str]
    """Of a question, as they were shown."""

    @property
    def opening(self) -> Message:
        """The frames and the question."""
        return Message(role="user", content=f"{shown(self.frame_times)}\n{self.question}")

    def plain(self) -> tuple[Message, ...]:
        """One pass, that of the revised answer; it is shown all that this one saw."""
        times = sorted([*self.frame_times, *self.relook_times])
        asked = Message(role="user", content=f"{shown(times)}\n{self.question}")
        return asked, Message(role="assistant", content=answer_text(self.revised, self.options))

    def two_pass(self) -> tuple[Message, ...]:
        """Both answers."""
        first, last = (answer_text(answer, self.options) for answer in (self.initial, self.revised))
        if not self.relook_times:
            return self.opening, Message(role="assistant", content=f"{first}\n{last}")
        return (
            self.opening,
            Message(role="assistant", content=first),
            Message(role="user", content=f"{shown(self.relook_times)}\n{CLOSER}"),
            Message(role="assistant", content=last),
        )


def tokens(messages: Sequence[Message]) -> int:
    """Of the assistant's turns, at four characters each."""
    return ceil(sum(len(one.content) for one in messages if one.role == "assistant") / CHARACTERS_A_TOKEN)


def write_controls(
    folder: Path, split: str, shards: Sequence[Path], *, shard_bytes: int = SHARD_BYTES
) -> ControlEntries:
    """Writes `controls/<control>/<split>-....parquet` below a release, from the shards of its kept rows."""
    lengths: dict[str, int] = {}
    budget = 0
    for row in _kept(shards):
        budget += tokens(row.messages)
        lengths[row.id] = tokens(row.plain())
    times = copies(lengths, budget)

    def rows(shape: Callable[[_Kept], tuple[Message, ...]], times: Mapping[str, int]) -> Iterator[ControlRow]:
        for row in _kept(shards):
            chat = shape(row)
            for number in range(times.get(row.id, 1)):
                yield ControlRow(
                    id=row.id,
                    copy_number=number,
                    split=row.split,
                    source=row.source,
                    video=row.video,
                    clip=row.clip,
                    messages=chat,
                    tokens=tokens(chat),
                )

    def entry(name: Control, made: Iterator[ControlRow]) -> ControlEntry:
        place = folder / FOLDER / name
        place.mkdir(parents=True, exist_ok=True)
        paths = write_shards(place, split, made, ControlRow, shard_bytes=shard_bytes)
        files = tuple(written(path, folder) for path in paths)
        total = sum(sum(pq.read_table(path, columns=["tokens"])["tokens"].to_pylist()) for path in paths)
        return ControlEntry(rows=sum(file.rows for file in files), tokens=total, files=files)

    return ControlEntries(
        budget=budget,
        plain=entry("plain", rows(_Kept.plain, times)),
        two_pass=entry("two_pass", rows(_Kept.two_pass, {})),
    )


def copies(lengths: Mapping[str, int], budget: int) -> dict[str, int]:
    """How often each row comes, by its id, so that all their tokens come up to the budget, and not over it."""
    whole = sum(lengths.values())
    if not whole:
        return {}
    each, left = divmod(budget, whole)
    times = dict.fromkeys(lengths, each)
    for name in sorted(lengths, key=lambda name: (draw(0, name), name)):
        if lengths[name] > left:
            break
        left -= lengths[name]
        times[name] += 1
    return times


def _kept(shards: Sequence[Path]) -> Iterator[_Kept]:
    """The kept rows of shards, a row group in memory at a time."""
    for path in shards:
        with pq.ParquetFile(path) as file:
            for index in range(file.num_row_groups):
                for values in file.read_row_group(index, columns=_COLUMNS).to_pylist():
                    task, classes = values.pop("task"), values.pop("classes")
                    if values.pop("kept"):
                        yield _Kept(
                            **{
                                **values,
                                "initial": Answer.model_validate(values["initial"]),
                                "revised": Answer.model_validate(values["revised"]),
                                "options": classes if task == "qa" else (),
                                "messages": [Message.model_validate(one) for one in values["messages"]],
                            }
                        )
