"""Whether the pages of a Parquet file have checksums. Its footer does not tell: the headers of pages do."""

import re
from typing import BinaryIO

import pyarrow.parquet as pq

HEAD = 32
"""Bytes of a page that are looked at: what stands before the checksum takes 18 at most."""
_SUMMED = re.compile(rb"(\x15[\x80-\xff]{0,4}[\x00-\x7f]){3}\x15")
"""Thrift's compact protocol: 0x15 is the next field, of 32 bits, and the last byte of a number is below 0x80. It is
the page's kind, two sizes, and a fourth number, which is the checksum; where there is none, a struct comes next."""


def summed(source: BinaryIO) -> bool:
    """Whether the first page of every column has a checksum, in every row group of a file that can be read.

    Whoever writes checksums writes them to all pages of a column.
    """
    meta = pq.read_metadata(source)
    groups = [meta.row_group(index) for index in range(meta.num_row_groups)]
    return all(_begins_summed(source, group.column(index)) for group in groups for index in range(group.num_columns))


def _begins_summed(source: BinaryIO, column: pq.ColumnChunkMetaData) -> bool:
    if not column.num_values:
        return True
    first, dictionary = column.data_page_offset, column.dictionary_page_offset
    source.seek(dictionary if dictionary is not None and 0 < dictionary < first else first)
    return _SUMMED.match(source.read(HEAD)) is not None
