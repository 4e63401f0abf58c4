"""`rocot train` and `rocot answer`, as a user runs them, with a student that is built on the spot."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rocot.cli import group
from rocot.errors import ConfigError
from tests.cli.bench import Bench

pytestmark = pytest.mark.timeout(600)

RECIPE = """
name = "quick"
bf16 = false
checkpointing = false
[data]
frames = 2
height = 28
form = "{form}"
[sft]
learning_rate = 1e-2
steps = 2
batch = 2
[grpo]
steps = 1
batch = 2
generations = 2
longest = 8
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A run with its release, and recipes of training."""
    folder = tmp_path_factory.mktemp("train")
    bench = Bench(folder, folder / "cache")
    bench.lay(length=0.25)
    for form in ("reflection", "plain"):
        (folder / f"{form}.toml").write_text(RECIPE.format(form=form))
    done = bench.rocot("generate", "--recipe", "own.toml", timeout=300)
    assert done.returncode == 0, done.stderr
    return bench


def test_a_student_goes_from_sft_to_grpo_and_answers(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.folder)
    for name, value in {"ROCOT_CACHE": str(made.cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)

    def rocot(*words: str) -> Result:
        # In this process: torch and its kin take ten seconds to import.
        return CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)

    done = rocot("train", "sft", "own", "--model", "tiny", "--recipe", "reflection.toml", "--out", "s")
    for said in ("data.longest", "videos that are test data: none", "2 steps in", "parameters, on CPU"):
        assert said in done.output
    done = rocot("train", "grpo", "own", "--model", "s", "--recipe", "reflection.toml", "--out", "g")
    assert "1 steps in" in done.output
    card = json.loads((made.folder / "g/run.json").read_text())
    assert (card["kind"], card["model"], card["taught"]["release"]) == ("grpo", "s", "own")
    done = rocot("answer", "g", "videos/a.mp4", "--start", "1", "--json")
    said = json.loads(done.stdout)  # after three steps it says nothing that can be read
    assert (said["task"], len(said["frame_times"]), said["start"], said["final"]) == ("grounding", 2, 1, None)
    assert done.return_value == 1
    with pytest.raises(ConfigError, match="--classes ,,: names no label"):
        rocot("answer", "g", "videos/a.mp4", "--classes", ",,")
    assert rocot("train", "merge", "g", "--to", "m").return_value == 0
    assert (made.folder / "m/model.safetensors").is_file()


def test_a_control_that_the_release_has_not_is_told(made: Bench) -> None:
    refused = made.rocot("train", "sft", "own", "--model", "tiny", "--recipe", "plain.toml", "--out", "p")
    assert refused.returncode == 2
    assert "export it again, controls with --controls" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "sft", "own", "--model", "tiny", "--recipe", "gone.toml"), "no such training recipe"),
        (("train", "sft", "own", "--model", "tiny", "--split", "dev"), "no split 'dev'; it has train"),
        (("train", "sft", "own", "--model", "tiny", "--out", "own.toml"), "is a file, and a checkpoint is a folder"),
        (("train", "sft", "own", "--model", "tiny", "--out", "videos"), "is not empty"),
        (("train", "sft", "own", "--model", "tiny", "--out", "gone", "--resume"), "nothing to go on with"),
        (
            ("train", "sft", "own", "--model", "tiny", "--tracker", "tensorbord"),
            "has no such tracker; it has",
        ),
        (("train", "merge", "videos", "--to", "fresh"), "no checkpoint"),
        (("answer", "videos", "videos/a.mp4"), "no checkpoint"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(made: Bench, words: tuple[str, ...], said: str) -> None:
    done = made.rocot(*words, timeout=300)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_videos_that_are_test_data_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    bench.lay(length=0.25, csv="path,label,start,end\nAbuse028_x264.mp4,Abuse,1,2\n", films="a")
    (tmp_path / "videos/a.mp4").rename(tmp_path / "videos/Abuse028_x264.mp4")
    recipe = (tmp_path / "own.toml").read_text().replace('name = "own"\nvideos', 'name = "ucf-crime"\nvideos')
    (tmp_path / "own.toml").write_text(recipe)
    done = bench.rocot("generate", "--recipe", "own.toml", timeout=300)
    assert done.returncode == 0, done.stderr
    refused = bench.rocot("train", "sft", "own", "--model", "tiny", "--out", "s")
    assert refused.returncode == 2
    assert "1 videos of the split train are test data" in refused.stderr
    assert "ucf-crime/Abuse028_x264: in the official test split of ucf-crime" in refused.stderr


def test_the_split_to_test_on_is_not_trained_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    bench.lay(length=0.25, films="a")
    recipe = (tmp_path / "own.toml").read_text().replace('name = "own"\nvideos', 'name = "own"\nsplit = "test"\nvideos')
    (tmp_path / "own.toml").write_text(recipe)
    done = bench.rocot("generate", "--recipe", "own.toml", "--split", "test", timeout=300)
    assert done.returncode == 0, done.stderr
    refused = bench.rocot("train", "sft", "own", "--model", "tiny", "--split", "test", "--out", "s")
    assert refused.returncode == 2
    assert "1 videos of the split test are test data" in refused.stderr
    assert "own/a: in the release's split test" in refused.stderr
