"""`rocot evaluate --judge`, as a user runs it."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.bench import Bench
from tests.sources.known import valid_vau_bench

LINES = (
    '{"id": "RoadAccidents902_x264", "final": {"label": "Traffic_accident"}, "said": "A car hits a pole."}\n'
    '{"id": "Normal_Videos_902_x264", "final": {"label": "Normal"}, "said": "Nothing happens."}\n'
)
WORDS = ("evaluate", "--predictions", "mine.jsonl", "--on", "vau-bench/ucf-crime", "--annotations", "lists")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("judge")
    (folder / "lists").mkdir()
    valid_vau_bench.write(folder / "lists")
    (folder / "mine.jsonl").write_text(LINES)
    (folder / "prices.toml").write_text('[[model]]\nname = "scripted"\ninput = 1.0\noutput = 10.0\n')
    return Bench(folder, folder / "cache")


def attempts(folder: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(folder / "run.sqlite") as store:
        return store.execute("SELECT stage, prompt_tokens FROM attempt").fetchall()


def test_texts_are_rated_priced_first_and_paid_once(laid: Bench) -> None:
    words = (*WORDS, "--judge", "scripted", "--prices", "prices.toml", "--json")
    done = laid.rocot(*words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["vau_eval"]
    # Of the three videos one is described; of the normal one and the third nothing is known in prose.
    assert (found["judge"], found["cases"], found["silent"], found["failed"]) == ("scripted", 1, 0, {})
    assert 0 <= found["mean"]["value"] <= 10
    priced = done.stderr.index("VAU-Eval by scripted: 1 texts to rate, about")
    assert "USD" in done.stderr[priced : done.stderr.index("\n", priced)]
    assert priced < done.stderr.index("in all")
    folder = laid.folder / "evaluations/vau-eval-scripted-vau-bench-ucf-crime"
    assert attempts(folder) == [("rate", 500)]
    again = laid.rocot(*words)
    assert again.stdout == done.stdout
    assert "0 texts to rate" in again.stderr
    assert len(attempts(folder)) == 1
    shown = laid.rocot(*WORDS, "--judge", "scripted").stdout
    assert "VAU-Eval by scripted, 0 to 10" in shown
    assert "SRVAU-R1 7.22, VAU-R1 4.42" in shown
    assert "VAU-Eval classification" not in shown


def test_a_ceiling_is_not_crossed(laid: Bench) -> None:
    (laid.folder / "dear.toml").write_text('[[model]]\nname = "scripted"\ninput = 1e9\noutput = 1e9\n')
    (laid.folder / "mine.jsonl").write_text(LINES.replace("pole", "tree"))
    done = laid.rocot(*WORDS, "--judge", "scripted", "--prices", "dear.toml", "--max-cost", "1")
    assert done.returncode == 2
    assert "--max-cost" in done.stderr
    (laid.folder / "mine.jsonl").write_text(LINES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--judge", "embedded"), "understands no text"),
        (("--judge", "gpt"), "--judge gpt: want openai:<model>"),
        (("--judge", "openai:m", "--max-cost", "1"), "openai:m has no price"),
        (("--max-cost", "1"), "--max-cost goes with --teacher or --judge"),
    ],
)
def test_a_judge_that_cannot_is_told_in_a_line(laid: Bench, words: tuple[str, ...], said: str) -> None:
    done = laid.rocot(*WORDS, *words)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_without_a_text_are_told(laid: Bench) -> None:
    (laid.folder / "mute.jsonl").write_text('{"id": "RoadAccidents902_x264", "final": {"label": "Normal"}}\n')
    done = laid.rocot("evaluate", "--predictions", "mute.jsonl", *WORDS[3:], "--judge", "scripted")
    assert done.returncode == 2
    assert "predictions want the key `said`" in done.stderr
