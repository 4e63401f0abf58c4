import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from tests.sources.known import valid_ucf_crime
from tests.sources.known.imported import entries, imported, seconds, video

INTERVALS = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_ucf_crime.write(tmp_path)
    return tmp_path


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_official_files_give_the_official_counts(shared: Callable[[str], Path]) -> None:
    made = imported("ucf-crime", shared("ucf-crime")).entries
    counts = Counter((entry.native_split, entry.truth.normal) for entry in made)
    assert counts == {("train", False): 810, ("train", True): 800, ("test", False): 140, ("test", True): 150}
    assert sum(len(entry.spans or ()) == 2 for entry in made) == 16
    assert all(entry.localised is (entry.split == "test" or bool(entry.truth.normal)) for entry in made)
    assert {entry.id.removesuffix("_x264"): entry.corrections for entry in made if entry.corrections} == {
        "Arson011": ("span end 1267 clamped to 1266",),
        "Arson016": ("span end 1796 clamped to 1795",),
        "Explosion033": ("span end 3156 clamped to 3154",),
        "Fighting003": ("span end 3103 clamped to 3102",),
        "Shooting015": ("span end 1715 clamped to 1713",),
    }
    labels = Counter(entry.labels[0] for entry in made if entry.split == "test" and entry.labels)
    assert labels["RoadAccidents"] == labels["Shooting"] == 23
    assert labels["Abuse"] == 2
    assert sum(entry.frames or 0 for entry in made if entry.split == "train") == 12_655_005
    assert sum(entry.frames or 0 for entry in made if entry.split == "test") == 1_111_808


def test_fields_are_split_on_any_whitespace(folder: Path) -> None:
    single = re.sub(" {2}(?=[^ \n])", " ", (folder / INTERVALS).read_text())  # as in the dataset's own note
    wanted = imported("ucf-crime", folder).entries
    (folder / INTERVALS).write_text(single.replace(" 680", "\t680"))
    assert imported("ucf-crime", folder).entries == wanted


def test_crlf_a_mark_at_the_start_and_no_line_end_make_no_difference(folder: Path) -> None:
    wanted = imported("ucf-crime", folder).entries
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip().replace(b"\n", b"\r\n"))
    assert imported("ucf-crime", folder).entries == wanted


def test_minus_one_is_no_interval_and_frames_are_thirtieths_of_a_second(folder: Path) -> None:
    made = entries("ucf-crime", folder)
    assert seconds(made["Burglary902_x264"]) == [(round(1 / 30, 6), 10.0)]
    assert made["Burglary902_x264"].intervals == ((1.0, 300.0),)
    assert made["Normal_Videos_902_x264"].spans == ()
    assert made["Normal_Videos_902_x264"].localised


def test_two_intervals_are_two_spans_and_an_end_past_the_last_frame_is_clamped_and_said(folder: Path) -> None:
    made = entries("ucf-crime", folder)["Arson902_x264"]
    assert seconds(made) == [(5.0, 14.0), (round(680 / 30, 6), 42.2)]
    assert made.intervals == ((150.0, 420.0), (680.0, 1267.0))
    assert made.corrections == ("span end 1267 clamped to 1266",)


def test_an_end_at_the_last_frame_is_no_correction(folder: Path) -> None:
    assert entries("ucf-crime", folder)["Burglary902_x264"].corrections == ()


def test_training_videos_have_a_label_and_no_span_and_normal_ones_are_known_to_be_normal(folder: Path) -> None:
    made = entries("ucf-crime", folder)
    road, normal = made["RoadAccidents901_x264"], made["Normal_Videos901_x264"]
    assert (road.labels, road.common, road.spans) == (("RoadAccidents",), ("Traffic Accident",), None)
    assert (normal.labels, normal.spans) == (("Normal",), ())
    assert (road.native_split, road.video) == ("train", "ucf-crime/RoadAccidents901_x264")


def test_lengths_come_from_the_mirrors_where_they_are_there(folder: Path) -> None:
    made = entries("ucf-crime", folder)["Abuse901_x264"]
    assert (made.frames, made.fps, made.measured) == (2728, 30.0, "annotation")
    assert made.duration == pytest.approx(2728 / 30)
    for name in ("UCF_Annotation.txt", "UCF_train.txt"):
        (folder / name).unlink()
    bare = entries("ucf-crime", folder)
    assert (bare["Abuse901_x264"].frames, bare["Abuse901_x264"].measured) == (None, "nothing")
    assert bare["Arson902_x264"].corrections == ()
    assert seconds(bare["Arson902_x264"])[1][1] == round(1267 / 30, 6)


def test_a_video_that_is_there_says_its_length_and_what_does_not_fit_it(folder: Path) -> None:
    found = {"ucf-crime/Arson902_x264": video(30.0, 1200)}
    made = entries("ucf-crime", folder, found)["Arson902_x264"]
    assert (made.frames, made.duration, made.measured) == (1200, 40.0, "video")
    assert seconds(made)[1] == (round(680 / 30, 6), 40.0)
    assert "the annotation says 42.2 s, the video lasts 40.0 s" in made.corrections


def test_the_test_list_gives_the_folders_and_may_be_missing(folder: Path) -> None:
    assert entries("ucf-crime", folder)["Arson902_x264"].file == "Arson/Arson902_x264.mp4"
    (folder / "Anomaly_Test.txt").unlink()
    assert entries("ucf-crime", folder)["Arson902_x264"].file == "Arson902_x264.mp4"


def test_a_test_list_that_is_another_is_a_fault(folder: Path) -> None:
    rewrite(folder / "Anomaly_Test.txt", "Arson902_x264.mp4", "Arson903_x264.mp4")
    with (folder / "Anomaly_Test.txt").open("a") as file:
        file.write("no name\n")
    with pytest.raises(ConfigError) as caught:
        imported("ucf-crime", folder)
    assert f"{INTERVALS}:1: Arson902_x264 is not in Anomaly_Test.txt" in str(caught.value)
    assert f"Anomaly_Test.txt:1: Arson903_x264 is not in {INTERVALS}" in str(caught.value)
    assert "Anomaly_Test.txt:4: want Folder/Name.mp4 (got 'no name')" in str(caught.value)


def test_the_intervals_may_have_the_name_of_the_other_repository(folder: Path) -> None:
    wanted = imported("ucf-crime", folder).entries
    (folder / INTERVALS).rename(folder / "Temporal_Anomaly_Annotation.txt")
    assert [entry.spans for entry in imported("ucf-crime", folder).entries] == [entry.spans for entry in wanted]


@pytest.mark.parametrize("missing", ["Anomaly_Train.txt", INTERVALS])
def test_a_file_that_must_be_there_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=missing):
        imported("ucf-crime", folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (INTERVALS, "150  420", "150  four", f"{INTERVALS}:1: want two frame numbers"),
        (INTERVALS, "150  420", "420  150", f"{INTERVALS}:1: the interval 420 to 150 ends before it starts"),
        (INTERVALS, "1  300  -1  -1", "1  300  -1", f"{INTERVALS}:2: want Name.mp4 Class s1 e1 s2 e2"),
        (INTERVALS, "1  300  -1  -1", "1  300  -1  5", f"{INTERVALS}:2: want two frame numbers"),
        (INTERVALS, "Normal  -1  -1", "Normal  5  9", f"{INTERVALS}:3: a normal video has no interval"),
        (INTERVALS, "  1  300", "  -1  -1", f"{INTERVALS}:2: a normal video has no interval"),
        (INTERVALS, "Burglary  1", "Theft  1", f"{INTERVALS}:2: 'Theft' is no class"),
        ("Anomaly_Train.txt", "Abuse/Abuse901", "Abuses/Abuse901", "Anomaly_Train.txt:1: want Folder/Name.mp4"),
        ("Anomaly_Train.txt", "Abuse/Abuse901", "Abuse/../Abuse901", "Anomaly_Train.txt:1: want Folder/Name.mp4"),
        ("Anomaly_Train.txt", "901_x264.mp4\nRoad", "901_x264\nRoad", "Anomaly_Train.txt:1: want Folder/Name.mp4"),
        ("UCF_Annotation.txt", " 1266 ", " many ", "UCF_Annotation.txt:2: want a video and its number of frames"),
        ("UCF_train.txt", " 0 600 8", "", "UCF_train.txt:2: want a video and its number of frames"),
    ],
)
def test_faults_are_told_with_their_lines(folder: Path, file: str, old: str, new: str, told: str) -> None:
    rewrite(folder / file, old, new)
    with pytest.raises(ConfigError, match=re.escape(told)):
        imported("ucf-crime", folder)


def test_all_faults_are_told_at_once(folder: Path) -> None:
    rewrite(folder / INTERVALS, "150  420", "150  four")
    rewrite(folder / "Anomaly_Train.txt", "Abuse/Abuse901", "Abuses/Abuse901")
    with pytest.raises(ConfigError, match="2 things to fix"):
        imported("ucf-crime", folder)


def test_a_name_that_stands_twice_in_a_list_is_a_fault_with_both_places(folder: Path) -> None:
    with (folder / "Anomaly_Train.txt").open("a") as file:
        file.write("Abuse/Abuse901_x264.mp4\n")
    with pytest.raises(ConfigError, match=re.escape("Anomaly_Train.txt:4: Abuse901_x264 stands there twice")):
        imported("ucf-crime", folder)


def test_a_folder_that_the_name_denies_is_a_fault(folder: Path) -> None:
    train = folder / "Anomaly_Train.txt"
    train.write_text(train.read_text() + "Abuse/Arson901_x264.mp4\n")
    with pytest.raises(ConfigError, match="the folder says Abuse, the name another"):
        imported("ucf-crime", folder)


def test_two_lengths_of_one_video_are_a_fault(folder: Path) -> None:
    lengths = folder / "UCF_Annotation.txt"
    line = lengths.read_text().splitlines()[0].split()
    line[1] = str(int(line[1]) + 1)
    lengths.write_text(lengths.read_text() + " ".join(line) + "\n")
    with pytest.raises(ConfigError, match="frames here"):
        imported("ucf-crime", folder)
