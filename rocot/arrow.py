"""Records as Arrow tables: the one mapping from a record's fields to columns, for pyarrow and for `datasets`."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json
from pydantic.fields import FieldInfo

from rocot.core.record import NUMBERED, Json, Record, digest
from rocot.core.training import EncodedImage

R = TypeVar("R", bound=Record)

_PLAIN: dict[type, tuple[pa.DataType, str]] = {
    str: (pa.string(), "string"),
    bool: (pa.bool_(), "bool"),
    int: (pa.int64(), "int64"),
    float: (pa.float64(), "float64"),
    bytes: (pa.binary(), "binary"),
}


@cache
def schema_of(kind: type[Record]) -> pa.Schema:
    """The Arrow schema of a record type: fields in their order, null only where the field may be None.

    Its `huggingface` metadata is what `datasets` writes itself, so that it reads the same types back. Images and
    numbered columns may be null by their type and never are: `datasets` believes its own metadata only of columns that
    may, and would make numbers and structs of them.
    """
    features = {"info": {"features": _features(kind)}}
    return pa.schema(_fields(kind), metadata={"huggingface": json.dumps(features)})


def schema_digest(kind: type[Record]) -> str:
    """sha256 over the columns of a record type: names, types, nullability, order."""
    return columns_digest(schema_of(kind))


def columns_digest(schema: pa.Schema) -> str:
    """sha256 over the columns of a table, as `schema_digest` of the type that it was made of."""
    return digest([[field.name, str(field.type), field.nullable] for field in schema])


def table_of(rows: Sequence[Record], kind: type[Record]) -> pa.Table:
    """The rows as one table of one chunk a column: the chunk layout shows in the bytes of a Parquet file.

    They go by JSON, which pydantic writes and Arrow reads in a sixth of the time that dicts take; pictures go by these.
    """
    if not rows or any(map(_holds_bytes, schema_of(kind).types)):
        return _of_dicts(rows, kind)
    return table_of_json([row.model_dump_json() for row in rows], kind)


def table_of_json(rows: Sequence[str], kind: type[Record]) -> pa.Table:
    """As `table_of`, of rows of a kind without pictures, one at least, as pydantic spells them."""
    spelt = "\n".join(rows).encode()
    found = pa_json.read_json(
        pa.BufferReader(spelt),
        read_options=pa_json.ReadOptions(use_threads=False, block_size=len(spelt) + 1),
        parse_options=pa_json.ParseOptions(explicit_schema=_spelt_schema(kind), unexpected_field_behavior="error"),
    ).combine_chunks()
    columns = []
    for field in schema_of(kind):
        (column,) = found[field.name].chunks
        if (names := _numbered(kind).get(field.name)) is not None:
            column = pc.index_in(column, pa.array(names)).cast(pa.int64())
        columns.append(_narrowed(column, field, None))
    return pa.Table.from_arrays(columns, schema=schema_of(kind))


def _of_dicts(rows: Sequence[Record], kind: type[Record]) -> pa.Table:
    values = [row.model_dump() for row in rows]
    for name, names in _numbered(kind).items():
        for one in values:
            one[name] = names.index(one[name])
    return pa.Table.from_pylist(values, schema=schema_of(kind)).combine_chunks()


def _holds_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or any(_holds_bytes(kind.field(index).type) for index in range(kind.num_fields))


@cache
def _spelt_schema(kind: type[Record]) -> pa.Schema:
    """As the rows stand in JSON: numbered columns are texts, and all may be null, since what is in a null struct is."""
    numbered = _numbered(kind)
    return pa.schema(
        [(field.name, pa.string() if field.name in numbered else _widened(field.type)) for field in schema_of(kind)]
    )


def _widened(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _widened(field.type)) for field in kind])
    return pa.list_(pa.field("element", _widened(kind.value_type))) if pa.types.is_list(kind) else kind


def _narrowed(array: pa.Array, field: pa.Field, within: pa.Array | None) -> pa.Array:
    """The same values as the field's type has them; `within` tells where the struct around them is.

    Raises ArrowInvalid for a null where none may be (a bug): pydantic has looked at every row.
    """
    bitmap, *buffers = array.buffers()[: {"struct": 1, "list": 2, "string": 3}.get(str(array.type).split("<")[0], 2)]
    there = array.is_valid() if array.null_count else None
    if there is not None and not field.nullable:
        if within is None or pc.any(pc.and_not(within, there)).as_py():
            raise pa.ArrowInvalid(f"{field.name} is null, and may not be")
        bitmap = None
    inner: list[pa.Array] = []
    if pa.types.is_struct(field.type):
        both = within if there is None else there if within is None else pc.and_(there, within)
        inner = [_narrowed(array.field(index), one, both) for index, one in enumerate(field.type)]
    elif pa.types.is_list(field.type):
        inner = [_narrowed(array.values, field.type.value_field, None)]
    return pa.Array.from_buffers(field.type, len(array), [bitmap, *buffers], children=inner)


def records_of(table: pa.Table | pa.RecordBatch, kind: type[R]) -> Iterator[R]:
    """The rows of a table that `table_of` made, one by one. Raises ValidationError for others."""
    numbered = _numbered(kind)
    for values in table.to_pylist():
        for name, names in numbered.items():
            values[name] = names[values[name]]
        yield kind.model_validate(values)


def plain(annotation: object) -> tuple[object, bool]:
    """A field's type without None, and whether None was in it. Raises TypeError for any other union."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"a column has one type; got {annotation}")
    return kinds[0], True


def _fields(kind: type[Record]) -> list[pa.Field]:
    return [_column(name, info) for name, info in kind.model_fields.items()]


def _column(name: str, info: FieldInfo) -> pa.Field:
    if NUMBERED in info.metadata:
        return pa.field(name, pa.int64())
    return _field(name, info.annotation)


@cache
def _numbered(kind: type[Record]) -> dict[str, tuple[str, ...]]:
    """The numbered columns of a type, each with its texts in their order."""
    return {name: get_args(info.annotation) for name, info in kind.model_fields.items() if NUMBERED in info.metadata}


def _field(name: str, annotation: object) -> pa.Field:
    inner, optional = plain(annotation)
    return pa.field(name, _type(inner), nullable=optional or _pictured(inner))


def _pictured(annotation: object) -> bool:
    """Whether it is a picture, or a list of some."""
    inner = get_args(annotation)[0] if get_origin(annotation) is tuple else annotation
    return inner is EncodedImage


def _type(annotation: object) -> pa.DataType:
    if get_origin(annotation) is tuple:
        return pa.list_(_field("element", get_args(annotation)[0]))
    if get_origin(annotation) is Literal:
        return _type(type(get_args(annotation)[0]))
    if annotation is EncodedImage:
        return pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return pa.struct(_fields(annotation))
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation][0]
    raise TypeError(f"no column type for {annotation}")


def _features(kind: type[Record]) -> dict[str, Json]:
    numbered = _numbered(kind)
    return {
        name: {"names": list(numbered[name]), "_type": "ClassLabel"}
        if name in numbered
        else _feature(plain(info.annotation)[0])
        for name, info in kind.model_fields.items()
    }


def _feature(annotation: object) -> Json:
    if get_origin(annotation) is tuple:
        return {"feature": _feature(plain(get_args(annotation)[0])[0]), "_type": "List"}
    if get_origin(annotation) is Literal:
        return _feature(type(get_args(annotation)[0]))
    if annotation is EncodedImage:
        return {"_type": "Image"}
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return _features(annotation)
    assert isinstance(annotation, type)
    return {"dtype": _PLAIN[annotation][1], "_type": "Value"}
