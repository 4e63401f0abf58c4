"""`rocot evaluate`: files, runs, faults, a plot."""

import json

import pytest

from tests.cli.bench import Bench
from tests.sources.known import valid_vau_bench

LINES = (
    '{"id": "RoadAccidents902_x264", "final": {"label": "Traffic_accident", "spans": [[1.5, 4.25]], "choice": "B"},'
    ' "first": {"label": "Normal", "spans": [], "choice": "A"}}\n'
    '{"id": "Normal_Videos_902_x264.mp4", "final": {"label": "Normal", "spans": []}}\n'
    '{"id": "Nobody", "final": {"label": "Normal"}}\n'
)
ON = ("--on", "vau-bench/ucf-crime", "--annotations", "lists")


@pytest.fixture
def laid(bench: Bench) -> Bench:
    (bench.folder / "lists").mkdir()
    valid_vau_bench.write(bench.folder / "lists")
    (bench.folder / "mine.jsonl").write_text(LINES)
    return bench


def test_a_file_is_measured_told_and_drawn(laid: Bench) -> None:
    done = laid.rocot("evaluate", "--predictions", "mine.jsonl", *ON, "--plot", "mine.png")
    assert done.returncode == 0, done.stderr
    assert "3 cases of 3 videos, 3 predictions, 1 cases without one" in done.stdout
    assert "1 cases have no prediction, and count as wrong (Burglary902_x264)" in done.stdout
    assert "1 predictions are of no case, and count nowhere (Nobody)" in done.stdout
    measures = done.stdout[: done.stdout.index("reported by others")]
    table = {line.split("  ")[0]: line for line in measures.splitlines()}
    assert table["mIoU, interval sets"].split()[3] == "50.0"
    assert table["mIoU, vau-r1"].split()[2] == "100.0"
    assert "always A 0.0" in table["QA accuracy"]
    assert "SRVAU-R1" in done.stdout
    assert (laid.folder / "mine.png").read_bytes().startswith(b"\x89PNG")

    told = json.loads(laid.rocot("evaluate", "--predictions", "mine.jsonl", *ON, "--json").stdout)
    assert (told["grounding"]["cases"], told["vau_r1"]["grounding"]["cases"]) == (2, 1)
    assert told["qa"]["blind"]["always_first"] == 0
    assert told["reflection"]["answers"]["corrected"] == 1
    assert {one["who"] for one in told["published"]} >= {"VAU-R1 RFT, out of domain"}


def test_a_manifest_does_as_well_as_the_official_files(laid: Bench) -> None:
    assert laid.rocot("import", "vau-bench", "--annotations", "lists").returncode == 0
    words = ("evaluate", "--predictions", "mine.jsonl", "--json")
    by_manifest = laid.rocot(*words, "--on", "vau-bench/ucf-crime", "--manifest", "vau-bench.parquet")
    assert by_manifest.returncode == 0, by_manifest.stderr
    assert by_manifest.stdout == laid.rocot(*words, *ON).stdout


def test_a_runs_rows_are_predictions(bench: Bench) -> None:
    bench.lay()
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    done = bench.rocot("evaluate", "--predictions", "own", "--on", "release:train", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["cases"], told["missing"], told["predictions"]) == (2, 0, 2)
    report = json.loads(bench.rocot("report", "--json").stdout)
    assert told["reflection"]["answers"] == report["flips"]
    answers = '{"id": "own/a", "final": {"label": "Fighting", "spans": [[1, 2]]}}'
    (bench.folder / "student.jsonl").write_text(answers)
    words = ("evaluate", "--predictions", "student.jsonl", "--on", "release:train", "--release", "runs/own", "--json")
    done = bench.rocot(*words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["missing"], told["grounding"]["miou"]["value"]) == (1, 1)


def test_predictions_of_other_videos_end_with_a_code_of_their_own(laid: Bench) -> None:
    (laid.folder / "other.jsonl").write_text('{"id": "x", "final": {"label": "Normal"}}')
    done = laid.rocot("evaluate", "--predictions", "other.jsonl", *ON)
    assert done.returncode == 1
    assert "1 predictions are of no case" in done.stdout


MINE = ("--predictions", "mine.jsonl")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--predictions", "bad.jsonl", *ON), "bad.jsonl: 3 things to fix"),
        (("--predictions", "bad.parquet", *ON), "is no whole Parquet file"),
        (("--predictions", "none.jsonl", *ON), "none.jsonl: no such file"),
        (("--predictions", "lists", *ON), "rows cannot be read"),
        ((*MINE, "--on", "kinetics"), "no benchmark of that name"),
        ((*MINE, "--on", "msad"), "name the folder of msad's official files"),
        ((*MINE, *ON, "--manifest", "x"), "name the folder of vau-bench's official files"),
        ((*MINE, "--on", "xd-violence", "--annotations", "lists"), "no audio.list"),
        ((*MINE, "--on", "release:train"), "name the run or release with --release"),
        ((*MINE, "--on", "release:train", "--manifest", "x"), "its truth is the release's own"),
        ((*MINE, *ON, "--release", "x"), "only --on release:SPLIT"),
        ((*MINE, *ON, "--plot", "mine.gif"), "the name must end in"),
        ((*MINE, *ON, "--plot", "none/such.png"), "cannot be written"),
        (("--predictions", "none.jsonl", *ON, "--plot", "mine.gif"), "the name must end in"),  # before all else
    ],
)
def test_what_cannot_be_used_has_a_message_and_no_traceback(words: tuple[str, ...], what: str, laid: Bench) -> None:
    (laid.folder / "bad.jsonl").write_text('{"id": "a", "scores": [NaN]}\n{"id": 1}\nnothing\n')
    (laid.folder / "bad.parquet").write_text("PAR1")
    done = laid.rocot("evaluate", *words)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr
    assert not (laid.folder / "mine.gif").exists()
