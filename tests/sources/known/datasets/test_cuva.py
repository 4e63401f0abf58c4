import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.span import Span
from rocot.core.truth import NORMAL
from rocot.errors import ConfigError
from rocot.sources.known.dataset import known
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest
from tests.contracts.importer import outcome
from tests.sources.known.valid_cuva import EXAMPLES, HEADER, ROWS, save, wide, write

ABOUT = known("cuva")
PLAIN = ("[5-1,5]", "why", "so what", "[0052,0114]", "what", "a sentence", "someone", "")


def made(folder: Path) -> Manifest:
    files = Files(folder)
    return manifest(ABOUT, files, annotated(ABOUT, files))


def imported(folder: Path, *rows: Sequence[str | int | float]) -> dict[str, Entry]:
    if rows:
        save(folder, (HEADER, *EXAMPLES, *rows))
    return {entry.id: entry for entry in made(folder).entries}


def one(folder: Path, **cells: str) -> Entry:
    """A row whose cells are as in PLAIN but for these, as it is imported."""
    names = ("category", "reason", "result", "moment", "description", "sentences", "annotator", "remarks")
    return imported(folder, ("7", *(cells.get(name, cell) for name, cell in zip(names, PLAIN, strict=True))))["7"]


def refused(folder: Path, *rows: Sequence[str | int | float]) -> str:
    with pytest.raises(ConfigError) as caught:
        imported(folder, *rows)
    return str(caught.value)


def kept(entry: Entry) -> list[tuple[str, str, Span | None]]:
    return [(passage.kind, passage.text, passage.span) for passage in entry.passages]


def test_a_row_gives_its_class_its_moment_and_all_its_texts(tmp_path: Path) -> None:
    entry = one(tmp_path, remarks="dark")
    assert entry.video == "cuva/7"
    assert (entry.file, entry.said) == ("00007.mp4", "annotations.xlsx:4")
    assert (entry.labels, entry.common) == (("TrafficAccidents: Motor",), ("Traffic Accident",))
    assert entry.spans == (Span(start=52, end=74),)
    assert kept(entry) == [
        ("severity", "5", None),
        ("reason", "why", None),
        ("result", "so what", None),
        ("description", "what", Span(start=52, end=74)),
        ("key sentences", "a sentence", None),
        ("remark", "dark", None),
    ]
    assert entry.corrections == ()
    assert (entry.split, entry.native_split) == ("test", "all")


@pytest.mark.parametrize(
    ("moment", "intervals"),
    [
        ("[0052,0114]", ((52, 74),)),
        ("[0000,2738]", ((0, 1658),)),
        ("[0001,0002][0100,0101][0959,1000]", ((1, 2), (60, 61), (599, 600))),
        (" [0001 , 0002],\n[0100,0101]; ", ((1, 2), (60, 61))),
        (f"{wide('[0001,0002]')}、【0100,0101】", ((1, 2), (60, 61))),
        ("[000,0941]", ((0, 581),)),
        ("[0012,20]", ((12, 20),)),
        ("[00043,0048]", ((43, 48),)),
        ("[0010,0020][,]", ((10, 20),)),
        ("[0010,0020][0030,]", None),
        ("[,]", None),
        ("[0005,]", None),
        ("[,0005]", None),
        ("", None),
        ("画面缺失", None),
    ],
)
def test_moments_are_minutes_and_seconds(
    tmp_path: Path, moment: str, intervals: tuple[tuple[float, float], ...] | None
) -> None:
    entry = one(tmp_path, moment=moment)
    assert entry.intervals == intervals
    assert entry.localised == (intervals is not None)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("[000,0941]", "the moment 000 has 3 digits: read as 0 s"),
        ("[0012,20]", "the moment 20 has 2 digits: read as 20 s"),
        ("[00043,0048]", "the moment 00043 has 5 digits: read as 43 s"),
        ("[,]", "the moment [,] is empty"),
        ("[0005,]", "the moment [0005,] has one end only: not localised"),
        ("画面缺失", "the moment is in words: '画面缺失'"),
        ("", "no moment is given"),
        ("[0020,0010]", "span 20 to 10 s is empty or past the end: dropped"),
    ],
)
def test_what_is_odd_about_a_moment_is_told(tmp_path: Path, moment: str, told: str) -> None:
    assert told in one(tmp_path, moment=moment).corrections


@pytest.mark.parametrize(
    "moment", ["[0060,0114]", "[0052,0199]", "[0052]", "52,74", "[52-74]", "[000052,0114]", "[", "[0052,0114] or so"]
)
def test_a_moment_that_is_none_is_a_fault(tmp_path: Path, moment: str) -> None:
    said = refused(tmp_path, ("1", *PLAIN), ("2", *PLAIN[:3], moment, *PLAIN[4:]))
    assert "annotations.xlsx:5: " in said
    assert "MMSS" in said


@pytest.mark.parametrize(
    ("category", "labels"),
    [
        ("[3-1,4]", ("Water Incidents: Drowing",)),
        ("[5-1,5][8-2,2]", ("TrafficAccidents: Motor", "Pedestrian Incidents: Jaywalking")),
        ("[5-1,5],[5-1,2]", ("TrafficAccidents: Motor",)),
        ("[5-1,8-5,2]", ("TrafficAccidents: Motor", "Pedestrian Incidents: red light")),
        (wide("[10-3,2]"), ("Traffic Violations: regulations",)),
        ("[12-1,2]", None),
        ("[5,5]", None),
        ("视频损坏", None),
        ("5-1 视频损坏", None),
        ("", None),
    ],
)
def test_classes_are_codes_or_words(tmp_path: Path, category: str, labels: tuple[str, ...] | None) -> None:
    entry = one(tmp_path, category=category)
    assert entry.labels == labels
    assert entry.spans == (Span(start=52, end=74),)
    assert any("label unknown" in text for text in entry.corrections) == (labels is None)


def test_a_class_in_words_is_kept_as_a_text(tmp_path: Path) -> None:
    entry = one(tmp_path, category="视频损坏")
    assert ("class", "视频损坏", None) in kept(entry)
    assert entry.corrections == ("the class is in words, not a code: label unknown",)


def test_every_code_of_the_authors_list_has_a_label_and_none_is_normal() -> None:
    counts = (4, 3, 3, 3, 3, 3, 3, 6, 5, 5, 4)
    assert list(ABOUT.codes) == [f"{group}-{sub}" for group, many in enumerate(counts, 1) for sub in range(1, many + 1)]
    assert set(ABOUT.codes.values()) == set(ABOUT.classes)
    assert NORMAL not in ABOUT.codes.values()


def test_a_description_belongs_to_its_moment_where_there_is_one_for_each(tmp_path: Path) -> None:
    two = "[0001,0002][0100,0101]"
    spans = (Span(start=1, end=2), Span(start=60, end=61))
    entry = one(tmp_path, moment=two, description="[a dog][a bite]")
    assert [part for part in kept(entry) if part[0] == "description"] == [
        ("description", "a dog", spans[0]),
        ("description", "a bite", spans[1]),
    ]
    assert entry.corrections == ()
    entry = one(tmp_path, moment=two, description="a dog bites")
    assert ("description", "a dog bites", None) in kept(entry)
    assert entry.corrections == ("descriptions 1, moments 2: the descriptions are about the whole video",)
    entry = one(tmp_path, moment="[0001,0002]", description="[a dog][a bite][a wound]")
    assert [span for kind, _, span in kept(entry) if kind == "description"] == [None, None, None]
    assert entry.corrections == ("descriptions 3, moments 1: the descriptions are about the whole video",)


def test_suffixed_ids_are_videos_of_their_own_and_told(tmp_path: Path) -> None:
    entries = imported(tmp_path, ("19", *PLAIN), *((f"19-{part}", *PLAIN) for part in range(1, 5)), ("65-1", *PLAIN))
    assert list(entries) == ["19", "19-1", "19-2", "19-3", "19-4", "65-1"]
    assert [entries[name].video for name in ("19", "19-4")] == ["cuva/19", "cuva/19-4"]
    assert entries["65-1"].file == "00065-1.mp4"
    assert entries["65-1"].corrections == ("video_id 65-1: a part of 65, or a video of its own; nobody says",)


def test_ids_may_be_numbers_or_padded(tmp_path: Path) -> None:
    entries = imported(tmp_path, (1, *PLAIN), (2.0, *PLAIN), ("00003", *PLAIN))
    assert [entry.file for entry in entries.values()] == ["00001.mp4", "00002.mp4", "00003.mp4"]


def test_examples_other_sheets_and_rows_without_an_id_are_left_out_and_told(tmp_path: Path) -> None:
    save(tmp_path, (HEADER, *EXAMPLES, ("1", *PLAIN), ("", "", "a remark on nothing"), (), ("2", *PLAIN)))
    said = made(tmp_path)
    assert [entry.id for entry in said.entries] == ["1", "2"]
    assert said.header.notes == (
        "annotations.xlsx: row 2 (video_id 1), row 3 (video_id 2): the authors' examples, left out",
        "annotations.xlsx: 1 rows without a video_id, left out: 5",
    )


def test_annotators_names_are_not_kept(tmp_path: Path) -> None:
    save(tmp_path, (HEADER, *EXAMPLES, ("1", *PLAIN[:6], "Ada Nymous", "")))
    assert "Ada" not in made(tmp_path).entries[0].model_dump_json()


def test_an_id_that_is_none_or_stands_twice_is_a_fault(tmp_path: Path) -> None:
    said = refused(tmp_path, ("1", *PLAIN), ("../2", *PLAIN), ("0", *PLAIN), ("001", *PLAIN))
    assert "annotations.xlsx:5: want a number, or one like 19-1, for video_id (got '../2')" in said
    assert "annotations.xlsx:6: want a number" in said
    assert "annotations.xlsx:7: 1 stands there twice: also annotations.xlsx:4" in said


@pytest.mark.parametrize(
    "header",
    [
        ("name", *HEADER[1:]),
        HEADER[:4],
        ("video_id", "X1", "X2", "X3", "X3", "X3", "X4"),
        ("video_id", "X2", "X2", "X1", "X3", "X3", "X4"),
    ],
)
def test_a_sheet_of_something_else_is_refused(tmp_path: Path, header: Sequence[str]) -> None:
    save(tmp_path, (header, *EXAMPLES, ("1", *PLAIN)))
    assert "annotations.xlsx:1: want the header video_id, X1 class" in refused(tmp_path)


def test_heads_may_be_in_chinese_alone(tmp_path: Path) -> None:
    save(tmp_path, (("video_id", "类别", "原因", "结果", "时刻", "描述", "关键句"), *EXAMPLES, ("1", *PLAIN)))
    assert list(imported(tmp_path)) == ["1"]


def test_a_thousand_and_six_rows_are_a_thousand_and_six_videos(tmp_path: Path) -> None:
    names = [*map(str, range(1, 1001)), *(f"19-{part}" for part in range(1, 5)), "65-1", "65-2"]
    moments = ["[,]"] * 17 + ["[0005,]"] + ["[0052,0114]"] * 988
    words = ["视频缺失"] * 75 + ["[5-1,5]"] * 931
    rows = [(name, word, "", "", moment) for name, word, moment in zip(names, words, moments, strict=True)]
    entries = list(imported(tmp_path, *rows).values())
    assert len(entries) == ABOUT.split("all").videos == 1006
    assert sum(not entry.localised for entry in entries) == 18
    assert sum(entry.labels is None for entry in entries) == 75


def test_the_shipped_shapes_are_all_read(tmp_path: Path) -> None:
    write(tmp_path)
    entries = imported(tmp_path)
    assert len(entries) == len(ROWS)
    assert [name for name, entry in entries.items() if not entry.localised] == ["4", "5"]


CELL = st.text(st.sampled_from(["0", "1", "5", "9", "[", "]", ",", "-", " ", "\n", wide("["), "、", "词", "a", "٣"]))


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(*[CELL] * 9), min_size=1, max_size=3))
def test_no_text_in_a_cell_ends_in_a_traceback(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        save(Path(place), (HEADER, *EXAMPLES, *rows, *((str(number), *row[1:]) for number, row in enumerate(rows, 1))))
        outcome("cuva", Path(place))
