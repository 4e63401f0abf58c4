"""Generate, train, generate: a student gives the first answers that it is trained on."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from rocot.cli import group
from tests.cli.bench import Bench
from tests.student.parrot import TURN, parrot

pytestmark = pytest.mark.timeout(600)

FIRST = "<think>A punch lands.</think><answer>Fighting</answer><glue>[[1.0, 2.0]]</glue>"
LESSON = """
name = "lesson"
bf16 = false
checkpointing = false
[data]
height = 28
[sft]
learning_rate = 0
steps = 1
[grpo]
longest = 64
"""
ASKED = """[teacher]
model = "hf:{folder}"
seed = 7

[reflector]
model = "scripted"

[reviser]
model = "scripted"

[mix]
keep = ["confirmed", "corrected", "unresolved", "corrupted"]
"""


def initial(run: Path) -> dict[str, tuple[str, str, str]]:
    """Who said what first, by clip, and under which call."""
    rows = pq.read_table(run / "release/data").to_pylist()
    given = {row["clip"]: row["provenance"]["initial"] for row in rows}
    said = {row["clip"]: row["initial"]["reasoning"] for row in rows}
    return {clip: (credit["model"], credit["call"], said[clip]) for clip, credit in given.items()}


def test_a_student_gives_the_first_answers_that_it_is_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    bench.lay()
    monkeypatch.chdir(tmp_path)
    variables = {"ROCOT_CACHE": "cache", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    parrot(tmp_path / "zeroth", {TURN: (FIRST,)})
    (tmp_path / "lesson.toml").write_text(LESSON)
    plain = (tmp_path / "own.toml").read_text().partition("[teacher]")[0]

    def rocot(*words: str) -> Result:
        # In this process: torch and its kin take ten seconds to import.
        return CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)

    def generated(folder: str) -> dict[str, tuple[str, str, str]]:
        (tmp_path / "own.toml").write_text(plain + ASKED.format(folder=folder))
        done = rocot("generate", "--recipe", "own.toml")
        assert done.return_value == 0, done.output
        return initial(tmp_path / "runs/own")

    before = generated("zeroth")
    assert {said for _, _, said in before.values()} == {"A punch lands."}
    assert {model.partition("@")[0] for model, _, _ in before.values()} == {"hf:zeroth"}
    plan = rocot("plan", "--recipe", "own.toml")
    assert re.search(r"^reason +2 +0?( |$)", plan.output, re.MULTILINE), plan.output  # there, and nothing to do
    done = rocot("train", "sft", "own", "--model", "zeroth", "--recipe", "lesson.toml", "--out", "first")
    assert "1 steps in" in done.output
    after = generated("first")
    assert {model.partition("@")[0] for model, _, _ in after.values()} == {"hf:first"}
    assert {said for _, _, said in after.values()} == {"A punch lands."}
    assert not {call for _, call, _ in after.values()} & {call for _, call, _ in before.values()}

    status = json.loads(rocot("status", "own", "--json").stdout)
    calls = {call["model"].partition("@")[0]: call for call in status["calls"] if call["stage"] == "reason"}
    assert set(calls) == {"hf:zeroth", "hf:first"}
    for call in calls.values():
        assert (call["calls"], call["failed"], call["cost"]) == (1, 0, 0)  # both films are one, and so is the question
        assert call["prompt_tokens"] > call["completion_tokens"] > 0

    (tmp_path / "first/generation_config.json").write_text(
        (tmp_path / "first/generation_config.json").read_text() + " "
    )
    assert not {call for _, call, _ in generated("first").values()} & {call for _, call, _ in after.values()}
    assert "cannot be read" in rocot("evaluate", "first", "--on", "release:train", "--release", "own").output
