"""Tables with pictures: a column `images` that `datasets` opens, in the order in which a chat shows them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rocot.release.album import Filled
from rocot.release.columns import HUGGINGFACE
from rocot.release.shards import sync

IMAGES = "images"
IMAGE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""As the feature Image of `datasets` keeps a picture: its file's bytes, and no path to look for."""

PICTURE = f"{IMAGES}.list.element.bytes"
"""The path of the pictures' bytes among Parquet's own columns."""

GROUP_BYTES = 32_000_000
"""Of pictures in a row group: under the 286 MiB that the Hub's viewer takes, and read by a trainer in one go."""
GROUP_ROWS = 512
FILE_BYTES = 500_000_000
"""Where a file ends: at the first row group after so many bytes. `datasets` aims at the same size."""


def pictured_schema(schema: pa.Schema) -> pa.Schema:
    """The columns, `images` behind them, with what `datasets` wants to know. `images` that are there are replaced."""
    if IMAGES in schema.names:
        schema = schema.remove(schema.get_field_index(IMAGES))
    metadata = dict(schema.metadata or {})
    told = json.loads(metadata.get(HUGGINGFACE, b'{"info": {"features": {}}}'))
    told["info"]["features"][IMAGES] = {"feature": {"_type": "Image"}, "_type": "List"}
    # Columns of pictures may be null by their type and never are: `datasets` casts them only so.
    made = schema.append(pa.field(IMAGES, pa.list_(pa.field("element", IMAGE))))
    return made.with_metadata({**metadata, HUGGINGFACE: json.dumps(told).encode()})


def pictured(filled: Iterable[Filled], schema: pa.Schema, lost: Callable[[Filled], None]) -> Iterator[pa.Table]:
    """Rows with their pictures as tables of a row group each; the same rows give the same tables.

    `schema` is that of the rows without pictures. Pages without pixels are handed to `lost`.
    """
    wide = pictured_schema(schema)
    waiting: list[pa.Table] = []
    size = rows = 0
    for one in filled:
        if not one.pictures:
            lost(one)
            continue
        for number, pictures in enumerate(one.pictures):  # row by row, so that a group ends by its bytes alone
            waiting.append(_with(one.page.rows.slice(number, 1), pictures, wide))
            size, rows = size + sum(map(len, pictures)), rows + 1
            if size >= GROUP_BYTES or rows >= GROUP_ROWS:
                yield pa.concat_tables(waiting).combine_chunks()
                waiting, size, rows = [], 0, 0
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _with(row: pa.Table, pictures: Sequence[bytes], wide: pa.Schema) -> pa.Table:
    column = pa.array([[{"bytes": one, "path": None} for one in pictures]], wide.field(IMAGES).type)
    columns = [row[name] for name in wide.names if name != IMAGES]
    return pa.table([*columns, column], schema=wide)


def write_pictured(
    folder: Path, stem: str, groups: Iterable[pa.Table], schema: pa.Schema, *, file_bytes: int = FILE_BYTES
) -> list[Path]:
    """Writes `<stem>-00000-of-0000N.parquet`, ... in the place of those that are there; one of no rows where none come.

    `schema` is that of the groups. Until all is written the old ones stand; what is not finished is a `.part`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rest, parts = iter(groups), list[Path]()
    group = next(rest, None)
    while group is not None or not parts:
        parts.append(folder / f".{stem}-{len(parts):05d}.part")
        group = _fill(parts[-1], group, rest, schema, file_bytes)
    for old in shards_of(folder, stem):
        old.unlink()
    names = [folder / f"{stem}-{index:05d}-of-{len(parts):05d}.parquet" for index in range(len(parts))]
    for part, name in zip(parts, names, strict=True):
        part.rename(name)
    return names


def shards_of(folder: Path, stem: str) -> list[Path]:
    """The files of one split in a folder, in their order."""
    named = re.compile(re.escape(stem) + r"-\d{5}-of-\d{5}\.parquet")
    return sorted(path for path in folder.glob("*.parquet") if named.fullmatch(path.name))


def _fill(
    path: Path, group: pa.Table | None, rest: Iterator[pa.Table], schema: pa.Schema, most: int
) -> pa.Table | None:
    """Writes row groups until the file has `most` bytes; gives the group that is left for the next file."""
    with pa.OSFile(str(path), "wb") as sink, _writer(sink, schema) as writer:
        while group is not None:
            writer.write_table(group, row_group_size=GROUP_ROWS)
            group = next(rest, None)
            if sink.tell() >= most:
                break
    sync(path)
    return group


def _writer(sink: pa.OSFile, schema: pa.Schema) -> pq.ParquetWriter:
    """As the shards of a release, but that pictures are neither packed again nor looked up: JPEG has no slack."""
    writer = pq.ParquetWriter(
        sink,
        schema,
        compression={name: "none" if name == PICTURE else "zstd" for name in _leaves(schema)},
        use_dictionary=[name for name in _leaves(schema) if name != PICTURE],
        store_schema=False,
        write_statistics=False,
        write_page_checksum=True,
        use_content_defined_chunking=True,
    )
    writer.add_key_value_metadata(schema.metadata)
    return writer


def _leaves(schema: pa.Schema) -> list[str]:
    """Parquet's own columns, by their paths."""
    with pa.BufferOutputStream() as nowhere, pq.ParquetWriter(nowhere, schema):
        pass
    columns = pq.ParquetFile(pa.BufferReader(nowhere.getvalue())).schema
    return [columns.column(index).path for index in range(len(columns))]
