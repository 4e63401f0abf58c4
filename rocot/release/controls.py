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

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow.compute as pc
from pydantic import Field

from rocot.core.chat import ChatTurn, answer_text
from rocot.core.record import Record
from rocot.core.row import Row
from rocot.core.training import Trained, lessons
from rocot.estimate import CHARACTERS_A_TOKEN
from rocot.release.select import draw
from rocot.release.shards import SHARD_BYTES, Written, opened, sharding, written

FOLDER = "controls"
Control: TypeAlias = Literal["plain", "two_pass"]


class ControlRow(Trained):
    """One turn of a control to learn, in the form of `sft`."""

    control: Control
    """`plain`: plain chain of thought at the same token budget; `two_pass`: two passes without reflection."""
    copy_number: int = Field(ge=0)
    """Which time the sample comes: 0, 1, ..."""
    turn: int = Field(ge=0)
    """Which turn of the sample it is: 0, or 1 for what is said after a closer look. `id`, `copy_number` and `turn` are
    unique."""
    frame_times: tuple[float, ...]
    """Times of the frames of the first look, seconds of the source video, ascending; of `plain` those of both looks."""
    frame_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `frame_times`."""
    relook_times: tuple[float, ...]
    """As `frame_times`, of the closer look; empty in turn 0. The parts `image` of the prompt are the frames of
    `frame_times`, then those of `relook_times`."""
    relook_digests: tuple[str, ...]
    """sha256 of each frame's JPEG, in the order of `relook_times`."""
    prompt: tuple[ChatTurn, ...]
    """What was shown, asked and said before, as TRL takes it: turns of parts, each with `type` and `text` alone."""
    completion: tuple[ChatTurn, ...]
    """What is said next: one turn of one part."""
    tokens: int
    """Of the completion, at four characters each."""


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


def tokens(texts: Sequence[str]) -> int:
    """Of the turns of the one who was asked, at four characters each."""
    return ceil(sum(map(len, texts)) / CHARACTERS_A_TOKEN)


def plain(row: Row, copy_number: int) -> Iterator[ControlRow]:
    """One pass, that of the revised answer; it is shown all that this one saw."""
    times = [*row.frame_times, *row.relook_times]
    shown = sorted(zip(times, [*row.frame_digests, *row.relook_digests], strict=True))
    asked = ChatTurn.asked(sorted(times), row.question)
    yield ControlRow.model_validate(
        {
            **Trained.of_row(row),
            "control": "plain",
            "copy_number": copy_number,
            "turn": 0,
            "frame_times": [time for time, _ in shown],
            "frame_digests": [digest for _, digest in shown],
            "relook_times": (),
            "relook_digests": (),
            "prompt": (asked,),
            "completion": (ChatTurn.told(_last(row)),),
            "tokens": tokens([_last(row)]),
        }
    )


def two_pass(row: Row) -> Iterator[ControlRow]:
    """Both answers, with nothing between them but the frames of a closer look."""
    for turn, (prompt, said) in enumerate(lessons(row, answer_text(row.initial, row.options), _last(row))):
        looked = turn > 0
        yield ControlRow.model_validate(
            {
                **Trained.of_row(row),
                "control": "two_pass",
                "copy_number": 0,
                "turn": turn,
                "frame_times": row.frame_times,
                "frame_digests": row.frame_digests,
                "relook_times": row.relook_times if looked else (),
                "relook_digests": row.relook_digests if looked else (),
                "prompt": prompt,
                "completion": (said,),
                "tokens": tokens([said.content[0].text or ""]),
            }
        )


def _last(row: Row) -> str:
    """What the revised answer says."""
    return answer_text(row.revised, row.options)


def write_controls(
    folder: Path, split: str, shards: Sequence[Path], *, shard_bytes: int = SHARD_BYTES
) -> ControlEntries:
    """Writes `controls/<control>/<split>-....parquet` below a release, from the shards of its rows in `all`."""
    lengths: dict[str, int] = {}
    budget = 0
    for row in kept(shards):
        budget += tokens([message.content for message in row.messages if message.role == "assistant"])
        lengths[row.id] = tokens([_last(row)])
    times = copies(lengths, budget)

    def entry(name: Control, made: Iterator[ControlRow]) -> ControlEntry:
        total = 0
        with sharding(folder / FOLDER / name, split, ControlRow, shard_bytes=shard_bytes) as filled:
            for row in made:
                total += row.tokens
                filled.add(row)
            files = tuple(written(path, folder) for path in filled.finish())
        return ControlEntry(rows=sum(file.rows for file in files), tokens=total, files=files)

    every = (one for row in kept(shards) for number in range(times[row.id]) for one in plain(row, number))
    return ControlEntries(
        budget=budget,
        plain=entry("plain", every),
        two_pass=entry("two_pass", (one for row in kept(shards) for one in two_pass(row))),
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


def kept(shards: Sequence[Path]) -> Iterator[Row]:
    """The kept rows of shards, a row group in memory at a time."""
    for path in shards:
        with opened(path) as file:
            for index in range(file.num_row_groups):
                for values in file.read_row_group(index).filter(pc.field("kept")).to_pylist():
                    yield Row.model_validate(values)
