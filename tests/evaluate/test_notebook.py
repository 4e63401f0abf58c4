"""What a student has answered is on disk, whatever ends it."""

from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.evaluate.notebook import NAME, Answer, Notebook


def answer(key: str) -> Answer:
    return Answer(key=key, case=f"case {key}", text="<think>é\n</think>", whole=True, tokens=3, looked=(1.5,))


def test_what_was_answered_is_there_again(tmp_path: Path) -> None:
    with Notebook(tmp_path / "new") as book:
        book.add([answer("a"), answer("b")])
        assert (tmp_path / "new" / NAME).read_text().count("\n") == 2  # before it is closed
    with Notebook(tmp_path / "new") as book:
        assert (book.get("a"), book.get("c")) == (answer("a"), None)


def test_a_line_that_broke_off_costs_itself_alone(tmp_path: Path) -> None:
    with Notebook(tmp_path) as book:
        book.add([answer("a"), answer("b")])
    whole = (tmp_path / NAME).read_bytes()
    for cut in (1, 10, len(whole) // 2 - 1):
        (tmp_path / NAME).write_bytes(whole[:-cut])
        with Notebook(tmp_path) as book:
            assert (book.get("a"), book.get("b")) == (answer("a"), None)
            book.add([answer("b")])
        assert (tmp_path / NAME).read_bytes() == whole


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"id": "mine"}\n')
    with pytest.raises(ConfigError, match=rf"{NAME}:1: no answer"):
        Notebook(tmp_path)
    assert (tmp_path / NAME).read_text() == '{"id": "mine"}\n'
