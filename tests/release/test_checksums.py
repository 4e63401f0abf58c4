"""Whether pages have checksums, as their headers tell it."""

from io import BytesIO
from itertools import product

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.release.checksums import summed

ROWS = pa.table(
    {
        "number": list(range(5_000)),
        "text": [str(index % 7) for index in range(5_000)],
        "none": pa.array([None] * 5_000, pa.int32()),
        "list": [[1.5] * 3] * 5_000,
    }
)


def written(rows: pa.Table, **options: object) -> BytesIO:
    made = BytesIO()
    pq.write_table(rows, made, row_group_size=1_500, **options)
    made.seek(0)
    return made


@pytest.mark.parametrize("checksums", [True, False])
def test_checksums_are_seen_whatever_the_form_of_the_pages(checksums: bool) -> None:
    for version, dictionary, compression in product(("1.0", "2.0"), (True, False), ("none", "zstd")):
        options = {"data_page_version": version, "use_dictionary": dictionary, "compression": compression}
        assert summed(written(ROWS, write_page_checksum=checksums, **options)) is checksums, options


def test_a_file_without_pages_lacks_none() -> None:
    assert summed(written(ROWS.slice(0, 0)))
    assert summed(written(ROWS.slice(0, 0), write_page_checksum=True))
