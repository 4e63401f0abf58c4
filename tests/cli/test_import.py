"""From official files to rows: the datasets that rocot knows, as a user takes them in."""

import json
import os
from collections.abc import Callable

import pyarrow.parquet as pq
import pytest

from rocot.sources.manifest.file import read
from tests.cli.bench import Bench
from tests.contracts.numbered import Luma, film

TRAIN = "Abuse/Abuse901_x264.mp4\nAbuse/Abuse028_x264.mp4\nTraining_Normal_Videos_Anomaly/Normal_Videos901_x264.mp4\n"
"""The second is of the official test split."""
TEST = "Fighting902_x264.mp4  Fighting  30  60  -1  -1  \nNormal_Videos_902_x264.mp4  Normal  -1  -1  -1  -1  \n"
TURNS: dict[str, Callable[[Luma], Luma]] = {
    "Abuse901": lambda luma: luma,
    "Abuse028": lambda luma: luma[::-1],
    "Normal_Videos901": lambda luma: luma[:, ::-1],
    "Fighting902": lambda luma: luma[::-1, ::-1],
    "Normal_Videos_902": lambda luma: 255 - luma,
}
"""So that they do not look alike."""
RECIPE = """
[release]
name = "own"

[[sources]]
kind = "manifest"
name = "ucf"
manifest = "ucf-crime.parquet"
videos = "videos"

[frames]
count = 4
height = 96

[teacher]
model = "scripted"
seed = 7
"""


@pytest.fixture
def laid(bench: Bench) -> Bench:
    """UCF-Crime with five videos."""
    (bench.folder / "lists").mkdir()
    (bench.folder / "lists" / "Anomaly_Train.txt").write_text(TRAIN)
    (bench.folder / "lists" / "Temporal_Anomaly_Annotation.txt").write_text(TEST)
    (bench.folder / "videos" / "deep").mkdir(parents=True)
    for name, turn in TURNS.items():
        film(bench.folder / "videos" / "deep" / f"{name}_x264.mp4", turn=turn)
    (bench.folder / "own.toml").write_text(RECIPE)
    return bench


def test_annotations_alone_give_a_manifest(laid: Bench) -> None:
    done = laid.rocot("import", "ucf-crime", "--annotations", "lists", "--jsonl")
    assert done.returncode == 0, done.stderr
    made = read(laid.folder / "ucf-crime.parquet")
    assert [entry.id for entry in made.entries] == [f"{name}_x264" for name in TURNS]
    assert {entry.measured for entry in made.entries} == {"nothing"}
    lines = (laid.folder / "ucf-crime.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [entry.id for entry in made.entries]
    assert "5 records in ucf-crime.parquet" in done.stdout


def test_videos_are_found_measured_and_kept_for_the_next_time(laid: Bench) -> None:
    (laid.folder / "videos" / "other.mp4").write_bytes((laid.folder / "videos/deep/Abuse901_x264.mp4").read_bytes())
    (laid.folder / "videos" / "deep" / "Abuse901_x264.mp4").write_text("no video")
    (laid.folder / "videos" / "deep" / "Abuse028_x264.mp4").unlink()
    command = ("import", "ucf-crime", "--annotations", "lists", "--videos", "videos")
    done = laid.rocot(*command)
    assert done.returncode == 0, done.stderr
    made = {entry.id: entry for entry in read(laid.folder / "ucf-crime.parquet").entries}
    assert made["Fighting902_x264"].path == "deep/Fighting902_x264.mp4"
    assert made["Fighting902_x264"].measured == "video"
    assert made["Fighting902_x264"].duration == pytest.approx(3, abs=0.2)
    assert not {"Abuse028_x264", "Abuse901_x264"} & set(made)
    for kind in ("missing", "corrupt", "extra"):
        assert kind in done.stdout
    amiss = [json.loads(line) for line in (laid.folder / "ucf-crime.findings.jsonl").read_text().splitlines()]
    assert {(one["kind"], one["video"]) for one in amiss} == {
        ("missing", "Abuse/Abuse028_x264.mp4"),
        ("corrupt", "deep/Abuse901_x264.mp4"),
        ("extra", "other.mp4"),
    }
    first = (laid.folder / "ucf-crime.parquet").read_bytes()
    assert laid.rocot(*command).returncode == 0
    assert (laid.folder / "ucf-crime.parquet").read_bytes() == first


def test_rows_are_made_from_a_manifest_and_a_leaking_video_is_left_out(laid: Bench) -> None:
    laid.rocot("import", "ucf-crime", "--annotations", "lists", "--videos", "videos")
    done = laid.rocot("generate", "--recipe", "own.toml", "--split", "train")
    assert done.returncode == 0, done.stderr
    assert "leaks test data" in done.stdout
    assert "Abuse028_x264" in done.stdout
    rows = pq.read_table(laid.folder / "runs/own/release/data").to_pylist()
    assert [row["video"] for row in rows] == ["Abuse901_x264", "Normal_Videos901_x264"]
    assert {row["leak"] for row in rows} == {None}
    assert rows[1]["truth"] == {"labels": ["Normal"], "spans": [], "choice": None}
    tested = laid.rocot("generate", "--recipe", "own.toml", "--split", "test")
    assert tested.returncode == 0, tested.stderr
    (fight,) = [
        row for row in pq.read_table(laid.folder / "runs/own/release/data").to_pylist() if "Fighting" in row["video"]
    ]
    assert fight["truth"]["spans"] == [{"start": 1.0, "end": 2.0}]


def test_a_reason_lets_a_leaking_video_in_and_stands_in_its_rows(laid: Bench) -> None:
    laid.rocot("import", "ucf-crime", "--annotations", "lists")
    refused = laid.rocot("generate", "--recipe", "own.toml", "--allow-leaks", " ")
    assert refused.returncode == 2
    assert "--allow-leaks" in refused.stderr
    done = laid.rocot("generate", "--recipe", "own.toml", "--allow-leaks", "ablation of leakage")
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(laid.folder / "runs/own/release/data").to_pylist()
    told = {row["video"]: row["leak"] for row in rows}
    assert told["Abuse028_x264"] == "official test split of ucf-crime; allowed: ablation of leakage"
    assert told["Abuse901_x264"] is None


def test_leaks_are_told_and_end_with_1(laid: Bench) -> None:
    laid.rocot("import", "ucf-crime", "--annotations", "lists")
    done = laid.rocot("check-leaks", "ucf-crime.parquet")
    assert done.returncode == 1
    assert "Abuse028_x264" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "ucf", "--annotations", "lists"), "known are"),
        (("import", "ucf-crime", "--annotations", "nowhere"), "no such folder"),
        (("import", "ucf-crime", "--annotations", "own.toml"), "is a file"),
        (("import", "ucf-crime", "--annotations", "videos"), "Anomaly_Train.txt"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "videos"), "is a folder"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "pipe"), "is a device, a pipe or a socket"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "x" * 5000), "cannot be written"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "lists/Anomaly_Train.txt"), "annotation files"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "m.jsonl", "--jsonl"), "the Parquet file beside"),
        (("import", "ucf-crime", "--annotations", "lists", "--out", "own.toml/m.parquet"), "cannot be written"),
        (("import", "ucf-crime", "--annotations", "lists", "--videos", "nowhere"), "no such folder"),
        (("import", "ucf-crime", "--annotations", "lists", "--videos", "lists"), "lists"),
        (("sources", "ucf"), "known are"),
        (("check-leaks", "own.toml"), "no manifest"),
        (("generate", "--recipe", "own.toml"), "ucf-crime.parquet: no such file"),
    ],
)
def test_what_cannot_be_imported_is_told(laid: Bench, words: tuple[str, ...], said: str) -> None:
    os.mkfifo(laid.folder / "pipe")
    done = laid.rocot(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (laid.folder / "pipe").is_fifo()
    assert (laid.folder / "lists" / "Anomaly_Train.txt").read_text() == TRAIN


def test_a_folder_of_an_odd_name_neither_steers_the_terminal_nor_breaks_the_manifest(laid: Bench) -> None:
    (laid.folder / "lists").rename(laid.folder / os.fsdecode(b"lists\xff\a\x1b[31m"))
    done = laid.rocot("import", "ucf-crime", "--annotations", ".")
    assert done.returncode == 0, done.stderr
    said = {entry.said.rpartition("/")[0] for entry in read(laid.folder / "ucf-crime.parquet").entries}
    assert said == {r"lists\udcff\x07\x1b[31m"}
    (laid.folder / "bell\a").mkdir()
    (laid.folder / "bell\a" / "Anomaly_Test.txt").write_text("")
    done = laid.rocot("import", "ucf-crime", "--annotations", ".")
    assert done.returncode == 2
    assert "bell/Anomaly_Test.txt: the file is empty" in done.stderr


def test_a_faulty_list_is_told_by_line_and_changes_nothing(laid: Bench) -> None:
    (laid.folder / "ucf-crime.parquet").write_text("what was there")
    (laid.folder / "lists" / "Anomaly_Train.txt").write_text(TRAIN + "Abuse/Abuse901_x264.mp4\nnonsense\n")
    done = laid.rocot("import", "ucf-crime", "--annotations", "lists")
    assert done.returncode == 2
    assert "Anomaly_Train.txt:4" in done.stderr
    assert "Anomaly_Train.txt:5" in done.stderr
    assert (laid.folder / "ucf-crime.parquet").read_text() == "what was there"


def test_the_known_datasets_are_listed(bench: Bench) -> None:
    done = bench.rocot("sources")
    assert done.returncode == 0
    assert "ucf-crime" in done.stdout
    about = bench.rocot("sources", "ucf-crime").stdout
    for said in ("none stated", "Anomaly_Train.txt", "Burglary", "@inproceedings"):
        assert said in about


def test_a_video_of_another_length_than_annotated_is_told_and_left_out(laid: Bench) -> None:
    lengths = "Abuse/Abuse901_x264.mp4 75 Abuse -1 -1 -1 -1 \nAbuse/Fighting902_x264.mp4 300 Fighting 30 60 -1 -1 \n"
    (laid.folder / "lists" / "UCF_Annotation.txt").write_text(lengths)
    done = laid.rocot("import", "ucf-crime", "--annotations", "lists", "--videos", "videos")
    assert done.returncode == 0, done.stderr
    assert "the annotation says 10.0 s" in " ".join(done.stdout.split())
    kept = [entry.id for entry in read(laid.folder / "ucf-crime.parquet").entries]
    assert "Fighting902_x264" not in kept
    assert "Abuse901_x264" in kept


def test_a_plan_says_how_many_clips_have_no_truth(laid: Bench) -> None:
    laid.rocot("import", "ucf-crime", "--annotations", "lists")
    recipe = (laid.folder / "own.toml").read_text() + "\n[windows]\nlength = 2\noverlap = 0\n"
    (laid.folder / "short.toml").write_text(recipe)
    whole = laid.rocot("plan", "--recipe", "own.toml").stdout
    assert "known of the clips: 1 label, 1 label+span" in whole
    assert "no truth" not in whole
    parts = laid.rocot("plan", "--recipe", "short.toml").stdout
    assert "2 clips have no truth to grade on" in parts
