"""The CSV of a folder: what it says, and every fault of it at once."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.errors import ConfigError
from rocot.sources.annotations import Annotations, read

HEADER = "path,label,start,end\n"


def reading(folder: Path, text: str | bytes, classes: tuple[str, ...] = ()) -> Annotations:
    path = folder / "a.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path, classes)


def faults(folder: Path, text: str | bytes, classes: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        reading(folder, text, classes)
    first, *others = str(caught.value).splitlines()
    assert first.startswith(str(folder / "a.csv"))
    return [line.strip() for line in others]


def span(start: float, end: float) -> Span:
    return Span(start=start, end=end)


def test_rows_of_one_video_make_its_truth(tmp_path: Path) -> None:
    known = reading(tmp_path, HEADER + "a.mp4,Fighting,5,7.5\nb/c.avi,Normal,,\na.mp4,Arson,1,2\n")
    assert known.truths == {
        "a.mp4": Truth(labels=("Fighting", "Arson"), spans=(span(1, 2), span(5, 7.5))),
        "b/c.avi": Truth(labels=("Normal",), spans=()),
    }
    assert known.labels == ("Arson", "Fighting")


def test_labels_or_spans_may_be_absent(tmp_path: Path) -> None:
    known = reading(
        tmp_path, HEADER + "label.mp4,Fighting,,\nspan.mp4,,1,2\nspan.mp4,,3,4\nnothing.mp4,,,\nshort.mp4\n"
    )
    assert known.truths == {
        "label.mp4": Truth(labels=("Fighting",)),
        "span.mp4": Truth(spans=(span(1, 2), span(3, 4))),
        "nothing.mp4": Truth(),
        "short.mp4": Truth(),
    }


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + "a.mp4,Fighting,1,2\n",
        (HEADER + "a.mp4,Fighting,1,2\n").replace("\n", "\r\n"),
        "end,START, label ,path,notes\n2,1,Fighting,a.mp4,seen twice\n",
        '\n"path","label","start","end"\n\n"a.mp4","Fighting"," 1 ","2e0"\n,,,\n',
        HEADER + "./a.mp4,Fighting,1,2",
    ],
    ids=["byte order mark", "CRLF", "other order", "quotes and blank lines", "dot and no last newline"],
)
def test_spreadsheets_write_it_in_many_ways(tmp_path: Path, text: str) -> None:
    assert reading(tmp_path, text).truths == {"a.mp4": Truth(labels=("Fighting",), spans=(span(1, 2),))}


def test_names_may_hold_commas_and_signs(tmp_path: Path) -> None:
    known = reading(tmp_path, HEADER + '"a, b#1_label_A=v=x.mp4",Fighting,1,2\n"é ü.mp4",Fighting,1,2\n')
    assert set(known.truths) == {"a, b#1_label_A=v=x.mp4", "é ü.mp4"}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    rows = [
        "a.mp4,Fighting,7,5",
        "b.mp4,Fighting,-1,5",
        "c.mp4,Fighting,nan,5",
        "d.mp4,Fighting,1,inf",
        "e.mp4,Fighting,one,2",
        "f.mp4,Fighting,0:10,0:20",
        "../g.mp4,Fighting,1,2",
        "/etc/passwd,Fighting,1,2",
        "h.mp4,Normal,1,2",
        "i.mp4,Fihgting,1,2",
        "j.mp4,Fighting,1,",
        "k.mp4,Fighting,1,2,3",
        ",Fighting,1,2",
        "C:\\l.mp4,Fighting,1,2",
        "m\\n.mp4,Fighting,1,2",
        "o.mp4,Fighting,2,2",
    ]
    assert faults(tmp_path, HEADER + "\n".join(rows), ("Normal", "Fighting")) == [
        "line 2: must end after it starts (got 7 to 5 s)",
        "line 3: start must not be negative (got '-1'); leave both empty for normal footage",
        "line 4: start must be finite (got 'nan')",
        "line 5: end must be finite (got 'inf')",
        "line 6: start must be a number of seconds (got 'one')",
        "line 7: start must be a number of seconds (got '0:10'); write minutes as seconds",
        "line 7: end must be a number of seconds (got '0:20'); write minutes as seconds",
        "line 8: path leaves the folder of videos (got '../g.mp4'); want one relative to it",
        "line 9: path leaves the folder of videos (got '/etc/passwd'); want one relative to it",
        "line 10: Normal has no span; leave start and end empty",
        "line 11: label 'Fihgting' is none of the classes; did you mean 'Fighting'?",
        "line 12: end is empty; give both or neither",
        "line 13: 5 cells under 4 columns; quote what holds a comma",
        "line 14: path is empty",
        "line 15: path leaves the folder of videos (got 'C:\\\\l.mp4'); want one relative to it",
        "line 16: path has backslashes (got 'm\\\\n.mp4'); separate folders by /",
        "line 17: must end after it starts (got 2 to 2 s)",
    ]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("a.mp4,Fighting,1,2\na.mp4,Fighting,1,2.0", "line 3: says the same of a.mp4 as line 2"),
        ("a.mp4,Normal,,\na.mp4,Fighting,1,2", "line 3: a.mp4 is Normal and something else (line 2)"),
        (
            "a.mp4,Fighting,,\n./a.mp4,Fighting,1,2",
            "line 3: a.mp4 is known otherwise in line 2: one has a span, one none",
        ),
        (
            "a.mp4,Fighting,1,2\na.mp4,,3,4",
            "line 3: a.mp4 is known otherwise in line 2: one has a label and the other none",
        ),
        (
            "a.mp4,Fighting,1,2\nb.mp4,fighting,1,2",
            "line 3: label 'fighting' is spelt 'Fighting' elsewhere; did you mean that?",
        ),
        ("a.mp4,normal,,", "line 2: label 'normal' is spelt 'Normal' elsewhere; did you mean that?"),
        ("a.mp4,Figh\x07ting,1,2", "line 2: label must be at most 100 printable characters (got 'Figh\\x07ting')"),
        ("a\x00.mp4,Fighting,1,2", "line 2: path has control characters (got 'a\\x00.mp4')"),
        ("a.mp4,Fighting,1_0,20", "line 2: start must be a number of seconds (got '1_0')"),
        ('a.mp4,"Fighting,1,2', "line 2: not CSV: unexpected end of data"),
        ('a.mp4,"Fight"ing,1,2', "line 2: not CSV: ',' expected after '\"'"),
    ],
)
def test_what_contradicts_itself_is_a_fault(tmp_path: Path, rows: str, fault: str) -> None:
    assert faults(tmp_path, HEADER + rows) == [fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: no header; the first line must be path,label,start,end"),
        ("\n\n", "line 1: no header; the first line must be path,label,start,end"),
        ("paht,label,start,end\n", "line 1: the header has no column 'path'; is it 'paht'?"),
        ("path,label\na.mp4,Fighting\n", "line 1: the header has no column 'start'"),
        ("path;label;start;end\n", "line 1: columns are separated by ';', want commas"),
        ("path,label,start,end,path\n", "line 1: the header has two columns 'path'"),
        ("a.mp4,Fighting,1,2\n", "line 1: no header; the first line must be path,label,start,end"),
    ],
)
def test_a_header_that_will_not_do_is_a_fault(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, text)[0] == fault


def test_bytes_that_are_no_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    latin = (HEADER + "a.mp4,Fighting,1,2\ncafé.mp4,Fighting,3,2\n").encode("latin-1")
    assert faults(tmp_path, latin) == [
        "line 3: byte 4 (0xe9) is not UTF-8; save it as UTF-8",
        "line 3: must end after it starts (got 3 to 2 s)",
    ]
    assert faults(tmp_path, HEADER.encode("utf-16")) == ["line 1: the file is UTF-16; save it as UTF-8"]


def test_a_line_of_ten_megabytes_is_named_and_not_read(tmp_path: Path) -> None:
    long = HEADER + "a.mp4,Fighting,1,2\n" + "x" * 10_000_000
    assert faults(tmp_path, long) == ["line 3: longer than 65,536 bytes; is a quote not closed?"]


def test_a_thousand_faults_are_counted_and_fifty_told(tmp_path: Path) -> None:
    told = faults(tmp_path, HEADER + "a.mp4,Fighting,2,1\n" * 1000)
    assert len(told) == 51
    assert told[-1] == "and 950 more"


def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in (("none.csv", "no such file"), ("pipe.csv", "is no plain file"), ("", "is no plain file")):
        with pytest.raises(ConfigError, match=what):
            read(tmp_path / name)


@given(
    st.text(st.characters(codec="utf-8"), max_size=300)
    | st.lists(st.sampled_from(list('a,"\n\r;.1-/N é')), max_size=60).map("".join)
)
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + text, encoding="utf-8", newline="")
    with suppress(ConfigError):
        assert all(".." not in name.split("/") and not name.startswith("/") for name in read(path).truths)
