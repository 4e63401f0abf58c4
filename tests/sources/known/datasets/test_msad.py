from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.span import Span
from rocot.errors import ConfigError
from rocot.sources.known.dataset import known
from rocot.sources.known.datasets.msad import label_of
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.known.settle import Found
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest
from tests.sources.known.valid_msad import TABLE, TEST, TRAIN, write

ABOUT = known("msad")


def made(folder: Path, found: dict[str, Found] | None = None) -> Manifest:
    files = Files(folder)
    return manifest(ABOUT, files, annotated(ABOUT, files), found)


def imported(folder: Path, found: dict[str, Found] | None = None) -> dict[str, Entry]:
    return {entry.id: entry for entry in made(folder, found).entries}


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        made(folder)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def table(folder: Path, *rows: str) -> None:
    (folder / "anomaly_annotation.csv").write_text("\n".join((TABLE[0], *rows)) + "\n")


def video(fps: float, frames: int) -> Found:
    return Found("a.mp4", fps, frames, frames / fps, mark="0", sha256="0", hashes=())


def test_labels_are_read_off_the_names() -> None:
    said = {
        "Assault_2": "Assault",
        "Traffic_accident_31": "Traffic_accident",
        "MSAD_normal_testing_1": "Normal",
        "MSAD_normal_mall4": "Normal",
        "MSAD_normal_street_highview12": "Normal",
        "MSAD_normal": None,
        "Assault": None,
        "Assault_x": None,
        "Juggling_3": None,
        "assault_2": None,
        "a/Assault_2": None,
        "": None,
    }
    assert {name: label_of(name, ABOUT) for name in said} == said
    assert all(label_of(f"{name}_1", ABOUT) == name for name in ABOUT.classes)


def test_the_lists_make_the_splits(folder: Path) -> None:
    entries = imported(folder)
    assert [(entry.id, entry.split) for entry in entries.values()] == [
        *((name, "train") for name in TRAIN),
        *((name, "test") for name in TEST),
    ]
    assert [name for name, entry in entries.items() if entry.truth.normal] == [*TRAIN[-2:], TEST[-1]]
    one = entries["Traffic_accident_8"]
    assert (one.video, one.file, one.common) == (
        "msad/Traffic_accident_8",
        "Traffic_accident_8.mp4",
        ("Traffic Accident",),
    )


def test_a_list_may_name_videos_and_have_carriage_returns(folder: Path) -> None:
    (folder / "msad-i3d-test.list").write_text("\ufeffAssault_8.mp4\r\nMSAD_normal_testing_1\r\n")
    assert list(imported(folder))[-2:] == ["Assault_8", "MSAD_normal_testing_1"]


def test_frames_become_seconds_only_with_the_video(folder: Path) -> None:
    table(folder, "Assault_8,shop,426,20,200")
    entry = imported(folder)["Assault_8"]
    assert (entry.spans, entry.intervals, entry.frames) == (None, ((20, 200),), 426)
    assert entry.corrections == ("the intervals are frames of an unknown rate; seconds need the video",)
    assert entry.counted == "frames from 1, at the video's own rate, end inclusive"
    entry = imported(folder, {"msad/Assault_8": video(30, 426)})["Assault_8"]
    assert entry.spans == (Span(start=19 / 30, end=200 / 30),)
    assert entry.corrections == ()
    entry = imported(folder, {"msad/Assault_8": video(25, 426)})["Assault_8"]
    assert entry.spans == (Span(start=19 / 25, end=8),)


def test_an_end_past_the_last_frame_is_clamped_and_told(folder: Path) -> None:
    table(folder, "Assault_8,shop,300,20,301")
    entry = imported(folder, {"msad/Assault_8": video(30, 300)})["Assault_8"]
    assert entry.spans == (Span(start=19 / 30, end=10),)
    assert entry.corrections == ("span end 301 clamped to 300",)


def test_the_last_frame_may_be_the_end(folder: Path) -> None:
    table(folder, "Assault_8.mp4,shop,300,300,300")
    entry = imported(folder, {"msad/Assault_8": video(30, 300)})["Assault_8"]
    assert entry.spans == (Span(start=299 / 30, end=10),)
    assert entry.corrections == ()


def test_several_rows_of_a_video_are_several_intervals(folder: Path) -> None:
    table(folder, "Assault_8,shop,300,1,30", "Assault_8,shop,300,61,90")
    entry = imported(folder, {"msad/Assault_8": video(30, 300)})["Assault_8"]
    assert entry.spans == (Span(start=0, end=1), Span(start=2, end=3))
    assert entry.said == "msad-i3d-test.list:1, anomaly_annotation.csv:2, anomaly_annotation.csv:3"
    assert entry.corrections == ("anomaly_annotation.csv has 2 rows of it: each is one of its intervals",)
    assert [(passage.kind, passage.text) for passage in entry.passages] == [("scenario", "shop")]


def test_without_the_table_abnormal_videos_are_not_localised(folder: Path) -> None:
    (folder / "anomaly_annotation.csv").unlink()
    entries = imported(folder)
    assert Counter(entry.localised for entry in entries.values()) == {True: 3, False: 11}
    assert all(entry.corrections == () for entry in entries.values())


def test_a_video_that_the_table_lacks_is_not_localised_and_told(folder: Path) -> None:
    table(folder, "MSAD_normal_mall4,mall,250,,", "MSAD_normal_testing_1,mall,250,-1,-1", "Assault_8,shop,250,0,0")
    entries = imported(folder)
    assert entries["Assault_8"].spans is None
    assert "anomaly_annotation.csv has no interval of it: not localised" in entries["Assault_8"].corrections
    assert (entries["MSAD_normal_mall4"].spans, entries["MSAD_normal_mall4"].frames) == ((), 250)


def test_a_video_of_neither_list_is_left_out_and_told(folder: Path) -> None:
    table(folder, "Assault_99,shop,300,1,30")
    assert made(folder).header.notes == (
        "anomaly_annotation.csv: 1 videos are in neither list and were left out: Assault_99",
    )


@pytest.mark.parametrize(
    "row",
    ["Assault_8,shop,300,one,30", "Assault_8,shop,0,1,30", "Assault_8,shop,300,1.5,30", ",shop,300,1,30", "A,,1,,2"],
)
def test_a_row_that_is_none_is_a_fault(folder: Path, row: str) -> None:
    table(folder, "Robbery_8,shop,300,1,30", row)
    assert "anomaly_annotation.csv:3: want a name, a scenario and three frame numbers from 1" in refused(folder)


def test_rows_that_contradict_one_another_or_the_list_are_faults(folder: Path) -> None:
    table(folder, "Assault_8,shop,300,1,30", "Assault_8,shop,301,1,30", "MSAD_normal_mall4,mall,250,1,9")
    said = refused(folder)
    assert "anomaly_annotation.csv:3: Assault_8 has another number of frames than on line 2" in said
    assert "anomaly_annotation.csv:4: MSAD_normal_mall4 is normal by its name, and has an interval" in said


def test_another_table_is_refused(folder: Path) -> None:
    (folder / "anomaly_annotation.csv").write_text("name,start,end\nAssault_8,1,30\n")
    assert "the header has no column scenario, total frames" in refused(folder)


def test_names_of_another_dataset_or_twice_are_faults(folder: Path) -> None:
    with (folder / "msad-i3d-test.list").open("a") as file:
        file.write("i3d/Abuse028_x264_i3d.npy\nelsewhere/Assault_8_i3d.npy\n")
    said = refused(folder)
    assert "msad-i3d-test.list:8: want .../<class>_<n>_i3d.npy or .../MSAD_normal_<...>" in said
    assert "Assault_8 stands there twice: also msad-i3d-test.list:1" in said


def test_lists_of_the_official_size_give_the_official_counts(tmp_path: Path) -> None:
    names = [f"{name}_{number}" for name in ABOUT.classes for number in range(1, 23)][:240]
    normal = [f"MSAD_normal_road{number}" for number in range(360)]
    train = "".join(f"x/{name}_i3d.npy\n" for name in (*names[:120], *normal))
    (tmp_path / "msad-i3d.list").write_text(train)
    tested = [*names[120:], *(f"MSAD_normal_testing_{number}" for number in range(1, 121))]
    (tmp_path / "msad-i3d-test.list").write_text("".join(f"x/{name}_i3d.npy\n" for name in tested))
    counts = Counter((entry.native_split, entry.truth.normal) for entry in imported(tmp_path).values())
    assert counts == {("train", True): 360, ("train", False): 120, ("test", True): 120, ("test", False): 120}
    for split in ABOUT.splits:
        assert split.videos == sum(many for (native, _), many in counts.items() if native == split.native)
        assert split.normal == counts[split.native, True]


def test_vau_bench_names_the_test_videos_alike(shared: Callable[[str], Path]) -> None:
    lines = (shared("vau-bench") / "test_msad.csv").read_text().splitlines()[1:]
    names = [line.partition(".mp4")[0] for line in lines]
    labels = Counter(label_of(name, ABOUT) for name in names)
    assert labels["Normal"] == 120
    assert set(labels) == {"Normal", *ABOUT.classes}
