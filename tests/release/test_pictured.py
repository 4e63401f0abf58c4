"""Tables with pictures: row groups that a reader can hold, files that follow one another, and no old file between."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.release.album import Filled, Page, Shot
from rocot.release.pictured import GROUP_BYTES, pictured, pictured_schema, write_pictured
from rocot.video.hydrate import Hydrated

SCHEMA = pa.schema([pa.field("id", pa.string(), nullable=False)])


def filled(count: int, size: int) -> Iterator[Filled]:
    """Pages of a row each, with one picture of so many bytes."""
    for number in range(count):
        digest = f"{number:064x}"
        shot = Shot(
            source="s",
            video="v",
            clip=f"c{number}",
            video_mark="m",
            reader="av",
            frame_times=(1.0,),
            frame_digests=(digest,),
        )
        rows = pa.table({"id": [str(number)]}, schema=SCHEMA)
        yield Filled(Page(rows, [shot]), Hydrated({digest: bytes([number % 256]) * size}))


def written(folder: Path, count: int, size: int, file_bytes: int) -> list[Path]:
    groups = pictured(filled(count, size), SCHEMA, lambda _: None)
    return write_pictured(folder, "train", groups, pictured_schema(SCHEMA), file_bytes=file_bytes)


def test_a_row_group_ends_by_the_bytes_of_its_pictures() -> None:
    groups = [table.num_rows for table in pictured(filled(5, GROUP_BYTES // 2), SCHEMA, lambda _: None)]
    assert groups == [2, 2, 1]


def test_a_row_group_ends_by_its_rows() -> None:
    assert [table.num_rows for table in pictured(filled(600, 1), SCHEMA, lambda _: None)] == [512, 88]


def test_a_file_ends_at_the_first_row_group_after_its_size(tmp_path: Path) -> None:
    paths = written(tmp_path, 4, GROUP_BYTES, GROUP_BYTES // 2)
    assert [path.name for path in paths] == [f"train-{index:05d}-of-00004.parquet" for index in range(4)]
    assert [pq.read_table(path)["id"].to_pylist() for path in paths] == [["0"], ["1"], ["2"], ["3"]]


def test_new_files_take_the_place_of_the_old_ones_of_their_split_alone(tmp_path: Path) -> None:
    (tmp_path / "train-2-00000-of-00001.parquet").write_text("another split's")
    written(tmp_path, 2, GROUP_BYTES, 1)
    written(tmp_path, 1, 1, 10**9)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train-00000-of-00001.parquet",
        "train-2-00000-of-00001.parquet",
    ]


def test_no_rows_are_a_file_of_none(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 0, 1, 1)
    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).names == ["id", "images"]


def test_pictures_are_held_against_their_pages_checksums(tmp_path: Path) -> None:
    (path,) = written(tmp_path, 1, 100_000, 10**9)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC"), pq.ParquetFile(path, page_checksum_verification=True) as file:
        file.read()
