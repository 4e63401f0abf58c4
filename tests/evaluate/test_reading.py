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
        ("[1, 2]", "line 2: must be an object (got a list)"),
        ("{", "line 2: is no JSON: EOF while parsing an object at column 1 (got {)"),
        ("\x00\x01", "line 2: is no JSON"),
        ("[" * 100_000, "line 2: is no JSON"),
        ('{"final": {}}', "line 2: id: missing"),
        ('{"id": ""}', 'line 2: id: must have at least 1 character (got "")'),
        ('{"id": 7}', "line 2: id: must be a string (got 7)"),
        (GOOD, "line 2: 'a' stands in line 1 already"),
        ('{"id": "b", "scores": [NaN]}', "line 2: scores[0]: must be a finite number"),
        ('{"id": "b", "scores": [1e999]}', "line 2: scores[0]: must be a finite number"),
        ('{"id": "b", "scores": []}', "line 2: scores: must have at least 1 item (got 0)"),
        ('{"id": "b", "scores": ["1"]}', 'line 2: scores[0]: must be a number (got "1")'),
        ('{"id": "b", "final": {"spans": [[3, 2]]}}', "line 2: final: a span must end after it starts (got 3 to 2)"),
        ('{"id": "b", "final": {"spans": [[3, 1e300]]}}', "must be less than or equal to 1000000000"),
        ('{"id": "b", "final": {"spans": [[-1, -1]]}}', "must be greater than or equal to 0"),
        ('{"id": "b", "final": {"spans": [[1]]}}', "line 2: final.spans[0][1]: missing"),
        ('{"id": "b", "final": {"spans": [[1, 2, 3]]}}', "line 2: final.spans[0]: must have at most 2 items (got 3)"),
        ('{"id": "b", "final": {"label": 3}}', "line 2: final.label: must be a string (got 3)"),
        (
            '{"id": "b", "final": {"lable": "x"}}',
            'line 2: final.lable: no such key (got "x"); did you mean label?',
        ),
        ('{"id": "b", "run": "x"}', 'line 2: run: no such key (got "x")\n'),
        ('{"id": "b", "final": "Fighting"}', 'line 2: final: must be an object (got "Fighting")'),
        ('{"id": "b", "final": {}, "final": {}}', "line 2: final stands there twice"),
        ('{"id": "b", "id": "c"}', "line 2: id stands there twice; leave one of them"),
        ('{"id": "b", "final": {"label": "x", "\\u006cabel": "y"}}', "line 2: label stands there twice"),
    ],
)
def test_a_fault_is_told_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(f"{GOOD}\n{line}\n".encode())
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert told in f"{caught.value}\n"


def test_a_mark_at_the_beginning_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{GOOD}\n{{"id": "b"}}\n', encoding="utf-8-sig")
    assert [one.id for one in read_predictions(path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-16", "not UTF-8 text (it begins as UTF-16 does, or as no text); save it as UTF-8"),
        ("utf-16-le", "not UTF-8 text (it begins as UTF-16-LE does, or as no text); save it as UTF-8"),
        ("latin-1", "not UTF-8 text (line 51); save it as UTF-8"),
    ],
)
def test_another_encoding_is_told_once(encoding: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    lines = [f'{{"id": "{number}", "said": "{"ä" * (number >= 50)}b"}}\n' for number in range(80)]
    path.write_text("".join(lines), encoding=encoding)
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert str(caught.value) == f"{path}: {told}"


def test_a_number_of_thousands_of_digits_is_no_bug(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    numbers = [f"1{'0' * zeros}" for zeros in (200, 309, 4299, 4300, 5000)]
    path.write_text("".join(f'{{"id": "{len(one)}", "scores": [{one}]}}\n' for one in numbers))
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    finite, told = "scores[0]: must be a finite number", str(caught.value).splitlines()[1:]
    assert [line.partition(" (")[0] for line in told[:2]] == [f"  line 2: {finite}", f"  line 3: {finite}"]
    assert [line.partition(" at ")[0] for line in told[2:]] == [
        f"  line {number}: is no JSON: number out of range" for number in (4, 5)
    ]


def test_a_list_with_a_bad_number_is_not_called_short(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "b", "scores": [NaN]}\n')
    with pytest.raises(ConfigError) as caught:
        read_predictions(path)
    assert str(caught.value).splitlines()[1:] == ["  line 1: scores[0]: must be a finite number (got NaN)"]


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
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_predictions(tmp_path / "film.mp4")
    with pytest.raises(ConfigError):
        read_predictions(tmp_path / ("n" * 5000))
