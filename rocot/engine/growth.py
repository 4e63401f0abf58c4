"""How an item grows by what a stage added: to the store as a delta, and back by validation.

A fresh item is grown from its stored form too: a chain goes on from the same values whether it was resumed or not.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

from pydantic import ValidationError
from pydantic_core import from_json

from rocot.core.record import Item, Json, canonical


def input_of(item: Item, context: Json) -> str:
    """Digest of what goes into a stage: the item as stored (so without the file's place), and the stage's context.

    sha256 over the item's JSON, a NUL, and the context's canonical spelling. The item is spelt by pydantic, its fields
    in their order: sorting its keys takes four times as long, and every stage of every item comes through here.
    """
    return hashlib.sha256(item.model_dump_json().encode() + b"\0" + canonical(context)).hexdigest()


def added(before: Item, after: Item, output: type[Item]) -> str:
    """JSON of the fields that a stage added. Raises TypeError for a stage that makes something else (a bug)."""
    if type(after) is not output:
        raise TypeError(f"the stage promised a {output.__name__} and made a {type(after).__name__}")
    known, there = type(before).model_fields, vars(after)
    for name, old in before:
        new = there.get(name)
        if old is not new and old != new:
            raise TypeError(
                f"a stage adds fields and changes none; this one changed {name} of a {type(before).__name__}"
            )
    return after.model_dump_json(include=set(output.model_fields) - set(known))


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
    fields: dict[str, object] = dict(item)
    for output, payload in zip(outputs, payloads, strict=False):
        new: dict[str, object] = from_json(payload)
        if not _added_by(before, output).issuperset(new):
            return None
        fields |= new
        before = output
    try:
        return before.model_validate(fields)
    except ValidationError:
        return None


@cache
def _added_by(before: type[Item], output: type[Item]) -> frozenset[str]:
    return frozenset(set(output.model_fields) - set(before.model_fields))
