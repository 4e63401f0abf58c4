import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.record import canonical
from rocot.errors import ConfigError
from rocot.sources.known import files as module
from rocot.sources.known.files import Files, Line


def lines(folder: Path, content: bytes) -> list[tuple[int, str]]:
    (folder / "list.txt").write_bytes(content)
    files = Files(folder)
    made = [(line.number, line.text) for line in files.lines(files.need("list.txt"))]
    files.check()
    return made


def table(folder: Path, content: str) -> list[tuple[int, dict[str, str]]]:
    (folder / "table.csv").write_text(content, newline="")
    files = Files(folder)
    made = list(files.table(files.need("table.csv"), ["name", "text"]))
    files.check()
    return made


def told(folder: Path, content: str) -> str:
    with pytest.raises(ConfigError) as error:
        table(folder, content)
    return str(error.value)


class TestAFolder:
    def test_must_be_one(self, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_text("a")
        for path, why in ((tmp_path / "none", "no such folder"), (tmp_path / "list.txt", "is a file, not a folder")):
            with pytest.raises(ConfigError, match=why):
                Files(path)

    @pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
    def test_of_an_impossible_name_is_no_traceback(self, name: str) -> None:
        with pytest.raises(ConfigError):
            Files(Path(name))

    def test_that_may_not_be_listed_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "shut").mkdir(mode=0)
        if os.access(tmp_path / "shut", os.R_OK):
            pytest.skip("the superuser may list any folder")
        with pytest.raises(ConfigError, match="cannot be listed"):
            Files(tmp_path).find("list.txt")


class TestAFile:
    def test_is_found_anywhere_in_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "list.txt").write_text("x")
        files = Files(tmp_path)
        found = files.need("other.txt", "list.txt")
        assert files.name(found) == "a/b/list.txt"
        assert files.find("other.txt") is None

    def test_may_be_named_with_the_folders_in_front(self, tmp_path: Path) -> None:
        for folder in ("train", "test"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "list.txt").write_text(folder)
        assert Files(tmp_path).need("test/list.txt").read_text() == "test"
        assert Files(tmp_path).find("val/list.txt") is None

    def test_that_lies_there_twice_with_the_same_content_is_one(self, tmp_path: Path) -> None:
        (tmp_path / "copy").mkdir()
        for folder in (tmp_path, tmp_path / "copy"):
            (folder / "list.txt").write_text("x")
        assert Files(tmp_path).need("list.txt") == tmp_path.resolve() / "list.txt"

    def test_that_lies_there_twice_and_differs_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "copy").mkdir()
        (tmp_path / "list.txt").write_text("x")
        (tmp_path / "copy" / "list.txt").write_text("y")
        with pytest.raises(ConfigError, match=re.escape("list.txt and copy/list.txt")):
            Files(tmp_path).find("list.txt")

    def test_that_is_missing_is_told_with_all_its_names(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=re.escape("no a.txt or b.txt in it")):
            Files(tmp_path).need("a.txt", "b.txt")

    def test_outside_the_folder_is_not_opened_by_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_text("secret")
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "list.txt").symlink_to(tmp_path / "secret.txt")
        (tmp_path / "in" / "away").symlink_to(tmp_path)
        files = Files(tmp_path / "in")
        assert files.find("list.txt") is None
        assert files.find("secret.txt") is None

    def test_inside_the_folder_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.txt").write_text("x")
        (tmp_path / "list.txt").symlink_to(tmp_path / "real.txt")
        assert Files(tmp_path).need("list.txt").read_text() == "x"

    def test_is_no_pipe_and_nothing_hidden(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "list.txt")
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "other.txt").write_text("x")
        files = Files(tmp_path)
        assert files.find("list.txt") is None
        assert files.find("other.txt") is None

    def test_of_a_pattern_is_found_in_order(self, tmp_path: Path) -> None:
        for name in ("b.npy", "a.npy", "c.txt"):
            (tmp_path / name).write_text("x")
        assert [path.name for path in Files(tmp_path).matching("*.npy")] == ["a.npy", "b.npy"]

    @pytest.mark.parametrize("content", [b"", b" \n\r\n\t"])
    def test_that_is_empty_is_told(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(ConfigError, match=re.escape("list.txt: the file is empty")):
            lines(tmp_path, content)

    def test_that_is_too_long_is_told_before_it_is_read(self, tmp_path: Path) -> None:
        with (tmp_path / "list.txt").open("wb") as file:
            file.truncate(module.MOST_BYTES + 1)
        with pytest.raises(ConfigError, match="over 256 MiB"):
            Files(tmp_path).bytes(tmp_path / "list.txt")

    @pytest.mark.parametrize(
        ("content", "why"),
        [(b"\x89PNG\r\n\0\0", "binary, not text"), ("a b".encode("utf-16"), "UTF-16; save it as UTF-8")],
    )
    def test_that_is_no_text_is_told(self, tmp_path: Path, content: bytes, why: str) -> None:
        with pytest.raises(ConfigError, match=why):
            lines(tmp_path, content)


class TestLines:
    def test_have_numbers_and_no_ends(self, tmp_path: Path) -> None:
        assert lines(tmp_path, b"a b  \n\n  c\nd") == [(1, "a b"), (3, "c"), (4, "d")]

    def test_are_the_same_with_crlf_and_a_mark_at_the_start(self, tmp_path: Path) -> None:
        assert lines(tmp_path, b"\xef\xbb\xbfa\r\nb\r\n") == [(1, "a"), (2, "b")]

    def test_that_are_not_utf_8_are_faults_and_the_others_are_read(self, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_bytes("a\ncafé\nb".encode("latin-1"))
        files = Files(tmp_path)
        assert list(files.lines(tmp_path.resolve() / "list.txt")) == [Line(1, "a"), Line(3, "b")]
        with pytest.raises(ConfigError, match=re.escape("list.txt:2: byte 4 (0xe9) is not UTF-8")):
            files.check()

    def test_that_are_too_long_are_faults(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=re.escape("list.txt:2: longer than 1,048,576 bytes")):
            lines(tmp_path, b"a\n" + b"x" * 10_000_000 + b"\nb")


class TestATable:
    def test_has_rows_by_column_with_their_lines(self, tmp_path: Path) -> None:
        made = table(tmp_path, 'name,more,text\r\n a ,x,"b, ""c"""\r\n\r\nd,y,e\r\n')
        assert made == [(2, {"name": "a", "more": "x", "text": 'b, "c"'}), (4, {"name": "d", "more": "y", "text": "e"})]

    def test_may_have_line_breaks_in_its_cells(self, tmp_path: Path) -> None:
        assert table(tmp_path, 'name,text\na,"b\nc"\nd,e\n') == [
            (3, {"name": "a", "text": "b\nc"}),
            (4, {"name": "d", "text": "e"}),
        ]

    def test_without_a_column_is_an_error(self, tmp_path: Path) -> None:
        assert "table.csv:1: the header has no column text" in told(tmp_path, "name,txt\na,b\n")

    def test_tells_a_row_of_another_length(self, tmp_path: Path) -> None:
        assert "table.csv:3: 3 cells under 2 columns" in told(tmp_path, "name,text\na,b\na,b,c\n")

    def test_tells_where_an_open_quote_begins(self, tmp_path: Path) -> None:
        assert "table.csv:3: the row that begins here is not CSV" in told(tmp_path, 'name,text\na,b\nc,"d\ne,f\ng,h\n')

    def test_counts_the_lines_that_it_cannot_read(self, tmp_path: Path) -> None:
        (tmp_path / "table.csv").write_bytes(b"name,text\n\xff,b\na,b,c\n")
        files = Files(tmp_path)
        assert list(files.table(files.need("table.csv"), ["name"])) == []
        with pytest.raises(ConfigError, match=r"table.csv:2: byte 1(?s:.)*table.csv:3: 3 cells under 2 columns"):
            files.check()

    def test_with_a_cell_too_long_for_the_reader_is_told(self, tmp_path: Path) -> None:
        assert "table.csv:2: the row that begins here is not CSV" in told(tmp_path, f"name,text\na,{'x' * 200_000}\n")


class TestJson:
    def parsed(self, folder: Path, content: str | bytes) -> object:
        path = folder / "data.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Files(folder).json(path)

    def test_is_read_with_a_mark_at_the_start(self, tmp_path: Path) -> None:
        assert self.parsed(tmp_path, b'\xef\xbb\xbf{"a": [1, 2.5, null, "\\ud83d\\ude00"]}') == {
            "a": [1, 2.5, None, "😀"]
        }

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ('{"a": 1,\n "b" 2}', "data.json:2: not JSON"),
            ('{"a": 1', "data.json:1: not JSON"),
            ('{"a": 1, "a": 2}', "the name 'a' stands there twice"),
            ('{"a": NaN}', "NaN is no number"),
            ("[-Infinity]", "-Infinity is no number"),
            ("[" * 100_000, "nested too deep"),
            ('["' + "\\ud800" + '"]', "half a surrogate pair"),
            ("1" * 10_000, "data.json:1: a number of thousands of digits"),
            (b'{"a":\n\n"caf\xe9"}', "data.json:3: byte 0xe9 is not UTF-8"),
            (b"\x80\x04K\x01.", "data.json:1: byte 0x80 is not UTF-8"),
        ],
    )
    def test_that_cannot_be_used_is_told_with_its_line(self, tmp_path: Path, content: str | bytes, told: str) -> None:
        with pytest.raises(ConfigError, match=re.escape(told)):
            self.parsed(tmp_path, content)

    def test_on_a_line_of_its_own_is_told_with_that_line(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=re.escape("x.jsonl:7: not JSON")):
            Files(tmp_path).parse(tmp_path / "x.jsonl", 7, "{")


class TestFaults:
    def test_are_told_all_at_once(self, tmp_path: Path) -> None:
        files = Files(tmp_path)
        files.check()
        files.fault("a.txt", 3, "wrong")
        files.fault("b.txt", 0, "wrong, too")
        with pytest.raises(ConfigError) as error:
            files.check()
        assert str(error.value) == f"{tmp_path.resolve()}: 2 things to fix\n  a.txt:3: wrong\n  b.txt: wrong, too"

    def test_end_the_reading_after_fifty(self, tmp_path: Path) -> None:
        files = Files(tmp_path)
        for number in range(module.MOST_FAULTS):
            files.fault("a.txt", number, "wrong")
        with pytest.raises(ConfigError, match="and more; the rest was not read") as error:
            files.fault("a.txt", module.MOST_FAULTS, "wrong")
        assert str(error.value).count("wrong") == module.MOST_FAULTS

    def test_are_no_notes(self, tmp_path: Path) -> None:
        files = Files(tmp_path)
        files.note("a.txt", "3 lines left out")
        files.check()
        assert files.notes == ["a.txt: 3 lines left out"]


@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "any").write_bytes(content)
    for read in (
        lambda files: list(files.lines(files.need("any"))),
        lambda files: list(files.table(files.need("any"), ["name"])),
        lambda files: files.json(files.need("any")),
    ):
        files = Files(folder)
        try:
            read(files)
            files.check()
        except ConfigError as error:
            assert "any" in str(error)  # noqa: PT017 -- both ends are right, and each has a claim


@given(st.text(alphabet='{}[]",:\\ud8e0-9.+Nan\n', max_size=40))
def test_what_json_is_read_is_what_can_be_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    files = Files(tmp_path_factory.mktemp("json"))
    try:
        value = files.parse(files.root / "x.json", 1, text)
    except ConfigError:
        return
    if "Infinity" not in json.dumps(value):  # 9e999, which every record refuses
        canonical(value)
