import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.record import Json
from rocot.core.span import Span
from rocot.errors import ConfigError
from rocot.sources.manifest.entry import Passage
from tests.sources.known import valid_hivau_70k
from tests.sources.known.imported import entries, imported, seconds
from tests.sources.known.valid_hivau_70k import DATABASE, LINES, line, video

DATABASE_FILE, LINES_FILE = "ucf_database_test.json", "merge_instruction_test_final.jsonl"
ABUSE = video(600, ["Abuse"], [[1.0, 2.0]], [[[1.0, 2.0]]])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_hivau_70k.write(tmp_path)
    return tmp_path


def rewrite(folder: Path, **videos: Json) -> None:
    (folder / DATABASE_FILE).write_text(json.dumps(videos))


def test_the_official_files_give_the_official_counts(shared: Callable[[str], Path]) -> None:
    made = imported("hivau-70k", shared("hivau-70k"))
    assert Counter((entry.split, entry.truth.normal) for entry in made.entries) == {
        ("test", False): 128,
        ("test", True): 123,
    }
    joined = {entry.id for entry in made.entries if any("repeats event" in said for said in entry.corrections)}
    assert {name.removesuffix("_x264") for name in joined} == {
        "Arson016",
        "Assault006",
        "Explosion033",
        "Fighting003",
        "Shooting015",
        "Shooting046",
    }
    assert all(len(entry.spans or ()) <= 2 for entry in made.entries)
    kinds = Counter(passage.kind for entry in made.entries for passage in entry.passages)
    assert kinds["event summary"] == 337
    assert made.header.notes[1] == (
        f"{LINES_FILE}: lines left out, since their videos are not in the database: 2,740 of xd-violence"
    )


def test_official_spans_are_ucf_crimes_but_for_the_six_that_lack_one(shared: Callable[[str], Path]) -> None:
    ours = {entry.id: entry for entry in imported("hivau-70k", shared("hivau-70k")).entries}
    theirs = {entry.id: entry for entry in imported("ucf-crime", shared("ucf-crime")).entries}
    fewer = {name for name, entry in ours.items() if len(entry.spans or ()) < len(theirs[name].spans or ())}
    assert {name.removesuffix("_x264") for name in fewer} == {
        "Arson011",
        "Shooting047",
        "Shoplifting027",
        "Vandalism017",
        "Vandalism036",
        "Vandalism028",
    }
    for name in ours.keys() - fewer:
        assert [edge for span in seconds(ours[name]) for edge in span] == pytest.approx(
            [edge for span in seconds(theirs[name]) for edge in span], abs=0.001
        )


def test_every_official_instruction_stands_at_its_event_or_clip(shared: Callable[[str], Path]) -> None:
    for entry in imported("hivau-70k", shared("hivau-70k")).entries:
        plain = {(passage.text, passage.span) for passage in entry.passages}
        for passage in entry.passages:
            if passage.kind.startswith("instruction"):
                assert (passage.text.partition("\n")[2], passage.span) in plain


def test_events_of_a_normal_video_are_texts_and_no_anomalies(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Normal_Videos_901_x264"]
    assert (made.labels, made.spans, made.intervals) == (("Normal",), (), ())
    assert Passage(kind="event summary", text="Summary 0.", span=Span(start=1.0, end=4.0)) in made.passages


def test_an_event_that_stands_twice_with_a_shorter_end_is_one_span(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Arson901_x264"]
    assert seconds(made) == [(33.333, round(1795 / 30, 6))]
    assert made.intervals == ((33.333, 59.867), (33.333, 59.8))
    assert made.corrections[0] == "event 33.333 to 59.8 s repeats event 33.333 to 59.867 s: joined"


def test_a_text_that_stands_there_twice_is_there_once_with_a_word(folder: Path) -> None:
    rewrite(folder, Abuse902_x264={**ABUSE, "clips": [[[1.0, 2.0], [1.0, 2.0]]], "clips_caption": [["a", "a"]]})
    made = entries("hivau-70k", folder)["Abuse902_x264"]
    assert [passage.text for passage in made.passages if passage.kind == "clip caption"] == ["a"]
    assert made.corrections == ("1 of the texts: repeats of another, left out",)


def test_ends_past_the_video_are_cut_and_said(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Arson901_x264"]
    assert "span end 59.867 s clamped to 59.8333 s" in made.corrections
    assert "a text at 50 to 61 s: cut to the video, 50 to 59.8333 s" in made.corrections
    assert all(passage.span is None or passage.span.end <= 1795 / 30 for passage in made.passages)


def test_two_events_are_two_spans_and_a_clip_may_reach_outside_its_event(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Burglary901_x264"]
    assert seconds(made) == [(2.0, 6.5), (20.0, 25.0)]
    assert made.corrections == ()
    assert Passage(kind="clip caption", text="Caption 0 0.", span=Span(start=2.0, end=7.4)) in made.passages
    assert (made.frames, made.fps, made.duration) == (900, 30.0, 30.0)
    assert (made.labels, made.common, made.video) == (("Burglary",), ("Stealing",), "ucf-crime/Burglary901_x264")


def test_texts_about_the_whole_video_have_no_time(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Burglary901_x264"]
    kinds = {passage.kind for passage in made.passages if passage.span is None}
    video_kinds = {"video summary", "video judgement", "video description", "video analysis"}
    assert kinds == {*video_kinds, "instruction, video judgement"}


def test_instructions_stand_at_their_video_event_or_clip(folder: Path) -> None:
    made = entries("hivau-70k", folder)["Burglary901_x264"]
    assert [passage for passage in made.passages if passage.kind.startswith("instruction")] == [
        Passage(kind="instruction, video judgement", text="What of judgement?\nAnswer 0."),
        Passage(
            kind="instruction, event description",
            text="What of description?\nAnswer 1.",
            span=Span(start=20.0, end=25.0),
        ),
        Passage(kind="instruction, clip caption", text="What of caption?\nAnswer 2.", span=Span(start=2.0, end=7.4)),
    ]


def test_lines_about_other_videos_are_counted(folder: Path) -> None:
    notes = imported("hivau-70k", folder).header.notes
    told = "lines left out, since their videos are not in the database: 1 of ucf-crime, 1 of xd-violence"
    assert f"{LINES_FILE}: {told}" in notes


def test_the_instructions_may_be_missing(folder: Path) -> None:
    (folder / LINES_FILE).unlink()
    made = imported("hivau-70k", folder)
    assert len(made.entries) == 3
    assert not any(passage.kind.startswith("instruction") for entry in made.entries for passage in entry.passages)


def test_an_answer_that_is_spelt_right_is_read_too(folder: Path) -> None:
    (folder / LINES_FILE).write_text(json.dumps(LINES[0]).replace("anwser", "answer"))
    passages = entries("hivau-70k", folder)["Burglary901_x264"].passages
    assert Passage(kind="instruction, video judgement", text="What of judgement?\nAnswer 0.") in passages


def test_an_instruction_on_an_event_that_is_not_there_has_no_time(folder: Path) -> None:
    lines = [
        line(0, "event", "judgement", "ucf-crime/events/test/Burglary901_x264_E7.mp4"),
        line(1, "clip", "caption", "ucf-crime/clips/test/Burglary901_x264_E0C7.mp4"),
    ]
    (folder / LINES_FILE).write_text("\n".join(map(json.dumps, lines)))
    passages = entries("hivau-70k", folder)["Burglary901_x264"].passages
    assert [passage.span for passage in passages if passage.kind.startswith("instruction")] == [None, None]


def test_the_training_database_is_read_where_it_is_there(folder: Path) -> None:
    train = {"Abuse902_x264": video(600, ["Abuse"], [[1.0, 2.0]], [[]])}
    (folder / "ucf_database_train.json").write_text(json.dumps(train))
    (folder / "xd_database_train.json").write_text("{}")
    made = imported("hivau-70k", folder)
    assert [entry.id for entry in made.entries if entry.split == "train"] == ["Abuse902_x264"]
    assert any(note.startswith("xd_database_train.json: not read") for note in made.header.notes)


def test_no_database_is_an_error(folder: Path) -> None:
    (folder / DATABASE_FILE).unlink()
    with pytest.raises(ConfigError, match=re.escape("no ucf_database_test.json or ucf_database_train.json")):
        imported("hivau-70k", folder)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("Abuse902_x264", {**ABUSE, "events": [[1.0]]}, "events.0: List should have at least 2"),
        ("Abuse902_x264", {**ABUSE, "events": [[5.0, 2.0]]}, "the event 5 to 2 s ends before it starts"),
        ("Abuse902_x264", {**ABUSE, "fps": 0.0}, "fps: Input should be greater"),
        ("Abuse902_x264", {**ABUSE, "n_frames": -4}, "n_frames: Input should be greater"),
        ("Abuse902_x264", {**ABUSE, "label": "Abuse"}, "label: Input should be a valid list"),
        ("Abuse902_x264", {**ABUSE, "label": ["Dance"]}, "'Dance' is no class of it"),
        ("Abuse902_x264", {**ABUSE, "events_summary": []} | {"clips": [[], []]}, "2 clips for 1 events"),
        ("Abuse902_x264", {**ABUSE, "clips_caption": [["a", "b"]]}, "2 captions for 1 clips"),
        ("Abuse902_x264", "text", "Input should be a valid dictionary"),
        ("v=ab__#1_label_A", ABUSE, "no name of a video of UCF-Crime"),
    ],
)
def test_faults_of_the_database_are_told_with_the_video(folder: Path, name: str, given: Json, told: str) -> None:
    rewrite(folder, **{**DATABASE, name: given})
    with pytest.raises(ConfigError, match=re.escape(f"{DATABASE_FILE}:1: {name!r}: {told}")):
        imported("hivau-70k", folder)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("[1]", "Input should be"),
        ("{}", "Field required"),
        (json.dumps(line(5, "story", "caption", "x")), "type: Input should be"),
        (json.dumps(line(5, "clip", "caption", "/etc/passwd")), "want ucf-crime/events/test/"),
        (json.dumps(line(5, "clip", "caption", "ucf-crime/clips/test/x.mp4"))[:-9], "not JSON"),
    ],
)
def test_faults_of_an_instruction_are_told_with_the_line(folder: Path, given: str, told: str) -> None:
    with (folder / LINES_FILE).open("a") as file:
        file.write(given + "\n")
    with pytest.raises(ConfigError, match=f"{LINES_FILE}:6: .*{re.escape(told)}"):
        imported("hivau-70k", folder)
