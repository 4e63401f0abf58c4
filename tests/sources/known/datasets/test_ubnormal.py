from collections import Counter
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from tests.sources.known import valid_ubnormal
from tests.sources.known.imported import entries, imported, seconds

TEXT, FLOATS = "abnormal_scene_91_scenario_1", "abnormal_scene_93_scenario_3_smoke"
NORMAL, ARRAY = "normal_scene_94_scenario_1", "abnormal_scene_94_scenario_2_fire"
COUNTS = {
    "normal_training": 186,
    "abnormal_training": 82,
    "normal_validation": 26,
    "abnormal_validation": 38,
    "normal_test": 53,
    "abnormal_test": 158,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_ubnormal.write(tmp_path)
    return tmp_path


def tracks(folder: Path, name: str) -> Path:
    return folder / "gt" / f"{name}_tracks.txt"


def whole(folder: Path) -> None:
    """Lists of the official size, rows for 120 videos, 25 of them in floats, and arrays for 211."""
    written = 0
    for scene, (name, count) in enumerate(COUNTS.items(), 1):
        names = [f"{name.partition('_')[0]}_scene_{scene}_scenario_{i}" for i in range(count)]
        (folder / f"{name}_video_names.txt").write_text("\n".join(names))
        for one in names:
            path = folder / f"{one}_tracks.txt"
            if name.endswith("_test"):
                values = [1.0] * 60 if one.startswith("normal") else [1.0, 0.0] * 30
                path.write_bytes(valid_ubnormal.array(values))
            elif one.startswith("abnormal"):
                floats = "1.000000000000000000e+00,0.000000000000000000e+00,2.900000000000000000e+01\r\n"
                path.write_bytes(floats.encode() if written < 25 else b"1,0,29\r\n2,10,39\r\n")
                written += 1


def test_lists_of_the_official_size_give_the_official_counts(tmp_path: Path) -> None:
    whole(tmp_path)
    made = imported("ubnormal", tmp_path)
    assert len(made.entries) == 543
    counts = Counter((entry.native_split, entry.truth.normal) for entry in made.entries)
    assert counts == {
        ("training", True): 186,
        ("training", False): 82,
        ("validation", True): 26,
        ("validation", False): 38,
        ("test", True): 53,
        ("test", False): 158,
    }
    assert all(entry.localised for entry in made.entries)
    assert Counter(len(entry.spans or ()) for entry in made.entries) == {0: 265, 1: 120, 30: 158}
    assert sum(entry.frames or 0 for entry in made.entries) == 211 * 60
    assert made.header.notes == ()


def test_rows_are_objects_from_frame_0_their_ends_included(folder: Path) -> None:
    made = entries("ubnormal", folder)[TEXT]
    assert made.intervals == ((30.0, 89.0), (60.0, 119.0))
    assert seconds(made) == [(1.0, 4.0)]
    assert made.corrections == ("2 spans overlap or touch and are 1 now",)
    assert made.labels == ("Anomaly",)


def test_numbers_may_be_written_as_floats_with_an_exponent(folder: Path) -> None:
    assert seconds(entries("ubnormal", folder)[FLOATS]) == [(0.5, 1.5)]


def test_the_zeros_of_an_array_are_the_abnormal_frames(folder: Path) -> None:
    made = entries("ubnormal", folder)[ARRAY]
    assert seconds(made) == [(1.0, 2.5)]
    assert (made.frames, made.duration) == (90, 3.0)
    assert "NumPy array" in made.corrections[0]


def test_a_normal_video_of_ones_stays_normal_and_its_length_is_known(folder: Path) -> None:
    made = entries("ubnormal", folder)[NORMAL]
    assert (made.labels, made.spans, made.frames) == (("Normal",), (), 90)


def test_odd_names_of_the_training_list_are_names(folder: Path) -> None:
    made = entries("ubnormal", folder)
    assert made["normal_scene_1_scenario1_90"].file == "Scene1/normal_scene_1_scenario1_90.mp4"
    assert made["normal_scene_91_scenario_6_1"].labels == ("Normal",)
    assert made["normal_scene_92_scenario_2_fog"].video == "ubnormal/normal_scene_92_scenario_2_fog"


def test_an_array_that_contradicts_the_list_is_said(folder: Path) -> None:
    tracks(folder, NORMAL).write_bytes(valid_ubnormal.array([1.0, 0.0]))
    tracks(folder, ARRAY).write_bytes(valid_ubnormal.array([1.0, 1.0]))
    made = entries("ubnormal", folder)
    assert made[NORMAL].spans == ()
    assert "the list says normal; 1 stretches are marked abnormal: left out" in made[NORMAL].corrections
    assert made[ARRAY].localised is False
    assert "the list says abnormal, no frame is marked so: not localised" in made[ARRAY].corrections


def test_an_abnormal_video_without_tracks_is_not_localised_and_says_so(folder: Path) -> None:
    tracks(folder, TEXT).unlink()
    made = entries("ubnormal", folder)[TEXT]
    assert (made.intervals, made.localised) == (None, False)
    assert made.corrections == ("no NAME_tracks.txt of it in the folder: not localised",)


@pytest.mark.parametrize(
    "row", ["1,2", "1,2,3,4", "1,5,4", "1,nan,4", "1,2.5,4", "a,b,c", "1,-1,4", "1,2,1_0", "1,0,1e99"]
)
def test_a_row_that_is_none_is_told_with_its_line(folder: Path, row: str) -> None:
    tracks(folder, TEXT).write_text(f"1,2,3\r\n{row}\r\n")
    with pytest.raises(ConfigError, match=rf"gt/{TEXT}_tracks\.txt:2: want object,first frame,last frame"):
        imported("ubnormal", folder)


def test_a_name_of_the_other_kind_is_told_with_its_line(folder: Path) -> None:
    (folder / "normal_test_video_names.txt").write_text(f"{NORMAL}\nabnormal_scene_94_scenario_9")
    with pytest.raises(ConfigError, match=r"normal_test_video_names\.txt:2: want normal_scene_1"):
        imported("ubnormal", folder)


def test_an_array_cut_off_is_told_with_its_file(folder: Path) -> None:
    tracks(folder, ARRAY).write_bytes(valid_ubnormal.array([0.0] * 9)[:-3])
    with pytest.raises(ConfigError, match=rf"{ARRAY}_tracks\.txt: .*cut off"):
        imported("ubnormal", folder)
