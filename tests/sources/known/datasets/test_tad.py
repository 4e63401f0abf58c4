from collections import Counter
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from tests.sources.known import valid_tad
from tests.sources.known.imported import entries, imported, seconds, video

CLASSES = ("Accident", "IllegalTurn", "IllegalOccupation", "Retrograde", "else", "PedestrianOnRoad", "RoadSpills")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_tad.write(tmp_path)
    return tmp_path


def whole(folder: Path) -> None:
    """Lists of the official size: 190 + 210 for training, 60 + 40 for test, 22 ends past the last frame."""
    train = [f"frames/abnormal/{i % 7 + 1:02}_{CLASSES[i % 7]}_{i:03}.mp4 0 {100 + i} {i % 7 + 1}" for i in range(190)]
    train += [f"frames/normal/Normal_{i:03}.mp4 0 {50 + i} 0" for i in range(210)]
    test = []
    for i in range(190, 250):
        frames = 100 + i
        start, end = (0 if i % 5 == 0 else 20), (frames + 1 if i < 212 else frames - 9)
        test.append(f"frames/abnormal/{i % 7 + 1:02}_{CLASSES[i % 7]}_{i:03}.mp4 {frames} {i % 7 + 1} {start} {end}")
    test += [f"frames/normal/Normal_{i:03}.mp4 {50 + i} 0 0 {50 + i}" for i in range(210, 250)]
    (folder / "TAD_train.txt").write_text("\n".join(train))
    (folder / "TAD_test.txt").write_text("\n".join(test) + "\n")


def test_lists_of_the_official_size_give_the_official_counts(tmp_path: Path) -> None:
    whole(tmp_path)
    found = {f"tad/{name}": video(25.0, entry.frames or 0) for name, entry in entries("tad", tmp_path).items()}
    made = imported("tad", tmp_path, found).entries
    counts = Counter((entry.split, entry.truth.normal) for entry in made)
    assert counts == {("train", False): 190, ("train", True): 210, ("test", False): 60, ("test", True): 40}
    assert sum(any("clamped" in text for text in entry.corrections) for entry in made) == 22
    assert all(entry.localised is (entry.split == "test" or bool(entry.truth.normal)) for entry in made)


def test_normal_videos_have_no_span_though_their_rows_end_in_0_0_n(folder: Path) -> None:
    made = entries("tad", folder)["Normal_902"]
    assert (made.labels, made.spans, made.intervals) == (("Normal",), (), ())
    assert made.frames == 80


def test_the_class_is_told_by_its_number_and_kept_in_the_datasets_word(folder: Path) -> None:
    made = entries("tad", folder)
    assert made["05_else_901"].labels == ("else",)
    assert made["05_else_901"].common == ("Anomaly",)
    assert made["03_IllegalOccupation_901"].common == ("Traffic Violation",)
    assert made["07_RoadSpills_901"].common == ("Road Obstruction",)


def test_an_end_one_past_the_last_frame_is_clamped_and_said(folder: Path) -> None:
    found = {"tad/03_IllegalOccupation_901": video(25.0, 250), "tad/07_RoadSpills_901": video(30.0, 300)}
    made = entries("tad", folder, found)
    assert seconds(made["03_IllegalOccupation_901"]) == [(0.0, 10.0)]
    assert made["03_IllegalOccupation_901"].corrections == ("span end 251 clamped to 250",)
    assert made["07_RoadSpills_901"].corrections == ("span end 301 clamped to 300",)


def test_seconds_wait_for_the_video_whose_rate_is_its_own(folder: Path) -> None:
    bare = entries("tad", folder)["01_Accident_902"]
    assert (bare.spans, bare.localised, bare.intervals) == (None, False, ((25.0, 75.0),))
    assert "seconds need the video" in bare.corrections[0]
    assert seconds(entries("tad", folder, {"tad/01_Accident_902": video(25.0, 100)})["01_Accident_902"]) == [(1.0, 3.0)]


def test_another_number_of_frames_than_the_list_says_is_told_though_the_rate_is_not_stated(folder: Path) -> None:
    made = entries("tad", folder, {"tad/01_Accident_902": video(25.0, 150)})["01_Accident_902"]
    assert made.corrections == ("the annotation says 4.0 s, the video lasts 6.0 s",)


def test_training_videos_are_not_localised(folder: Path) -> None:
    made = entries("tad", folder)["01_Accident_901"]
    assert (made.localised, made.frames, made.video) == (False, 200, "tad/01_Accident_901")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("frames/abnormal/01_Accident_902.mp4 100 1 25", "want frames/FOLDER/NAME.mp4 FRAMES CLASS START END"),
        ("frames/abnormal/01_Accident_902.mp4 100 2 25 75", "the class is 2"),
        ("frames/abnormal/01_Accident_902.mp4 100 8 25 75", "8 is no class"),
        ("frames/normal/01_Accident_902.mp4 100 1 25 75", "the class is 1"),
        ("frames/abnormal/01_Accident_902.mp4 100 1 75 25", "ends before it starts"),
        ("frames/normal/Normal_902.mp4 80 0 0 79", "normal video"),
        ("frames/../../etc/Normal_902.mp4 80 0 0 80", "want frames/"),
        ("frames/abnormal/01_Accident_902.mp4 100 1 -1 -1", "want frames/"),
    ],
)
def test_a_row_that_contradicts_itself_is_told_with_its_line(folder: Path, row: str, fault: str) -> None:
    (folder / "TAD_test.txt").write_text(f"{valid_tad.TEST}{row}\n")
    with pytest.raises(ConfigError, match=rf"TAD_test\.txt:5: .*{fault}"):
        imported("tad", folder)
