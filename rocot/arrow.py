"""Records as Arrow tables: the one mapping from a record's fields to columns, for pyarrow and for `datasets`."""

import json
from collections.abc import Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

import pyarrow as pa

from rocot.core.record import Json, Record, digest

_PLAIN: dict[type, tuple[pa.DataType, str]] = {
    str: (pa.string(), "string"),
    bool: (pa.bool_(), "bool"),
    int: (pa.int64(), "int64"),
    float: (pa.float64(), "float64"),
}


@cache
def schema_of(kind: type[Record]) -> pa.Schema:
    """The Arrow schema of a record type: fields in their order, null only where the field may be None.

    Its `huggingface` metadata is what `datasets` writes itself, so that it reads the same types back.
    """
    features = {"info": {"features": _features(kind)}}
    return pa.schema(_fields(kind), metadata={"huggingface": json.dumps(features)})


def schema_digest(kind: type[Record]) -> str:
    """sha256 over the columns of a record type: names, types, nullability, order."""
    return digest([[field.name, str(field.type), field.nullable] for field in schema_of(kind)])


def table_of(rows: Sequence[Record], kind: type[Record]) -> pa.Table:
    """The rows as one table of one chunk a column: the chunk layout shows in the bytes of a Parquet file."""
    return pa.Table.from_pylist([row.model_dump() for row in rows], schema=schema_of(kind)).combine_chunks()


def plain(annotation: object) -> tuple[object, bool]:
    """A field's type without None, and whether None was in it. Raises TypeError for any other union."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"a column has one type; got {annotation}")
    return kinds[0], True


def _fields(kind: type[Record]) -> list[pa.Field]:
    return [_field(name, info.annotation) for name, info in kind.model_fields.items()]


def _field(name: str, annotation: object) -> pa.Field:
    inner, optional = plain(annotation)
    return pa.field(name, _type(inner), nullable=optional)


def _type(annotation: object) -> pa.DataType:
    if get_origin(annotation) is tuple:
        return pa.list_(_field("element", get_args(annotation)[0]))
    if get_origin(annotation) is Literal:
        return _type(type(get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return pa.struct(_fields(annotation))
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation][0]
    raise TypeError(f"no column type for {annotation}")


def _features(kind: type[Record]) -> dict[str, Json]:
    return {name: _feature(plain(info.annotation)[0]) for name, info in kind.model_fields.items()}


def _feature(annotation: object) -> Json:
    if get_origin(annotation) is tuple:
        return {"feature": _feature(plain(get_args(annotation)[0])[0]), "_type": "List"}
    if get_origin(annotation) is Literal:
        return _feature(type(get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return _features(annotation)
    assert isinstance(annotation, type)
    return {"dtype": _PLAIN[annotation][1], "_type": "Value"}
