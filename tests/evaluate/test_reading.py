"""Predictions files as people and programs write them, and as nobody should."""

from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.evaluate.reading import read_predictions

GOOD = '{"id": "a", "final": {"label": "Fighting", "spans": [[1, 2.5]]}, "first": null, "scores": [0, 0.5]}'


def test_a_line_a_prediction_and_empty_lines_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{GOOD}\n\n{{"id": "b"}}\r\n{{"id": "c", "final": {{"choice": "B"}}}}')
    first, second, third = read_predictions(path)
    assert first.final is not None
    assert (first.final.spans, first.scores) == (((1.0, 2.5),), (0.0, 0.5))
    assert second.final is None
    assert third.final is not None
    assert third.final.choice == "B"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1, 2]", "line 2: must be an object"),
        ("{", "line 2: Invalid JSON"),
        ("\x00\x01", "line 2: Invalid JSON"),
        ("[" * 100_000, "line 2: Invalid JSON"),
        ('{"final": {}}', "line 2: id: Field required"),
        ('{"id": ""}', "line 2: id: String should have at least 1 character"),
        ('{"id": 7}', "line 2: id: must be a valid string"),
        (GOOD, "line 2: 'a' stands in line 1 already"),
        ('{"id": "b", "scores": [NaN]}', "line 2: scores[0]: must be a finite number"),
        ('{"id": "b", "scores": [1e999]}', "line 2: scores[0]: must be a finite number"),
        ('{"id": "b", "scores": []}', "line 2: scores: Tuple should have at least 1 item"),
        ('{"id": "b", "scores": ["1"]}', "line 2: scores[0]: must be a valid number"),
        ('{"id": "b", "final": {"spans": [[3, 2]]}}', "line 2: final: a span must end after it starts (got 3 to 2)"),
        ('{"id": "b", "final": {"spans": [[3, 1e300]]}}', "must be less than or equal to 1000000000"),
        ('{"id": "b", "final": {"spans": [[-1, -1]]}}', "must be greater than or equal to 0"),
        ('{"id": "b", "final": {"spans": [[1]]}}', "line 2: final.spans[0][1]: Field required"),
        ('{"id": "b", "final": {"label": 3}}', "line 2: final.label: must be a valid string"),
        ('{"id": "b", "final": {"lable": "x"}}', "line 2: final.lable: Extra inputs are not permitted"),
        ('{"id": "b", "final": "Fighting"}', "line 2: final: must be an object"),
    ],
)
def test_a_fault_is_told_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(f"{GOOD}\n{line}\n".encode())
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert told in str(caught.value)


def test_a_list_with_a_bad_number_is_not_called_short(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "b", "scores": [NaN]}\n')
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert str(caught.value).splitlines()[1:] == ["  line 1: scores[0]: must be a finite number"]


def test_all_faults_are_told_up_to_fifty(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("{}\n" * 1000)
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert len(str(caught.value).splitlines()) == 52
    assert "and more; the rest was not read" in str(caught.value)


def test_what_is_no_file_and_what_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_predictions(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="is no plain file"):
        read_predictions(tmp_path)
    (tmp_path / "film.mp4").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(ConfigError, match="Invalid JSON"):
        read_predictions(tmp_path / "film.mp4")
    with pytest.raises(ConfigError):
        read_predictions(tmp_path / ("n" * 5000))
