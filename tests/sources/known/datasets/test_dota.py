import json
from collections import Counter
from pathlib import Path

import pytest

from rocot.core.record import Json
from rocot.errors import ConfigError
from tests.sources.known import valid_dota
from tests.sources.known.imported import entries, imported, seconds, video

NAME = "Cc1-_dddddd_000100"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_dota.write(tmp_path)
    return tmp_path


def lay(folder: Path, record: Json, name: str = NAME) -> None:
    (folder / "metadata_val.json").write_text(json.dumps({name: record}, indent=1))


def test_files_of_the_official_size_give_the_official_counts(tmp_path: Path) -> None:
    for split, count, first in (("train", 3275, 0), ("val", 1402, 5000)):
        records: dict[str, Json] = {}
        for i in range(first, first + count):
            full = i < 337  # the anomaly lasts until the clip does
            records[f"Aa0-_bbbbbb_{i:06}"] = valid_dota.clip(split, first=i, frames=60, start=40 if full else 10)
        (tmp_path / f"metadata_{split}.json").write_text(json.dumps(records))
    made = imported("dota", tmp_path).entries
    assert Counter((entry.split, entry.native_split) for entry in made) == {
        ("train", "train"): 3275,
        ("test", "val"): 1402,
    }
    assert not any(entry.corrections for entry in made)
    assert all(entry.localised and entry.common == ("Traffic Accident",) for entry in made)
    assert sum(seconds(entry)[0][1] == entry.duration for entry in made) == 337


def test_frames_are_a_tenth_of_a_second_and_the_end_is_left_out(folder: Path) -> None:
    made = entries("dota", folder)["Aa0-_bbbbbb_000300"]
    assert seconds(made) == [(4.0, 6.0)]
    assert (made.fps, made.frames, made.duration, made.measured) == (10.0, 120, 12.0, "annotation")


def test_a_video_made_of_the_frames_at_another_rate_is_counted_at_its_own(folder: Path) -> None:
    made = entries("dota", folder, {"dota/Aa0-_bbbbbb_000300": video(30.0, 120)})["Aa0-_bbbbbb_000300"]
    assert seconds(made) == [(round(40 / 30, 6), 2.0)]
    assert made.corrections == ("30 frames a second, as the video has, in place of 10",)


def test_a_video_of_the_same_seconds_is_counted_as_stated_whatever_its_frames(folder: Path) -> None:
    made = entries("dota", folder, {"dota/Aa0-_bbbbbb_000300": video(30.0, 360)})["Aa0-_bbbbbb_000300"]
    assert (seconds(made), made.corrections) == ([(4.0, 6.0)], ())


def test_the_place_in_the_source_video_moves_no_span(folder: Path) -> None:
    made = entries("dota", folder)
    assert made["Aa0-_bbbbbb_000300"].spans == made["Aa0-_bbbbbb_000900"].spans


def test_labels_keep_who_was_hit(folder: Path) -> None:
    made = entries("dota", folder)
    assert made["Aa0-_bbbbbb_000300"].labels == ("ego: turning",)
    assert made[NAME].labels == ("other: unknown",)


def test_a_wrong_number_of_frames_is_taken_from_the_place_in_the_source_video(folder: Path) -> None:
    lay(folder, {**valid_dota.clip("val", frames=126, start=99), "num_frames": 114})  # type: ignore[dict-item]
    made = entries("dota", folder)[NAME]
    assert made.frames == 126
    assert seconds(made) == [(9.9, 11.9)]
    assert made.corrections == ("num_frames 114 is 126 now, from video_start 300 to 425",)


def test_an_end_past_the_clip_is_clamped_and_said(folder: Path) -> None:
    lay(folder, valid_dota.clip("val", frames=114, start=99))
    made = entries("dota", folder)[NAME]
    assert seconds(made) == [(9.9, 11.4)]
    assert made.corrections == ("span end 119 clamped to 114",)


def test_the_second_subset_may_be_called_test_as_the_authors_text_has_it(folder: Path) -> None:
    lay(folder, valid_dota.clip("test"))
    assert entries("dota", folder)[NAME].split == "test"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"anomaly_class": "ego: flying"}, "'ego: flying' is no class of DoTA"),
        ({"subset": "train"}, "subset is 'train'; want val or test"),
        ({"num_frames": "120"}, "num_frames: Input should be"),
        ({"num_frames": 10**400}, "num_frames: Input should be"),
        ({"num_frames": 1.5}, "num_frames: Input should be"),
        ({"anomaly_start": 70}, "ends before it starts"),
        ({"video_end": 5}, "ends before it starts"),
        ({"anomaly_class": None}, "anomaly_class: Input should be"),
    ],
)
def test_a_record_at_fault_is_told_by_its_name_and_line(folder: Path, change: dict[str, Json], fault: str) -> None:
    lay(folder, {**valid_dota.clip("val"), **change})  # type: ignore[dict-item]
    with pytest.raises(ConfigError, match=rf"metadata_val\.json:2: '{NAME}': .*{fault}"):
        imported("dota", folder)


@pytest.mark.parametrize("record", [None, [], 7, "train"])
def test_what_is_no_record_is_a_fault(folder: Path, record: Json) -> None:
    lay(folder, record)
    with pytest.raises(ConfigError, match=rf"metadata_val\.json:2: '{NAME}': "):
        imported("dota", folder)


def test_a_list_or_a_strange_name_is_a_fault(folder: Path) -> None:
    lay(folder, valid_dota.clip("val"), "../../etc/passwd")
    with pytest.raises(ConfigError, match="no name of a clip"):
        imported("dota", folder)
    (folder / "metadata_val.json").write_text("[1]")
    with pytest.raises(ConfigError, match=r"metadata_val\.json:1: want a JSON object"):
        imported("dota", folder)
