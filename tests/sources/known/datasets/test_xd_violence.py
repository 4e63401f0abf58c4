from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.span import Span
from rocot.errors import ConfigError
from rocot.sources.known.dataset import known
from rocot.sources.known.datasets.xd_violence import labels_of
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.manifest.entry import Entry
from tests.sources.known.valid_xd_violence import CALM, FILM, TRAIN, TUBE, write

ABOUT = known("xd-violence")


def imported(folder: Path) -> dict[str, Entry]:
    files = Files(folder)
    return {entry.id: entry for entry in manifest(ABOUT, files, annotated(ABOUT, files)).entries}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        imported(folder)
    return str(caught.value)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_labels_are_read_off_every_shape_of_a_name() -> None:
    said = {
        "Some.Film.2001__#00-01-02_00-02-03_label_B2-G-0": ("Shooting", "Explosion"),
        "Some.Film.2001__#0-27-17_0-28-07_label_B1-B5-B6": ("Fighting", "Abuse", "Car accident"),
        "v=a_b-c=d@e__#1_label_B1": ("Fighting",),
        "v=A-_=__#1_label_G": ("Explosion",),
        "v=A__#1_label_B4-0-0": ("Riot",),
        "v=A__#1_label_A": ("Normal",),
        "v=A__#1_label_A_label_B2-0-0": None,
        "v=A__#1_label_B3-0-0": None,
        "v=A__#1_label_0-0-0": None,
        "v=A__#1_label_A-B1-0": None,
        "v=A__#2_label_B1-0-0": None,
        "../v=A__#1_label_A": None,
        "v=A": None,
        "": None,
    }
    assert {name: labels_of(name, ABOUT) for name in said} == said


def test_the_lists_make_the_splits_and_normal_videos_are_localised(folder: Path) -> None:
    entries = imported(folder)
    assert [(entry.id, entry.split) for entry in entries.values()] == [
        *((name, "train") for name in TRAIN),
        *((name, "test") for name in (FILM, TUBE, CALM)),
    ]
    assert [entries[name].spans for name in (*TRAIN, CALM)] == [None, None, None, (), ()]
    assert entries[CALM].truth.normal is True
    assert entries[TUBE].video == f"xd-violence/{TUBE}"
    assert entries[TUBE].file == f"{TUBE}.mp4"


def test_intervals_are_frames_from_zero_at_24_a_second_and_the_end_is_left_out(folder: Path) -> None:
    entries = imported(folder)
    assert entries[FILM].spans == (Span(start=0, end=1), Span(start=2, end=4), Span(start=5, end=1439 / 24))
    assert entries[FILM].intervals == ((0, 24), (48, 96), (120, 1439))
    assert entries[TUBE].spans == (Span(start=1 / 24, end=10),)
    assert entries[TUBE].counted == "frames from 0, 24 a second, end exclusive"


def test_a_row_may_have_22_intervals(folder: Path) -> None:
    cells = " ".join(f"{number * 10} {number * 10 + 5}" for number in range(22))
    replace(folder / "annotations.txt", "1 240", cells)
    assert len(imported(folder)[TUBE].spans or ()) == 22


def test_a_name_with_a_suffix_is_matched_and_told(folder: Path) -> None:
    entry = imported(folder)[FILM]
    assert entry.said == "audio_test.list:1, annotations.txt:1"
    assert "the name in annotations.txt ends in .mp4: taken for the one in the list" in entry.corrections


def test_intervals_with_classes_are_passages_and_what_differs_is_told(folder: Path) -> None:
    entries = imported(folder)
    assert [(passage.kind, passage.text, passage.span) for passage in entries[FILM].passages] == [
        ("class interval", "Riot", Span(start=0, end=1)),
        ("class interval", "Fighting", Span(start=2, end=4)),
        ("class interval", "Car accident", Span(start=3, end=4)),
        ("class interval", "Shooting", Span(start=5, end=1439 / 24)),
    ]
    assert entries[FILM].labels == ("Riot", "Fighting", "Car accident")
    assert entries[FILM].corrections[1:] == (
        "annotations_multiclasses.txt:1 cuts the intervals otherwise: those of annotations.txt count",
        "annotations_multiclasses.txt:1 says Shooting, which is not in the name: the name's label counts",
    )
    assert entries[TUBE].corrections == ()


def test_lengths_are_veras_and_its_wrong_labels_are_not_used(folder: Path) -> None:
    entry = imported(folder)[FILM]
    assert (entry.frames, entry.duration, entry.measured) == (1440, 60, "annotation")
    assert entry.truth.normal is False


def test_the_optional_files_may_be_missing(folder: Path) -> None:
    for name in ("annotations_multiclasses.txt", "xd_train.json", "xd_test_800.json"):
        (folder / name).unlink()
    entries = imported(folder)
    assert len(entries) == 7
    assert entries[FILM].frames is None
    assert len(entries[FILM].spans or ()) == 3


def test_plain_lists_and_the_lists_of_rgb_features_will_do(folder: Path) -> None:
    expected = {name: entry.labels for name, entry in imported(folder).items()}
    (folder / "audio.list").unlink()
    (folder / "audio_test.list").unlink()
    crops = [f"/x/RGB/{name}__{crop}.npy" for name in TRAIN for crop in range(5)]
    (folder / "rgb.list").write_text("\r\n".join(crops))
    (folder / "test.txt").write_text(f"\ufeff{FILM}.mp4\nvideos/{TUBE}.mp4\n\n{CALM}")
    assert {name: entry.labels for name, entry in imported(folder).items()} == expected


def test_a_violent_test_video_without_a_row_is_a_fault(folder: Path) -> None:
    replace(folder / "annotations.txt", f"\n{TUBE} 1 240", "")
    assert f"audio_test.list:2: {TUBE} is violent by its name, and has no row in annotations.txt" in refused(folder)


def test_a_row_of_a_normal_or_unlisted_video_is_a_fault(folder: Path) -> None:
    with (folder / "annotations.txt").open("a") as file:
        file.write(f"\n{CALM} 0 24\nv=stranger__#1_label_B1-0-0 0 24\n")
    said = refused(folder)
    assert f"audio_test.list:3: {CALM} is normal by its name, and has a row in annotations.txt" in said
    assert "annotations.txt:4: v=stranger__#1_label_B1-0-0 is not in audio_test.list" in said


@pytest.mark.parametrize("row", ["1", "1 2 3", "", "5 5", "7 3", "-1 -1", "1 1e3", "1 2.5", "1 9999999999", "one two"])
def test_a_row_that_is_no_list_of_intervals_is_a_fault(folder: Path, row: str) -> None:
    replace(folder / "annotations.txt", "1 240", row)
    assert "annotations.txt:2: want name s e s e ..." in refused(folder)


@pytest.mark.parametrize("row", ["B5 1", "B9 1 240", "1 240", "B5 1 240 B5"])
def test_a_row_with_classes_that_is_none_is_a_fault(folder: Path, row: str) -> None:
    replace(folder / "annotations_multiclasses.txt", "B5 1 240", row)
    assert "annotations_multiclasses.txt:2: want name CODE s e CODE s e ..." in refused(folder)


def test_a_video_that_stands_twice_is_a_fault(folder: Path) -> None:
    with (folder / "audio.list").open("a") as file:
        file.write(f"{TRAIN[0]}\n")
    with (folder / "annotations.txt").open("a") as file:
        file.write(f"\n{TUBE}.mp4 1 240\n")
    said = refused(folder)
    assert f"audio.list:5: {TRAIN[0]} stands there twice: also audio.list:1" in said
    assert f"annotations.txt:3: {TUBE} stands there twice: also annotations.txt:2" in said


@pytest.mark.parametrize("item", ["7", '{"video": "x", "length": "9"}', '{"length": 9}', '{"video": "x", "length": 0}'])
def test_lengths_that_are_none_are_a_fault(folder: Path, item: str) -> None:
    (folder / "xd_test_800.json").write_text(f"[{item}]")
    assert "xd_test_800.json: item 1: want a video and its length in frames" in refused(folder)


def test_the_official_files_give_the_official_counts(shared: Callable[[str], Path]) -> None:
    entries = list(imported(shared("xd-violence")).values())
    assert Counter((entry.split, entry.truth.normal, entry.localised) for entry in entries) == {
        ("train", False, False): 1905,
        ("train", True, True): 2049,
        ("test", False, True): 500,
        ("test", True, True): 300,
    }
    told = Counter(correction.split()[0] for entry in entries for correction in entry.corrections)
    assert sum("ends in .mp4" in correction for entry in entries for correction in entry.corrections) == 14
    assert sum("cuts the intervals otherwise" in text for entry in entries for text in entry.corrections) == 28
    assert sum("not in the name" in text for entry in entries for text in entry.corrections) == 1
    assert sum(told.values()) == 14 + 28 + 1
    assert {len(entry.intervals or ()) for entry in entries if entry.intervals} >= {1, 22}
    assert all((entry.frames and entry.passages) or not entry.intervals for entry in entries)
