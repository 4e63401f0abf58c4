"""`rocot evaluate CHECKPOINT`, as a user runs it, with students that say what they were made to say."""

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from rocot.cli import group
from rocot.release.manifest import NAME, SEAL, sealed
from tests.cli.bench import Bench
from tests.contracts.numbered import film
from tests.sources.known import valid_vau_bench
from tests.student.parrot import TURN, student

pytestmark = pytest.mark.timeout(600)

FIRST = "<think>Nobody.</think><answer>Normal</answer><glue>[]</glue>"
THEN = "<reflection>There is somebody.</reflection><verdict>revise</verdict>"
LAST = "<think>Blows.</think><answer>Fighting</answer><glue>[[1.0, 2.0]]</glue>"
OWN = ("evaluate", "s", "--on", "release:train", "--release", "own")
VAU = ("--on", "vau-bench/ucf-crime", "--annotations", "lists", "--videos", "films")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A run with a release of two clips, and a student that finds a fight in each."""
    folder = tmp_path_factory.mktemp("evaluate")
    bench = Bench(folder, folder / "cache")
    bench.lay()
    done = bench.rocot("generate", "--recipe", "own.toml", timeout=300)
    assert done.returncode == 0, done.stderr
    student(folder / "s", {TURN: ("I cannot tell.",)})
    student(folder / "t", {TURN: (FIRST, THEN, LAST)})
    return bench


@pytest.fixture
def made(run: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in."""
    shutil.copytree(run.folder, tmp_path / "own")
    monkeypatch.chdir(tmp_path / "own")
    variables = {"ROCOT_CACHE": "cache", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "own"


def rocot(*words: str) -> Result:
    # In this process: torch and its kin take ten seconds to import.
    return CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)


@pytest.mark.usefixtures("made")
def test_a_student_answers_a_releases_clips_and_is_asked_once() -> None:
    words = ("evaluate", "t", "--on", "release:train", "--release", "own")
    done = rocot(*words, "--json")
    assert done.return_value == 0
    told = json.loads(done.stdout)
    assert (told["cases"], told["missing"], told["predictions"], told["unread"]) == (2, 0, 2, 0)
    assert told["grounding"]["miou"]["value"] == 1
    assert told["reflection"]["answers"]["corrected"] == told["reflection"]["answers"]["corrupted"] == 1
    assert "2 answered in" in done.stderr
    assert "0 were there, in evaluations/t-release-train" in done.stderr
    again = rocot(*words, "--json", "--plot", "p.png")
    assert "0 answered in" in again.stderr
    assert again.stdout == done.stdout
    assert Path("p.png").is_file()
    file = rocot("evaluate", "--predictions", "evaluations/t-release-train/predictions.jsonl", *words[2:], "--json")
    assert file.stdout == done.stdout


@pytest.mark.usefixtures("made")
def test_a_kill_costs_what_was_being_written_alone() -> None:
    words = ("evaluate", "t", "--on", "release:train", "--release", "own", "--together", "1", "--to", "kept")
    rocot(*words)
    kept = Path("kept/answers.jsonl")
    kept.write_bytes(kept.read_bytes()[:-7])
    done = rocot(*words)
    assert "1 answered in" in done.stderr
    assert "1 were there" in done.stderr


def test_another_checkpoint_never_answers_from_the_old_ones_folder(made: Path) -> None:
    words = ("evaluate", "t", "--on", "release:train", "--release", "own", "--json")
    assert json.loads(rocot(*words).stdout)["classification"]["binary"]["accuracy"]["value"] == 0.5
    shutil.rmtree("t")
    student(made / "t", {TURN: (FIRST, THEN.replace("revise", "keep"), f" {FIRST}")})
    done = rocot(*words)
    assert "2 answered in" in done.stderr
    assert json.loads(done.stdout)["grounding"]["miou"]["value"] == 0


def test_answers_that_cannot_be_read_are_counted_by_their_reasons(made: Path) -> None:
    done = rocot(*OWN)
    assert "2 of 2 answers cannot be read: 2 no answer" in done.stdout
    assert "2 predictions have no final answer, and count as wrong" in done.stdout
    student(made / "u", {TURN: tuple(f"{FIRST}{number}" for number in range(20))})
    done = rocot("evaluate", "u", *OWN[2:])
    assert "2 of 2 answers cannot be read: 2 cut off" in done.stdout


@pytest.mark.usefixtures("made")
def test_frames_that_lie_in_the_release_want_no_video() -> None:
    lines = 'split = "train"\nterms = "ours"\nredistribute_frames = true\n\n[windows]'
    text = Path("own.toml").read_text().replace("[windows]", lines)
    Path("own.toml").write_text(
        text.replace("[teacher]", '[mix]\nkeep = ["confirmed", "corrected", "unresolved", "corrupted"]\n\n[teacher]')
    )
    assert rocot("generate", "--recipe", "own.toml").return_value == 0
    assert rocot("export", "own", "--with-frames").return_value == 0
    shutil.rmtree("videos")
    shutil.rmtree("cache")
    done = rocot("evaluate", "t", "--on", "release:train", "--release", "own", "--json")
    told = json.loads(done.stdout)
    shipped = json.loads(Path("runs/own/release/manifest.json").read_text())["splits"]["train"]["kept"]
    assert 0 < shipped == told["predictions"]
    if shipped < 2:
        assert "1 of 2 cases have no frames, and were not asked: 1 missing file" in told["notes"]


@pytest.mark.usefixtures("made")
def test_a_split_that_the_manifest_has_not_is_answered_from_the_videos() -> None:
    release = shutil.copytree("runs/own/release", "foreign")
    (shard,) = Path(release, "data").iterdir()
    rows = pq.read_table(shard)
    pq.write_table(rows.set_column(rows.column_names.index("split"), "split", pa.array(["dev"] * len(rows))), shard)
    values = json.loads(Path(release, NAME).read_text())
    values.pop(SEAL)
    (file,) = values["splits"]["train"]["files"]
    file |= {"bytes": shard.stat().st_size, "sha256": hashlib.sha256(shard.read_bytes()).hexdigest()}
    Path(release, NAME).write_text(sealed(values))
    done = rocot("evaluate", "t", "--on", "release:dev", "--release", "foreign", "--videos", "videos", "--json")
    assert done.return_value == 0
    assert json.loads(done.stdout)["predictions"] == 2


@pytest.fixture
def bench(made: Path) -> Path:
    """With a benchmark's official files, and two of its three videos."""
    Path("lists").mkdir()
    valid_vau_bench.write(Path("lists"))
    Path("films").mkdir()
    for name in ("RoadAccidents902_x264", "Normal_Videos_902_x264"):
        film(Path("films") / f"{name}.mp4")
    return made


@pytest.mark.usefixtures("bench")
def test_a_datasets_videos_are_sampled_as_in_the_training() -> None:
    done = rocot("evaluate", "t", *VAU, "--json")
    told = json.loads(done.stdout)
    assert (told["cases"], told["missing"], told["predictions"]) == (3, 1, 2)
    assert told["missing_ids"] == ["Burglary902_x264"]
    assert "1 of 3 cases have no frames, and were not asked: 1 missing file" in told["notes"]
    assert told["qa"] is None


def test_questions_are_answered_with_and_without_a_thought(bench: Path) -> None:
    says = {TURN: ("<think>A car.</think><answer>A</answer>",), "<answer>": ("B</answer>",)}
    student(bench / "q", says, "plain")
    thought = json.loads(rocot("evaluate", "q", *VAU, "--task", "qa", "--json").stdout)["qa"]
    at_once = json.loads(rocot("evaluate", "q", *VAU, "--task", "qa", "--without-think", "--json").stdout)["qa"]
    assert thought["questions"] == at_once["questions"] == 1
    assert (thought["accuracy"]["value"], at_once["accuracy"]["value"]) == (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate", "videos", "--on", "release:train", "--release", "own"), "no checkpoint of `rocot train`"),
        (("evaluate", "t", "--on", "release:train"), "name the run or release with --release"),
        (("evaluate", "t", "--on", "release:test", "--release", "own"), "has no rows of that split"),
        (("evaluate", "t", "--on", "release:train", "--release", "own", "--task", "qa"), "asks what the release asked"),
        (
            ("evaluate", "t", "--on", "release:train", "--release", "own", "--without-think"),
            "for questions with options",
        ),
        (("evaluate", "t", "--on", "msad"), "name the folder of its videos with --videos"),
        (("evaluate", "t", "--on", "msad", "--videos", "videos"), "name the folder of msad's official files"),
        (("evaluate", "t", "--on", "msad", "--videos", "videos", "--without-think"), "--task qa; this is grounding"),
        (("evaluate", "--on", "msad"), "name whose answers"),
        (("evaluate", "t", "--predictions", "x", "--on", "msad"), "name whose answers"),
        (
            ("evaluate", "--predictions", "x", "--on", "msad", "--videos", "v"),
            "--videos goes with a CHECKPOINT or --teacher",
        ),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(run: Bench, words: tuple[str, ...], said: str) -> None:
    done = run.rocot(*words, timeout=300)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
