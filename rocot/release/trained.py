"""Tables of rows for training, made of a table of published rows: the same as `SftRow.all_of` and `RftRow.all_of`.

Those say what such rows are, one by one. Here columns are taken over as they lie in memory, in a tenth of the time, and
the turns of a chat are put together from `messages`, in which all of it has been said.
"""

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rocot.arrow import schema_of
from rocot.core.chat import CLOSER, ChatTurn
from rocot.core.prompt import stamp
from rocot.core.record import Record
from rocot.core.reflection import Outcome
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow

Numbers = npt.NDArray[np.int64]

_TURNS = schema_of(SftRow).field("prompt").type
_PARTS = schema_of(ChatTurn).field("content").type


def sft_table(rows: pa.Table) -> pa.Table:
    """Rows of `SftRow`: the turns of each row, one, and two where there was a closer look."""
    looked = pc.list_value_length(_column(rows, "relook_times")).to_numpy(zero_copy_only=False) > 0
    at = np.repeat(np.arange(rows.num_rows), 1 + looked)
    second = np.zeros(len(at), bool)
    second[1:] = at[1:] == at[:-1]
    lessons, count = rows.take(at), rows.num_rows
    columns = _shared(lessons, SftRow)
    columns["turn"] = pa.array(second.astype(np.int64))
    columns["outcome"] = pc.index_in(_column(lessons, "outcome"), pa.array(get_args(Outcome))).cast(pa.int64())
    columns["first_right"] = _column(lessons, "scores").field("initial_right")
    for name in ("relook_times", "relook_digests"):
        columns[name] = _emptied(_column(lessons, name), second)
    closer = _asked(_column(rows, "relook_times"), repeat(CLOSER, count))
    turns = pa.concat_arrays([_first_asked(rows), closer, _told(rows)])
    told = 2 * count + np.arange(len(at))
    prompts = np.stack([at, told - 1, count + at], axis=1)
    columns["prompt"] = _chats(turns, prompts, 1 + 2 * second)
    columns["completion"] = _chats(turns, told[:, None], np.ones(len(at), np.int64))
    return _table(columns, SftRow)


def rft_table(rows: pa.Table) -> pa.Table:
    """Rows of `RftRow`: the one prompt of each row."""
    truth, at = _column(rows, "truth"), np.arange(rows.num_rows)
    columns = _shared(rows, RftRow)
    columns |= {name: truth.field(name) for name in ("labels", "spans", "choice")}
    columns["prompt"] = _chats(_first_asked(rows), at[:, None], np.ones(len(at), np.int64))
    return _table(columns, RftRow)


def _shared(rows: pa.Table, kind: type[Record]) -> dict[str, pa.Array]:
    """The columns that both have."""
    there = schema_of(Row)
    return {
        field.name: _column(rows, field.name)
        for field in schema_of(kind)
        if field.name in there.names and there.field(field.name).equals(field)
    }


def _table(columns: Mapping[str, pa.Array], kind: type[Record]) -> pa.Table:
    schema = schema_of(kind)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _column(rows: pa.Table, name: str) -> pa.Array:
    """A column as one array."""
    return pa.concat_arrays(rows[name].chunks) if rows.num_rows else pa.array([], rows.schema.field(name).type)


def _emptied(lists: pa.Array, there: npt.NDArray[np.bool_]) -> pa.Array:
    """The lists, empty where they are not to be there."""
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    flat = lists.flatten().filter(pa.array(np.repeat(there, lengths)))
    return pa.ListArray.from_arrays(_offsets(lengths * there), flat, type=lists.type)


def _first_asked(rows: pa.Table) -> pa.Array:
    return _asked(_column(rows, "frame_times"), _column(rows, "question").to_pylist())


def _asked(times: pa.Array, words: Iterable[str]) -> pa.Array:
    """Turns of the user: `ChatTurn.asked` of each."""
    texts: list[str | None] = []
    for shown, asked in zip(times.to_pylist(), words, strict=False):
        for time in shown:
            texts += (stamp(time), None)
        texts.append(f"\n{asked}")
    lengths = 2 * pc.list_value_length(times).to_numpy(zero_copy_only=False) + 1
    return _turns("user", pa.array(texts, pa.string()), lengths)


def _told(rows: pa.Table) -> pa.Array:
    """Turns of the one who was asked: `ChatTurn.told` of each, those of one row after the other."""
    messages = _column(rows, "messages").flatten()
    told = messages.field("content").filter(pc.equal(messages.field("role"), "assistant"))
    return _turns("assistant", told, np.ones(len(told), np.int64))


def _turns(role: str, texts: pa.Array, lengths: Numbers) -> pa.Array:
    """Turns of so many parts each: pictures where there is no text."""
    kinds = pc.if_else(pc.is_null(texts), "image", "text")
    parts = pa.StructArray.from_arrays([kinds, texts], fields=list(_PARTS.value_type))
    content = pa.ListArray.from_arrays(_offsets(lengths), parts, type=_PARTS)
    roles = pa.repeat(role, len(content))
    return pa.StructArray.from_arrays([roles, content], fields=list(_TURNS.value_type))


def _chats(turns: pa.Array, chosen: Numbers, lengths: Numbers) -> pa.Array:
    """Chats of turns that are chosen by their numbers, of each line the first `lengths`."""
    there = np.arange(chosen.shape[1]) < lengths[:, None]
    return pa.ListArray.from_arrays(_offsets(lengths), turns.take(pa.array(chosen[there])), type=_TURNS)


def _offsets(lengths: Numbers) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
