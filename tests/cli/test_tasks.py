"""Every task through the command line: made, validated, shown; options shuffled by a seed that stands in the rows."""

import pandas as pd
import pytest

from rocot.assets import TASKS
from rocot.core.task import Task
from tests.cli.bench import Bench

QUESTIONS = """path,question,A,B,C,answer
a.mp4,What do they do?,They fight,They talk,They sleep,A
a.mp4,Who is there?,Nobody,Two men,,B
b.mp4,What is left?,All of it,None of it,,
"""


def lay(bench: Bench, task: Task, more: str = "") -> None:
    bench.lay()
    recipe = (bench.folder / "own.toml").read_text()
    if task == "qa":
        (bench.folder / "questions.csv").write_text(QUESTIONS)
        recipe = recipe.replace('annotations = "spans.csv"', 'annotations = "spans.csv"\nquestions = "questions.csv"')
    (bench.folder / "own.toml").write_text(f'{recipe}\n[task]\nkind = "{task}"\n{more}')


@pytest.mark.parametrize("task", TASKS)
def test_each_task_runs_from_videos_to_rows_that_are_valid(bench: Bench, task: Task) -> None:
    lay(bench, task)
    made = bench.rocot("generate", "--recipe", "own.toml")
    assert made.returncode == 0, made.stderr
    checked = bench.rocot("validate")
    assert checked.returncode == 0, checked.stdout
    rows = pd.read_parquet(bench.folder / "runs" / "own" / "release" / "data")
    assert set(rows.task) == {task}
    assert len(rows) == (3 if task == "qa" else 2)
    shown = bench.rocot("show", rows.id[0])
    assert shown.returncode == 0, shown.stderr
    assert ("A. " in shown.stdout) == (task == "qa")


def to_do(bench: Bench) -> dict[str, str]:
    """What the plan's table says of the first answers."""
    lines = bench.rocot("plan", "--recipe", "own.toml").stdout.splitlines()
    head = next(line for line in lines if line.startswith("stage "))
    line = next(line for line in lines[lines.index(head) :] if line.startswith("reason "))
    there, missing = head.index("there"), head.index("to do")
    return {"there": line[there : there + 5].strip(), "to do": line[missing : missing + 5].strip()}


def test_a_second_run_of_a_question_asks_nothing_and_another_seed_asks_anew(bench: Bench) -> None:
    lay(bench, "qa", "seed = 1\n")
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    assert to_do(bench) == {"there": "3", "to do": ""}
    rows = pd.read_parquet(bench.folder / "runs" / "own" / "release" / "data")
    assert {posed["seed"] for posed in rows.posed} == {1}
    assert {tuple(sorted(posed["order"])) for posed in rows.posed} == {(0, 1, 2), (0, 1)}
    recipe = (bench.folder / "own.toml").read_text()
    (bench.folder / "own.toml").write_text(recipe.replace("seed = 1", "seed = 5"))
    assert to_do(bench)["to do"] in {"1", "2", "3"}


def test_blind_baselines_stand_in_the_report(bench: Bench) -> None:
    lay(bench, "qa")
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    told = bench.rocot("report", "--json").stdout
    assert '"questions": 2' in told
    page = bench.rocot("report")
    assert page.returncode == 0, page.stderr
    assert "What the questions give away" in (bench.folder / "runs" / "own" / "report.html").read_text()
