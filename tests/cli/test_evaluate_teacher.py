"""`rocot evaluate --teacher`, as a user runs it."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.bench import Bench
from tests.contracts.numbered import film
from tests.sources.known import valid_vau_bench

OWN = ("evaluate", "--teacher", "scripted", "--on", "release:train", "--release", "own")
VAU = ("--on", "vau-bench/ucf-crime", "--annotations", "lists", "--videos", "films")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A run by the embedded teacher."""
    folder = tmp_path_factory.mktemp("teacher")
    bench = Bench(folder, folder / "cache")
    bench.lay(model="embedded")
    done = bench.rocot("generate", "--recipe", "own.toml")
    assert done.returncode == 0, done.stderr
    return bench


def attempts(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(next(folder.glob("*.sqlite"), folder / "none")) as store:
        return store.execute("SELECT stage, model FROM attempt ORDER BY seq").fetchall()


def test_a_teacher_is_asked_about_a_runs_clips_and_paid_once(made: Bench) -> None:
    done = made.rocot(*OWN, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["cases"], told["missing"], told["predictions"]) == (2, 0, 2)
    assert told["reflection"]["answers"]["acc_first"]["value"] is not None
    assert "in all" in done.stderr  # what was spent
    folder = made.folder / "evaluations/scripted-release-train"
    asked = attempts(folder)
    assert {stage for stage, _ in asked} == {"reason", "reflect", "revise"}
    assert {model for _, model in asked} == {"scripted"}
    again = made.rocot(*OWN, "--json")
    assert again.stdout == done.stdout
    assert attempts(folder) == asked
    rows = made.rocot("evaluate", "--predictions", str(folder), *OWN[3:], "--json")
    assert json.loads(rows.stdout)["reflection"] == told["reflection"]


def test_a_teacher_is_asked_about_whole_videos_of_a_dataset(made: Bench) -> None:
    (made.folder / "lists").mkdir()
    valid_vau_bench.write(made.folder / "lists")
    (made.folder / "films").mkdir()
    for name in ("RoadAccidents902_x264", "Assault_2"):
        film(made.folder / "films" / f"{name}.mp4")
    words = ("evaluate", "--teacher", "scripted", *VAU, "--to", "v", "--json")
    done = made.rocot(*words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    # Of the other benchmarks of the dataset no video is asked.
    assert (told["cases"], told["predictions"], told["missing"], told["unknown"]) == (3, 1, 2, 0)
    assert "2 videos cannot be used" in told["notes"]
    asked = made.rocot(*words[:-1], "--task", "qa")
    assert asked.returncode == 0, asked.stderr
    assert "QA accuracy" in asked.stdout
    assert "mIoU" not in asked.stdout.partition("reported by others")[0]


def test_by_a_recipe_its_teachers_and_prompts_are_taken(made: Bench) -> None:
    (made.folder / "mine.toml").write_text(
        '[release]\nname = "x"\n[[sources]]\nkind = "scenes"\n[teacher]\nmodel = "embedded"\nrollouts = 3\n'
        '[reviser]\nmodel = "scripted"\n[checks]\nreanswer = true\n[mix]\nkeep = []\n'
    )
    done = made.rocot("evaluate", "--teacher", "mine.toml", *OWN[3:], "--json", "--to", "r")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predictions"] == 2
    found = set(attempts(made.folder / "r"))
    assert found == {("reason", "embedded"), ("reflect", "embedded"), ("revise", "scripted")}


def test_a_ceiling_ends_it_and_what_was_paid_is_kept(made: Bench) -> None:
    # Both films are one, and so is what is asked about them: three calls in all.
    done = made.rocot(*OWN, "--max-calls", "2", "--to", "e")
    assert done.returncode == 2
    assert "--max-calls" in done.stderr
    assert len(attempts(made.folder / "e")) == 2
    assert made.rocot(*OWN, "--to", "e").returncode == 0
    assert len(attempts(made.folder / "e")) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--teacher", "gpt", *OWN[3:]), "--teacher gpt: want openai:<model>"),
        (("--teacher", "openai:m", *OWN[3:], "--max-cost", "1"), "openai:m has no price"),
        (("--teacher", "scripted", "--on", "release:train"), "name the run or release with --release"),
        (("--teacher", "scripted", "--on", "release:dev", "--release", "own"), "no source of the recipe has it"),
        ((*OWN[1:], "--task", "qa"), "leave --task and --videos"),
        ((*OWN[1:], "--without-think"), "--without-think goes with a CHECKPOINT"),
        (("--teacher", "scripted", "--on", "msad", "--annotations", "videos"), "no "),
        (("--teacher", "none.toml", *OWN[3:]), "no such recipe"),
        (("--teacher", "hf:none", *OWN[3:]), "no checkpoint"),
        (("--teacher", "scripted", "--on", "release:train", "--release", "runs/own/release"), "no run, whose recipe"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(made: Bench, words: tuple[str, ...], said: str) -> None:
    done = made.rocot("evaluate", *words)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
