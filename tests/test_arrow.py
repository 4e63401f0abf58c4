from io import BytesIO
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rocot.arrow import records_of, schema_digest, schema_of, table_of
from rocot.core.answer import Answer
from rocot.core.record import Record
from rocot.core.reflection import Outcome
from rocot.core.row import Row
from rocot.core.training import EncodedImage, RftRow, SftRow
from rocot.core.truth import Truth
from rocot.release.beside import LeftOut, Usage
from rocot.release.controls import ControlRow
from rocot.release.shards import write_shards
from tests.builders import EDITION, answer, fight, many, spans

OUTCOMES = get_args(Outcome)


class Pictured(SftRow):
    images: tuple[EncodedImage, ...]


@pytest.mark.parametrize("kind", [Row, SftRow, RftRow, ControlRow, Pictured, LeftOut, Usage])
def test_datasets_would_write_the_same_metadata(kind: type[Record]) -> None:
    schema = schema_of(kind)
    assert Features.from_arrow_schema(schema).arrow_schema.metadata == schema.metadata


def test_only_what_may_be_unknown_may_be_null() -> None:
    schema = schema_of(Row)
    assert {field.name for field in schema if field.nullable} == {
        "leak",
        "not_kept",
        "handed",
        "posed",
        "reanswer",
        "counterfactual",
        "critic",
    }
    assert {field.name for field in schema.field("truth").type if field.nullable} == {"labels", "spans", "choice"}
    assert all(field.nullable for field in schema.field("scores").type)


def test_a_missing_value_is_never_written(tmp_path: Path) -> None:
    row = Row.of(fight().judged(), EDITION).model_copy(update={"question": None})
    with pytest.raises(pa.ArrowInvalid, match="question"), pq.ParquetWriter(tmp_path / "x", schema_of(Row)) as writer:
        writer.write_table(table_of([row], Row))


@pytest.mark.parametrize("kind", [Row, SftRow, RftRow])
def test_a_table_is_that_which_arrow_makes_of_dicts(kind: type[Record]) -> None:
    every = [Row.of(item, EDITION) for item in many(30)]
    rows: list[Record] = [made for row in every for made in (kind.all_of(row) if kind is not Row else [row])]  # type: ignore[attr-defined]  # of both for training
    values = [row.model_dump() for row in rows]
    for value in values if kind is SftRow else ():
        value["outcome"] = OUTCOMES.index(value["outcome"])
    wanted = pa.Table.from_pylist(values, schema=schema_of(kind)).combine_chunks()
    made = table_of(rows, kind)
    made.validate(full=True)
    assert made.schema.equals(wanted.schema, check_metadata=True)
    assert made.equals(wanted)
    sinks = [pa.BufferOutputStream() for _ in range(2)]
    for table, sink in zip((made, wanted), sinks, strict=True):
        pq.write_table(table, sink, use_content_defined_chunking=True, write_page_checksum=True)
    assert sinks[0].getvalue() == sinks[1].getvalue()


def test_the_digest_of_the_columns_knows_a_change_deep_inside() -> None:
    class Other(Record):
        initial: Truth

    class Another(Record):
        initial: Answer

    assert schema_digest(Other) != schema_digest(Another)


ODD = st.text(st.characters(codec="utf-8"))
TEXT = st.one_of(ODD, st.sampled_from(["\u202e", "e\u0301", "\U0001f525", "\ufeff", "\u2028", "\x00", "日本語"]))


@settings(max_examples=50)
@given(
    TEXT.map(lambda text: text + "."), TEXT, st.sampled_from([None, (), ((1.0, 2.5),), ((0.1, 0.30000000000000004),)])
)
def test_rows_come_back_from_parquet_as_they_were(
    reasoning: str, label: str, known: tuple[tuple[float, float], ...] | None
) -> None:
    truth = Truth(labels=None if known is None else ("Fighting",), spans=None if known is None else spans(known))
    sample = fight().but(initial=answer(reasoning=reasoning, label=label or "x"), truth=truth)
    row = Row.of(sample.judged(), EDITION)
    sink = pa.BufferOutputStream()
    pq.write_table(table_of([row], Row), sink)
    back = pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist()
    assert [Row.model_validate(one) for one in back] == [row]


def pictured(count: int) -> list[Pictured]:
    sink = BytesIO()
    Image.new("RGB", (8, 8), "red").save(sink, "JPEG")
    picture = EncodedImage(bytes=sink.getvalue())
    rows = [one for item in many(count) for one in SftRow.all_of(Row.of(item, EDITION))]
    return [Pictured(**dict(row), images=(picture,) * len(row.frame_times)) for row in rows]


def test_datasets_decodes_images_and_knows_numbered_columns_by_their_names(tmp_path: Path) -> None:
    (path,) = write_shards(tmp_path, "train", pictured(3), Pictured)
    rows = load_dataset("parquet", data_files=str(path), cache_dir=str(tmp_path / "hf"))["train"]
    assert rows[0]["images"][0].getpixel((0, 0))[0] > 200
    assert rows.features["outcome"].names == ["confirmed", "corrected", "unresolved", "corrupted", "ungraded"]
    assert rows.features["outcome"].int2str(rows["outcome"]) == ["confirmed", "corrected", "corrupted"]
    streamed = load_dataset("parquet", data_files=str(path), streaming=True)["train"]
    assert streamed.features == rows.features


def test_records_come_back_from_their_table_numbers_as_texts() -> None:
    rows = pictured(3)
    table = table_of(rows, Pictured)
    assert table["outcome"].to_pylist() == [0, 1, 3]
    assert list(records_of(table, Pictured)) == rows


def test_every_column_is_one_chunk() -> None:
    table = table_of([Row.of(item, EDITION) for item in many(10)], Row)
    assert {column.num_chunks for column in table.columns} == {1}
