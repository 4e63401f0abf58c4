import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.record import Json
from rocot.core.span import Span
from rocot.errors import ConfigError
from tests.sources.known import valid_uca
from tests.sources.known.imported import entries, imported


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_uca.write(tmp_path)
    return tmp_path


def rewrite(folder: Path, **videos: Json) -> None:
    (folder / "UCFCrime_Val.json").write_text(json.dumps(videos))


def test_the_official_files_give_the_official_counts(shared: Callable[[str], Path]) -> None:
    made = imported("uca", shared("uca")).entries
    assert Counter(entry.native_split for entry in made) == {"train": 1165, "val": 379, "test": 310}
    sentences = Counter(dict.fromkeys(("train", "val", "test"), 0))
    for entry in made:
        sentences[entry.split] += len(entry.passages)
    assert sentences == {"train": 15677, "val": 3534, "test": 4331}
    assert max(len(entry.passages) for entry in made) == 1179
    assert all(passage.span for entry in made for passage in entry.passages)
    assert sum("control" in said for entry in made for said in entry.corrections) == 2
    assert {entry.measured for entry in made} == {"annotation"}


def test_both_official_forms_say_the_same(shared: Callable[[str], Path]) -> None:
    first = {entry.id: entry for entry in imported("uca", shared("uca") / "json").entries}
    second = {entry.id: entry for entry in imported("uca", shared("uca") / "txt").entries}
    assert list(first) == list(second)
    assert [first[name].passages for name in first] == [second[name].passages for name in first]
    assert {entry.duration for entry in second.values()} == {None}


def test_sentences_keep_their_order_and_times_though_they_overlap(folder: Path) -> None:
    made = entries("uca", folder)["Abuse901_x264"]
    spans = [passage.span for passage in made.passages]
    assert spans == [Span(start=20.0, end=31.4), Span(start=0.3, end=12.0), Span(start=0.3, end=12.0)]
    assert {passage.kind for passage in made.passages} == {"sentence"}


def test_spaces_and_control_characters_are_cleaned_and_said_and_other_signs_kept(folder: Path) -> None:
    made = entries("uca", folder)["Abuse901_x264"]
    texts = [passage.text for passage in made.passages]
    assert texts == ["A cart rolls past.", "A dog sits by a gate.", "The dog\u2019s bowl is blue."]
    assert made.corrections == (
        "1 of the texts: control characters replaced",
        "2 of the texts: spaces at the ends removed",
    )


def test_labels_and_identity_are_ucf_crimes(folder: Path) -> None:
    made = entries("uca", folder)
    abuse, road = made["Abuse901_x264"], made["RoadAccidents903_x264"]
    assert (abuse.video, abuse.labels, abuse.spans) == ("ucf-crime/Abuse901_x264", ("Abuse",), None)
    assert road.common == ("Traffic Accident",)
    for name in ("Normal_Videos_901_x264", "Normal_Videos902_x264"):
        assert (made[name].labels, made[name].spans) == (("Normal",), ())


def test_times_have_three_shapes_in_text(folder: Path) -> None:
    made = entries("uca", folder)
    spans = [passage.span for passage in made["RoadAccidents903_x264"].passages]
    assert spans == [Span(start=1.2, end=8.2), Span(start=425.0, end=2244.0), Span(start=0.0, end=1.0)]
    assert made["Stealing903_x264"].passages[0].span == Span(start=3599.9, end=3600.1)


def test_text_is_split_at_the_first_mark_only(folder: Path) -> None:
    assert entries("uca", folder)["RoadAccidents903_x264"].passages[0].text == "A van stops ##1 at a crossing."


def test_the_length_comes_from_json_and_is_unknown_from_text(folder: Path) -> None:
    made = entries("uca", folder)
    assert (made["Abuse901_x264"].duration, made["Abuse901_x264"].measured) == (60.5, "annotation")
    assert (made["Stealing903_x264"].duration, made["Stealing903_x264"].measured) == (None, "nothing")


def test_json_is_read_where_both_are_there(folder: Path) -> None:
    (folder / "txt").mkdir()
    (folder / "txt" / "UCFCrime_Val.txt").write_text("Abuse999_x264 00:00.0 00:01.0 ##A bird.\n")
    assert "Normal_Videos902_x264" in entries("uca", folder)
    assert "Abuse999_x264" not in entries("uca", folder)


def test_the_folder_of_masked_sentences_is_not_taken_for_the_lists(folder: Path) -> None:
    for name in ("txt", "txt_mask"):
        (folder / name).mkdir()
    (folder / "UCFCrime_Test.txt").rename(folder / "txt" / "UCFCrime_Test.txt")
    (folder / "txt_mask" / "UCFCrime_Test.txt").write_text("Abuse999_x264 00:00.0 00:01.0 ##A person.\n")
    assert "Stealing903_x264" in entries("uca", folder)


def test_a_list_that_is_not_there_is_noted(folder: Path) -> None:
    (folder / "UCFCrime_Val.json").unlink()
    assert imported("uca", folder).header.notes == (
        "UCFCrime_Val: not in the folder, so there are no videos of the split val",
    )


def test_no_list_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("no UCFCrime_Train.json or UCFCrime_Train.txt in it")):
        imported("uca", tmp_path)


def test_a_time_past_the_end_is_cut_and_an_empty_one_left_out_with_a_word_on_each(folder: Path) -> None:
    video: Json = {"duration": 9.0, "timestamps": [[1.0, 9.5], [4.0, 4.0]], "sentences": ["One.", "Two."]}
    rewrite(folder, Abuse904_x264=video)
    made = entries("uca", folder)["Abuse904_x264"]
    assert [passage.span for passage in made.passages] == [Span(start=1.0, end=9.0), None]
    assert made.corrections == (
        "a text at 1 to 9.5 s: cut to the video, 1 to 9 s",
        "a text at 4 to 4 s: empty or past the end, kept without its time",
    )


@pytest.mark.parametrize(
    ("name", "video", "told"),
    [
        ("Abuse904_x264", {"duration": 9.0, "timestamps": [[1, 2]], "sentences": []}, "1 timestamps for 0 sentences"),
        ("Abuse904_x264", {"duration": 9.0, "timestamps": [[1, 2, 3]], "sentences": ["a"]}, "timestamps.0: List"),
        ("Abuse904_x264", {"duration": "9", "timestamps": [], "sentences": []}, "duration: Input should be a valid"),
        ("Abuse904_x264", {"timestamps": [], "sentences": []}, "duration: Field required"),
        ("Abuse904_x264", [1, 2], "Input should be"),
        ("Dance904_x264", {"duration": 9.0, "timestamps": [], "sentences": []}, "is no name of a video of UCF-Crime"),
        ("../../x", {"duration": 9.0, "timestamps": [], "sentences": []}, "is no name of a video of UCF-Crime"),
    ],
)
def test_faults_of_json_are_told_with_the_video(folder: Path, name: str, video: Json, told: str) -> None:
    rewrite(folder, **{name: video})
    with pytest.raises(ConfigError, match=re.escape(told)) as error:
        imported("uca", folder)
    assert f"UCFCrime_Val.json:1: {name!r}" in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "Abuse904_x264 00:01.2 00:08.2 no mark",
        "Abuse904_x264 00:01.2 ##one time",
        "Abuse904_x264 1:2:3:4 00:08.2 ##four numbers",
        "Abuse904_x264 00:61.0 01:02.0 ##61 seconds",
        "Abuse904_x264 75:00.0 76:00.0 ##75 minutes",
        "Abuse904_x264 12 14 ##no colon",
        "Dance904_x264 00:01.2 00:08.2 ##no such name",
    ],
)
def test_faults_of_text_are_told_with_the_line(folder: Path, line: str) -> None:
    with (folder / "UCFCrime_Test.txt").open("a") as file:
        file.write("\n" + line)
    with pytest.raises(ConfigError, match=re.escape("UCFCrime_Test.txt:5: ")):
        imported("uca", folder)
