"""A student that was taught with a closer look is given one, by `rocot answer` and by `rocot evaluate`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rocot.cli import group
from rocot.errors import ConfigError
from tests.contracts.numbered import film
from tests.sources.known import valid_vau_bench
from tests.student.parrot import TURN, student

pytestmark = pytest.mark.timeout(300)

FIRST = "<think>Blows.</think><answer>Explosion</answer><glue>[[1.0, 2.0]]</glue>"
THEN = "<reflection>Smoke.</reflection><verdict>keep</verdict>"
LAST = "<think>It burns.</think><answer>Explosion</answer><glue>[[1.25, 1.75]]</glue>"
CALM = "<think>Nothing.</think><answer>Normal</answer><glue>[]</glue>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in {"ROCOT_CACHE": "cache", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    film(tmp_path / "RoadAccidents902_x264.mp4")  # 3 s
    return tmp_path


def rocot(*words: str) -> Result:
    # In this process: torch and its kin take ten seconds to import.
    return CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)


def looking(folder: Path) -> Path:
    """A student that ends with its first answer, and goes on once it was shown more: its chat then ends otherwise."""
    return student(folder, {TURN: (FIRST,)}, taught={"relook": 4})


def test_a_closer_look_is_taken_where_the_student_named_spans(folder: Path) -> None:
    looking(folder / "s")
    said = json.loads(rocot("answer", "s", "RoadAccidents902_x264.mp4", "--json").stdout)
    assert said["frame_times"] == [0.36, 1.12, 1.84, 2.6]
    # Four frames of the span, a quarter of the video (an interval) wider at both ends: 0.25 to 2.75 s.
    assert said["relook_times"] == [0.56, 1.16, 1.8, 2.4]
    assert said["text"] == f"{FIRST}\n{FIRST}"  # all that this one can say
    shown = rocot("answer", "s", "RoadAccidents902_x264.mp4").stdout
    assert "closer" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--option", "a dog", "--option", "A  dog"), "--question: two options read 'a dog'; ask another one"),
        (("--option", "a dog", "--option", " "), "--question: option 2 is empty"),
        (("--option", "a dog", "--option", "a cat", "--classes", "A,B"), "--classes goes with other tasks than qa"),
    ],
)
def test_a_question_that_cannot_be_put_is_told(folder: Path, words: tuple[str, ...], said: str) -> None:
    looking(folder / "s")
    with pytest.raises(ConfigError, match=said):
        rocot("answer", "s", "RoadAccidents902_x264.mp4", "--task", "qa", "--question", "What?", *words)


@pytest.mark.parametrize(
    ("says", "taught"),
    [((FIRST, THEN, LAST), {"relook": 4}), ((CALM,), {"relook": 4}), ((FIRST,), {})],
    ids=["it reflected at once", "it named no span", "it was taught with none"],
)
def test_none_is_taken_where_none_is_wanted(folder: Path, says: tuple[str, ...], taught: dict[str, int]) -> None:
    student(folder / "s", {TURN: says}, taught=taught)
    said = json.loads(rocot("answer", "s", "RoadAccidents902_x264.mp4", "--json").stdout)
    assert (said["relook_times"], said["text"]) == ([], "".join(says))
    assert "closer" not in rocot("answer", "s", "RoadAccidents902_x264.mp4").stdout


def test_an_evaluation_gives_the_same_look(folder: Path) -> None:
    looking(folder / "s")
    (folder / "lists").mkdir()
    valid_vau_bench.write(folder / "lists")
    words = ("--on", "vau-bench/ucf-crime", "--annotations", "lists", "--videos", ".", "--to", "e")
    assert rocot("evaluate", "s", *words).return_value == 0
    (line,) = (folder / "e/answers.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["looked"] == [0.56, 1.16, 1.8, 2.4]
    assert kept["text"].startswith("<think>")
