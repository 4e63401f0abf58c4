"""A manifest on disk says what was written, or says why it can't."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.core.span import Span
from rocot.core.task import Question
from rocot.errors import ConfigError, StoreError
from rocot.sources.manifest.entry import Entry, Passage
from rocot.sources.manifest.file import HEADER, Header, Manifest, SplitHeader, read, read_header, write, write_jsonl


def entry(name: str = "a", **more: object) -> Entry:
    given: dict[str, object] = {
        "id": name,
        "source": "yard",
        "video": f"yard/{name}",
        "split": "train",
        "native_split": "training",
        "file": f"{name}.mp4",
        "localised": False,
        "counted": "seconds",
        "said": "list.txt:1",
    }
    return Entry.model_validate({**given, **more})


def header(**more: object) -> Header:
    given: dict[str, object] = {
        "dataset": "yard",
        "title": "Yard",
        "rocot": "0.1.0",
        "classes": ("Normal", "Fighting"),
        "common": ("Normal", "Fighting"),
        "splits": (
            SplitHeader(native="training", common="train", official=True),
            SplitHeader(native="testing", common="test", official=True),
        ),
        "terms": "none stated",
        "licence": "none stated",
        "redistribute_frames": False,
        "citation": "@misc{yard}",
        "stated": "seconds, as it says",
    }
    return Header.model_validate({**given, **more})


FULL = entry(
    "full",
    labels=("Fighting",),
    common=("Fighting",),
    spans=(Span(start=1.5, end=3), Span(start=4, end=5)),
    localised=True,
    intervals=((45.0, 90.0), (120.0, 150.0)),
    fps=30.0,
    frames=300,
    duration=10.0,
    measured="annotation",
    corrections=("span end 151 clamped to 150",),
    passages=(
        Passage(kind="sentence", text="Zwei Männer", span=Span(start=0, end=1)),
        Passage(kind="summary", text=""),
    ),
    questions=(Question(text="Who?", options=("he", "she"), answer=1), Question(text="Why?", options=())),
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    made = Manifest(header(notes=("list.txt: 3 lines left out",)), (FULL, entry("bare")))
    write(tmp_path / "deep" / "yard.parquet", made)
    assert read(tmp_path / "deep" / "yard.parquet") == made
    assert read_header(tmp_path / "deep" / "yard.parquet") == made.header
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["yard.parquet"]


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, Manifest(header(), (FULL, entry())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_jsonl_twin_holds_the_same_records(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "yard.jsonl", (FULL, entry()))
    lines = (tmp_path / "yard.jsonl").read_text(encoding="utf-8").splitlines()
    assert [Entry.model_validate_json(line) for line in lines] == [FULL, entry()]
    assert "Männer" in lines[0]


def test_official_tests_are_those_that_the_authors_drew() -> None:
    own = SplitHeader(native="resplit", common="test", official=False)
    assert header(splits=(*header().splits, own)).official_tests() == {"testing"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "no manifest, or a damaged one"),
        (lambda path: path.write_bytes(b"Abuse/Abuse001_x264.mp4\n"), "no manifest, or a damaged one"),
        (lambda path: pq.write_table(pa.table({"a": [1]}), path), "Parquet, and no manifest"),
        (lambda path: write(path, Manifest(header(format=2), ())), "another version of rocot (0.1.0)"),
        (
            lambda path: pq.write_table(
                pa.table({"a": [1]}, metadata={HEADER: header().model_dump_json().encode()}), path
            ),
            "another version of rocot",
        ),
        (lambda path: pq.write_table(pa.table({"a": [1]}, metadata={HEADER: b"{"}), path), "header"),
    ],
)
def test_what_is_no_manifest_is_told(make: "object", said: str, tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    assert callable(make)
    make(path)
    for reads in (read, read_header):
        with pytest.raises(ConfigError, match="import") as caught:
            reads(path)
        assert said in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    for reads in (read, read_header):
        with pytest.raises(ConfigError, match="cannot be read"):
            reads(tmp_path / ("x" * 3000))


def test_flipped_bytes_never_read_as_other_records(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    made = Manifest(header(), tuple(entry(f"v{number}") for number in range(50)))
    write(path, made)
    whole = bytearray(path.read_bytes())
    for place in range(4, len(whole), 97):
        torn = bytes(whole[:place]) + bytes([whole[place] ^ 0x10]) + bytes(whole[place + 1 :])
        path.write_bytes(torn)
        with suppress(ConfigError):
            assert read(path).entries == made.entries


def test_a_place_that_cannot_be_written_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        write(tmp_path / "file" / "m.parquet", Manifest(header(), ()))
    with pytest.raises(StoreError, match="cannot be written"):
        write_jsonl(tmp_path / "file" / "m.jsonl", ())


def test_a_dictionary_that_stands_for_gigabytes_is_refused(tmp_path: Path) -> None:
    made = Manifest(header(), tuple(entry(f"v{number}", file="x" * 1_000_000) for number in range(3)))
    write(tmp_path / "m.parquet", made)
    table = pq.read_table(tmp_path / "m.parquet")
    swollen = pa.concat_tables([table] * 500)
    pq.write_table(swollen, tmp_path / "m.parquet", compression="zstd", use_dictionary=True)
    assert (tmp_path / "m.parquet").stat().st_size < 4_000_000
    with pytest.raises(ConfigError, match="unpack"):
        read(tmp_path / "m.parquet")
