"""How an item grows by what a stage added: to the store as a delta, and back by validation.

A fresh item is grown from its stored form too: a chain goes on from the same values whether it was resumed or not.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from rocot.core.record import Item, Json, canonical


class Spelt(NamedTuple):
    """An item, and its JSON."""

    item: Item
    record: str


def input_of(item: Item, context: Json) -> str:
    """Digest of what goes into a stage: the item as stored (so without the file's place), and the stage's context.

    sha256 over the item's JSON, a NUL, and the context's canonical spelling. The item is spelt by pydantic, its fields
    in their order: sorting its keys takes four times as long, and every stage of every item comes through here.
    """
    return input_spelt(item.model_dump_json(), context)


def input_spelt(record: str, context: Json) -> str:
    """As `input_of`, of an item whose JSON is at hand."""
    return hashlib.sha256(record.encode() + b"\0" + canonical(context)).hexdigest()


def added(before: Item, after: Item, output: type[Item]) -> str:
    """JSON of the fields that a stage added. Raises TypeError for a stage that makes something else (a bug)."""
    if type(after) is not output:
        raise TypeError(f"the stage promised a {output.__name__} and made a {type(after).__name__}")
    there = vars(after)
    if not vars(before).items() <= there.items():
        changed = next(name for name, old in vars(before).items() if name not in there or there[name] != old)
        raise TypeError(
            f"a stage adds fields and changes none; this one changed {changed} of a {type(before).__name__}"
        )
    return after.model_dump_json(include=_added_by(type(before), output))


def grown(item: Item, output: type[Item], payload: str) -> Item | None:
    """The item with the fields of a stored payload; None where they do not fit, as when the record's fields changed."""
    known = {name: getattr(item, name) for name in type(item).model_fields}
    try:
        return output.model_validate({**known, **from_json(payload)})
    except ValidationError:
        return None


def grown_through(item: Item, outputs: Sequence[type[Item]], payloads: Sequence[str]) -> Item | None:
    """The item with what several stages in a row have added: as `grown` of each, and validated once.

    None, too, where a payload holds a field that another stage adds.
    """
    if not payloads:
        return item
    before = type(item)
    fields: dict[str, object] = {**vars(item)}
    for output, payload in zip(outputs, payloads, strict=False):
        new: dict[str, object] = from_json(payload)
        if not new.keys() <= _added_by(before, output):
            return None
        fields |= new
        before = output
    try:
        return before.model_validate(fields)
    except ValidationError:
        return None


def read_through(first: type[Item], record: str, outputs: Sequence[type[Item]], parts: Sequence[str]) -> Spelt | None:
    """As `grown_through` of the item of a stored record, read in one go, with its JSON: for what needs both.

    What is stored is the item's JSON in pieces. None where it is not to the letter what the item is spelt like, part by
    part, as after a change of the records' fields: `grown_through` tells then what becomes of it.
    """
    before = first
    for output, part in zip(outputs, parts, strict=True):
        if not part.startswith(_opening(before, output)):
            return None
        before = output
    whole = f"{record[:-1]},{','.join(part[1:-1] for part in parts)}}}" if parts else record
    try:
        item = before.model_validate_json(whole)
    except ValidationError:
        return None
    return Spelt(item, whole) if item.model_dump_json() == whole else None


@cache
def _added_by(before: type[Item], output: type[Item]) -> set[str]:
    return set(output.model_fields) - set(before.model_fields)


@cache
def _opening(before: type[Item], output: type[Item]) -> str:
    """How the JSON begins of what a stage adds. What adds nothing opens with no field, and so does no part."""
    added_first = next((name for name in output.model_fields if name not in before.model_fields), "")
    return f'{{"{added_first}":'
