from pathlib import Path

import pytest

from rocot.core.record import Json
from rocot.errors import ConfigError
from rocot.sources.known.files import Files
from rocot.sources.known.shapes import Shape, line_of, shaped, table_of


class Video(Shape):
    length: float
    events: list[str]


def test_other_keys_are_let_be_and_whole_numbers_are_numbers() -> None:
    assert shaped({"length": 3, "events": [], "more": None}, Video) == Video(length=3.0, events=[])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"events": []}, "length: Field required"),
        ({"length": "3", "events": []}, "length: Input should be a valid number"),
        ({"length": 1e999, "events": []}, "length: Input should be a finite number"),
        ({"length": 10**400, "events": []}, "length: Input should be a valid number"),
        ({"length": True, "events": []}, "length: Input should be a valid number"),
        ({"length": 3, "events": ["a", 4]}, "events.1: Input should be a valid string"),
        ([1, 2], "Input should be a valid dictionary or instance of Video"),
        (None, "Input should be a valid dictionary or instance of Video"),
    ],
)
def test_the_first_thing_that_does_not_fit_is_told_without_its_value(value: Json, told: str) -> None:
    assert shaped(value, Video) == told


def test_a_file_that_holds_no_object_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(ConfigError, match="want a JSON object"):
        table_of(Files(tmp_path), tmp_path / "x.json")


def test_a_name_is_told_with_the_line_of_its_key_and_not_of_a_value(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{\n "a": "b",\n "b" : {},\n "caf\\u00e9": 1,\n "th\u00e9": 2,\n "\\u0064": 3\n}', encoding="utf-8")
    files = Files(tmp_path)
    assert [line_of(files, path, name) for name in ("a", "b", "caf\u00e9", "th\u00e9", "d")] == [2, 3, 4, 5, 0]
