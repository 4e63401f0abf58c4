"""The columns of a Parquet file that somebody wrote, held against those of the row."""

import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.types as is_

HUGGINGFACE = b"huggingface"
"""Key of the metadata in which `datasets` keeps its types."""


def column_faults(found: pa.Schema, wanted: pa.Schema) -> Iterator[str]:
    """What keeps rows from being read: missing columns, columns of another type. Order and spelling of types do not.

    A whole number may stand where seconds are wanted, any list for any list, and nothing but nulls for anything.
    """
    yield from _struct_faults(list(found), list(wanted), "")


def feature_fault(found: pa.Schema, wanted: pa.Schema) -> str | None:
    """What is wrong with the `huggingface` metadata, by which `datasets` knows the types; None where it has none."""
    said = (found.metadata or {}).get(HUGGINGFACE)
    if said is None:
        return None
    try:
        features = json.loads(said.replace(b'"large_string"', b'"string"').replace(b'"LargeList"', b'"List"'))
        told = {name: features["info"]["features"].get(name) for name in wanted.names}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "its `huggingface` metadata is broken: `datasets` cannot load it"
    meant = json.loads(wanted.metadata[HUGGINGFACE])["info"]["features"]
    wrong = [name for name in wanted.names if told[name] != meant[name]]
    return f"its `huggingface` metadata tells other types of {', '.join(wrong)}" if wrong else None


def stray_columns(found: pa.Schema, wanted: pa.Schema) -> list[str]:
    """Columns that the row does not have; they are not read."""
    return [name for name in found.names if name not in wanted.names]


def _struct_faults(found: Sequence[pa.Field], wanted: Sequence[pa.Field], path: str) -> Iterator[str]:
    there = {field.name: field for field in found}
    stray = [name for name in there if name not in {field.name for field in wanted}]
    for field in wanted:
        where = f"{path}{field.name}"
        if field.name in there:
            yield from _type_faults(there[field.name].type, field.type, where)
        else:
            meant = get_close_matches(field.name, stray, n=1)
            yield f"column {where} is missing" + (f"; is {path}{meant[0]} meant for it?" if meant else "")
    twice = {field.name for field in found if [other.name for other in found].count(field.name) > 1}
    yield from (f"column {path}{name} is there twice" for name in sorted(twice))
    if path:
        yield from (f"column {path}{name} is not one of a row's" for name in stray)


def _type_faults(found: pa.DataType, wanted: pa.DataType, where: str) -> Iterator[str]:
    if is_.is_dictionary(found):
        found = found.value_type
    if is_.is_null(found):
        return
    if is_.is_struct(wanted) and is_.is_struct(found):
        yield from _struct_faults(list(found), list(wanted), f"{where}.")
    elif is_.is_list(wanted) and _is_list(found):
        yield from _type_faults(found.value_type, wanted.value_type, where)
    elif not _holds(found, wanted):
        yield f"column {where} is {_named(found)} where {_named(wanted)} is wanted"


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        is_.is_list(kind)
        or is_.is_large_list(kind)
        or is_.is_fixed_size_list(kind)
        or is_.is_list_view(kind)
        or is_.is_large_list_view(kind)
    )


def _holds(found: pa.DataType, wanted: pa.DataType) -> bool:
    if is_.is_string(wanted):
        return bool(is_.is_string(found) or is_.is_large_string(found) or is_.is_string_view(found))
    if is_.is_floating(wanted):
        return bool(is_.is_floating(found) or is_.is_integer(found))
    if is_.is_integer(wanted):
        return bool(is_.is_integer(found))
    return bool(is_.is_boolean(wanted) and is_.is_boolean(found))


def _named(kind: pa.DataType) -> str:
    if is_.is_struct(kind):
        return "a struct"
    return "a list" if _is_list(kind) else str(kind)
