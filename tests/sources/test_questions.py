"""The CSV of questions: what it says, and everything that is wrong with it, at once."""

from pathlib import Path

import pytest

from rocot.core.task import Question
from rocot.errors import ConfigError
from rocot.sources.questions import read

HEADER = "path,question,A,B,C,answer\n"


def file(folder: Path, text: str | bytes) -> Path:
    path = folder / "questions.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_it_is_read_in_its_order(tmp_path: Path) -> None:
    text = (
        f'{HEADER}a.mp4,"What, then?",one,"two, or ""so""",three,b\nb/c.mp4,Who?,he,she,,\n\na.mp4,When?,now,then,,A\n'
    )
    assert read(file(tmp_path, text)) == {
        "a.mp4": (
            Question(text="What, then?", options=("one", 'two, or "so"', "three"), answer=1),
            Question(text="When?", options=("now", "then"), answer=0),
        ),
        "b/c.mp4": (Question(text="Who?", options=("he", "she"), answer=None),),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no header"),
        ("path,question,A,answer\n", "with 2 to 26 options"),
        ("path,question,B,A,answer\n", "the header must be"),
        ("path;question;A;B;answer\n", "the header must be"),
        (HEADER + "a.mp4,x,1,2,3\n", "5 cells, wanted 6"),
        (HEADER + "a.mp4,x,1,2,3,D\n", "answer must be the letter of an option, A, B, C"),
        (HEADER + "a.mp4,x,1,2,,C\n", "answer must be the letter of an option, A, B "),
        (HEADER + "a.mp4,x,1,,3,A\n", "option 2 is empty"),
        (HEADER + "a.mp4,x,1,1 ,3,A\n", "two options read '1'"),
        (HEADER + "a.mp4,,1,2,3,A\n", "it has no text"),
        (HEADER + "../a.mp4,x,1,2,3,A\n", "path leaves the folder"),
        (HEADER + "/a.mp4,x,1,2,3,A\n", "path leaves the folder"),
        (HEADER + ",x,1,2,3,A\n", "path is empty"),
        (HEADER + "a.mp4," + "x" * 2001 + ",1,2,3,A\n", "more than 2000 characters"),
        (HEADER + 'a.mp4,"x\x00",1,2,3,A\n', "control characters"),
        (HEADER + 'a.mp4,"x', "not CSV"),
        ((HEADER + "a.mp4,x,1,2,3,A\n").encode("utf-16"), "the file is UTF-16"),
        (HEADER.encode() + b"a.mp4,\xe9,1,2,3,A\n", "is not UTF-8"),
        (HEADER + "a.mp4," + "x" * 70_000, "is a quote not closed?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(file(tmp_path, text))
    assert told in str(caught.value)
    assert "line " in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(file(tmp_path, HEADER + "a.mp4,,1,2,3,A\n../b.mp4,x,1,2,3,Z\n"))
    assert "3 things to fix" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; questions must be a CSV"):
        read(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="is no plain file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("a.mp4,Who comes?,he,she,nobody,A", "a.mp4,Who comes?,he,she,nobody,B"),
        ("a.mp4,Who comes?,he,she,,A", "a.mp4,who  comes?,She,he,,A"),
        ("a.mp4,Who comes?,he,she,,A", "a.mp4,Who comes?,she,nobody,,A"),
    ],
)
def test_a_question_with_two_right_answers_is_refused_with_both_lines(tmp_path: Path, first: str, again: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(file(tmp_path, f"{HEADER}{first}\na.mp4,Where?,here,there,,A\n{again}\n"))
    told = str(caught.value).casefold()
    assert "questions.csv: 1 thing to fix" in told
    assert "line 4: line 2 asks the same about a.mp4 and has 'he' for right, this line 'she'" in told


@pytest.mark.parametrize(
    "again",
    [
        "a.mp4,Who comes?,she,he,,B",
        "b.mp4,Who comes?,he,she,,B",
        "a.mp4,Who comes?,he,she,,",
        "a.mp4,Who comes?,a man in black,a dog,,A",
    ],
)
def test_a_question_may_be_put_again(tmp_path: Path, again: str) -> None:
    found = read(file(tmp_path, f"{HEADER}a.mp4,Who comes?,he,she,,A\n{again}\n"))
    assert sum(len(questions) for questions in found.values()) == 2
