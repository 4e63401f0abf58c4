import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.span import Span
from rocot.errors import ConfigError
from tests.sources.known import valid_vau_bench
from tests.sources.known.imported import entries, imported
from tests.sources.known.valid_vau_bench import HEADER, normal, row, table, unlocalised, without_texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_vau_bench.write(tmp_path)
    return tmp_path


def test_the_official_files_give_the_official_counts(shared: Callable[[str], Path]) -> None:
    made = imported("vau-bench", shared("vau-bench"))
    counts = Counter((entry.native_split, entry.truth.normal, entry.localised) for entry in made.entries)
    assert counts == {
        ("train", False, False): 606,
        ("train", True, True): 588,
        ("val", False, True): 339,
        ("val", False, False): 181,
        ("val", True, True): 214,
        ("test UCF-Crime", False, True): 124,
        ("test UCF-Crime", False, False): 16,
        ("test UCF-Crime", True, True): 150,
        ("test MSAD", False, True): 120,
        ("test MSAD", True, True): 120,
        ("test ECVA", False, True): 402,
        ("test ECVA", False, False): 36,
    }
    assert made.header.notes == ("ucf_subset_train.csv: only the UCF-Crime part of the training list",)


def test_the_official_rows_without_texts_have_a_label_and_no_question(shared: Callable[[str], Path]) -> None:
    made = [entry for entry in imported("vau-bench", shared("vau-bench")).entries if not entry.questions]
    assert Counter((entry.native_split, entry.truth.normal) for entry in made) == {
        ("test UCF-Crime", True): 27,
        ("test UCF-Crime", False): 12,
    }
    assert all(entry.labels and not entry.passages for entry in made)


def test_the_official_files_have_two_rows_whose_label_is_left_out(shared: Callable[[str], Path]) -> None:
    made = [entry for entry in imported("vau-bench", shared("vau-bench")).entries if entry.labels is None]
    assert [entry.video for entry in made] == ["ecva/1577", "ecva/1977"]
    assert all(entry.spans for entry in made)


def test_every_official_question_has_an_answer_and_every_dict_is_read(shared: Callable[[str], Path]) -> None:
    made = imported("vau-bench", shared("vau-bench")).entries
    assert sum(len(entry.questions) for entry in made) == 2857
    assert all(question.answer is not None for entry in made for question in entry.questions)
    assert sum("the same text" in said for entry in made for said in entry.corrections) == 8
    assert sum("Python dict" in said for entry in made for said in entry.corrections) == 251 + 438
    assert not any(passage.text.startswith("{") for entry in made for passage in entry.passages)


def test_two_official_videos_of_ecva_are_in_val_and_in_test(shared: Callable[[str], Path]) -> None:
    splits: dict[str, set[str]] = {}
    for entry in imported("vau-bench", shared("vau-bench")).entries:
        splits.setdefault(entry.video, set()).add(entry.split)
    assert {video for video, where in splits.items() if len(where) > 1} == {"ecva/1953", "ecva/1955"}


def test_names_with_and_without_a_prefix_are_one_identity(folder: Path) -> None:
    table(folder / "val.csv", [row("ecva_14.mp4"), row("msad_Assault_2.mp4"), row("ucf_Abuse902_x264.mp4")])
    table(folder / "test_ucf_crime.csv", [row("Abuse902_x264.mp4")])
    videos = Counter(entry.video for entry in imported("vau-bench", folder).entries)
    assert {video for video, count in videos.items() if count == 2} == {
        "ecva/14",
        "msad/Assault_2",
        "ucf-crime/Abuse902_x264",
    }
    made = entries("vau-bench", folder)
    assert (made["ecva_14"].file, made["14"].file) == ("14.mp4", "14.mp4")


def test_a_training_scene_of_msad_has_the_name_of_msads_lists(folder: Path) -> None:
    made = entries("vau-bench", folder)
    assert made["msad_mall4"].video == "msad/MSAD_normal_mall4"
    assert "mall4 is MSAD_normal_mall4 in MSAD's lists" in made["msad_mall4"].corrections
    assert made["MSAD_normal_testing_1"].video == "msad/MSAD_normal_testing_1"
    assert made["msad_Traffic_accident_6"].video == "msad/Traffic_accident_6"


def test_zero_zero_is_normal_and_minus_one_is_not_localised(folder: Path) -> None:
    made = entries("vau-bench", folder)
    assert (made["msad_mall4"].labels, made["msad_mall4"].spans) == (("Normal",), ())
    unknown = made["msad_Traffic_accident_6"]
    assert (unknown.labels, unknown.spans, unknown.localised) == (("Traffic_accident",), None, False)
    assert "times -1 and -1: abnormal, and not localised" in unknown.corrections
    assert made["ecva_17"].spans == (Span(start=1.5, end=4.25),)


def test_a_row_without_texts_takes_its_class_from_a_name_of_ucf_crime(folder: Path) -> None:
    made = entries("vau-bench", folder)
    burglary, nothing = made["Burglary902_x264"], made["Normal_Videos_902_x264"]
    assert (burglary.labels, burglary.common) == (("Stealing",), ("Stealing",))
    assert burglary.spans == (Span(start=12.5, end=45.33),)
    assert "the class is -1 in the file, and taken from the video's name" in burglary.corrections
    assert any("there is no question" in said for said in burglary.corrections)
    assert (nothing.labels, nothing.spans) == (("Normal",), ())


def test_a_normal_row_with_an_interval_keeps_the_interval_and_no_label(folder: Path) -> None:
    made = entries("vau-bench", folder)["1577"]
    assert (made.labels, made.common, made.spans) == (None, None, (Span(start=2.0, end=150.0),))
    assert any("class Normal with an interval, 2 to 150 s" in said for said in made.corrections)


def test_the_question_keeps_its_options_and_the_answer_is_an_index(folder: Path) -> None:
    made = entries("vau-bench", folder)
    (question,) = made["ecva_17"].questions
    assert question.text == "What does the man, in a hurry, do?"
    assert (question.options[0], len(question.options), question.answer) == ("He waves", 4, 1)


@pytest.mark.parametrize(("cell", "told"), [("D. He sleeps", "the same text"), ("D. He leaves", "another text")])
def test_a_letter_with_text_counts_as_the_letter(folder: Path, cell: str, told: str) -> None:
    table(folder / "test_msad.csv", [row("Assault_2.mp4", Correct_Option=cell)])
    made = entries("vau-bench", folder)["Assault_2"]
    assert made.questions[0].answer == 3
    assert any(told in said for said in made.corrections)


def test_a_dict_of_reasoning_is_text_with_headings_as_in_the_other_files(folder: Path) -> None:
    made = entries("vau-bench", folder)
    texts = {passage.kind: passage.text for passage in made["14"].passages}
    assert texts == {
        "key object": "man",
        "description": "A man runs over a yard.",
        "reasoning": (
            "### Location: a yard ### Key Evidence: the man's pace; a ladder ### Cause and Effect: Cause: rain"
        ),
    }
    assert {passage.kind: passage.text for passage in made["ecva_17"].passages}["reasoning"].startswith("### Specific")


def test_a_dict_that_cannot_be_read_stays_as_it_is_with_a_word(folder: Path) -> None:
    table(folder / "test_msad.csv", [row("Assault_2.mp4", Reasoning="{'Location': open('x')}")])
    made = entries("vau-bench", folder)["Assault_2"]
    assert made.passages[-1].text == "{'Location': open('x')}"
    assert any("kept as written" in said for said in made.corrections)


def test_an_empty_text_is_left_out_with_a_word(folder: Path) -> None:
    made = entries("vau-bench", folder)["msad_mall4"]
    assert [passage.kind for passage in made.passages] == ["description", "reasoning"]
    assert "Key Object: -1 or empty in the file" in made.corrections


def test_the_official_training_list_is_read_instead_of_the_part_of_it(folder: Path) -> None:
    table(folder / "train.csv", [normal("msad_shop1.mp4"), unlocalised("ucf_Abuse901_x264.mp4")])
    made = imported("vau-bench", folder)
    assert [entry.id for entry in made.entries if entry.native_split == "train"] == ["msad_shop1", "ucf_Abuse901_x264"]
    assert made.header.notes == (
        "ucf_subset_train.csv: not read: its rows are the UCF-Crime part of train.csv, which is there",
    )


def test_a_file_that_is_not_there_is_noted_and_the_others_are_read(folder: Path) -> None:
    (folder / "test_msad.csv").unlink()
    made = imported("vau-bench", folder)
    assert any(note.startswith("test_msad.csv: not in the folder") for note in made.header.notes)
    assert "test MSAD" not in {entry.native_split for entry in made.entries}


def test_no_file_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("no val.csv or train.csv or")):
        imported("vau-bench", tmp_path)


def test_crlf_and_a_mark_at_the_start_make_no_difference(folder: Path) -> None:
    wanted = imported("vau-bench", folder)
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert imported("vau-bench", folder) == wanted


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (row("Abuse901_x264.mp4"), "want ucf_, msad_ or ecva_ in front"),
        (row("ucf_Abuse901_x264.avi"), "want a name such as"),
        (row("ucf_../Abuse901_x264.mp4"), "want a name such as"),
        (row("ecva_seven.mp4"), "no name of a video of ecva"),
        (row("ucf_17.mp4"), "no name of a video of ucf-crime"),
        (row("ecva_17.mp4", Anomaly_Class="Flood"), "no class of VAU-Bench"),
        (row("ecva_17.mp4", Anomaly_Class=""), "no class of VAU-Bench"),
        (without_texts("ecva_17.mp4", "1", "2"), "no class of VAU-Bench"),
        (row("ecva_17.mp4", Start_Time="soon"), "want two times in seconds"),
        (row("ecva_17.mp4", Start_Time="nan"), "want two times in seconds"),
        (row("ecva_17.mp4", End_Time="1e999"), "want two times in seconds"),
        (row("ecva_17.mp4", End_Time="1.5"), "want 0 and 0 for normal footage"),
        (row("ecva_17.mp4", Start_Time="0", End_Time="0"), "want 0 and 0 for normal footage"),
        (normal("ecva_17.mp4") | {"End Time": "-1", "Start Time": "-1"}, "want 0 and 0 for normal footage"),
        (row("ecva_17.mp4", Correct_Option="E"), "the correct option must be A to D"),
    ],
)
def test_faults_are_told_with_their_lines(folder: Path, cells: dict[str, str], told: str) -> None:
    table(folder / "val.csv", [row("ecva_18.mp4"), cells])
    with pytest.raises(ConfigError, match=re.escape(f"val.csv:3: {told}")):
        imported("vau-bench", folder)


def test_a_name_of_another_dataset_is_a_fault_in_a_test_file(folder: Path) -> None:
    table(folder / "test_ecva.csv", [row("msad_Assault_2.mp4")])
    with pytest.raises(ConfigError, match=re.escape("test_ecva.csv:2: no name of a video of ecva")):
        imported("vau-bench", folder)


def test_a_missing_column_and_a_short_row_are_faults(folder: Path) -> None:
    (folder / "val.csv").write_text(",".join(HEADER[:-1]) + "\n")
    with pytest.raises(ConfigError, match="no column End Time"):
        imported("vau-bench", folder)
    (folder / "val.csv").write_text(",".join(HEADER) + "\necva_17.mp4,What\n")
    with pytest.raises(ConfigError, match=re.escape("val.csv:2: 2 cells under 13 columns")):
        imported("vau-bench", folder)
