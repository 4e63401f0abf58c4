import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from rocot.errors import ConfigError
from rocot.sources.known import sheets
from rocot.sources.known.files import Files
from rocot.sources.known.sheets import MOST_COLUMNS, Rows, sheet

PAGE = "xl/worksheets/sheet1.xml"
XML = '<?xml version="1.0"?>'
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def cell(row: str, inside: str) -> str:
    return f'{XML}<worksheet {SPACE}><sheetData><row r="{row}"><c r="A1" {inside}</c></row></sheetData></worksheet>'


def workbook(parts: Mapping[str, str | None] | None = None) -> bytes:
    """A workbook of two sheets, some of its parts replaced, or left out."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(("a", None, 3, 4.0, 4.5, " b "))
    book.worksheets[0].append(())
    book.worksheets[0].append(("c",))
    book.create_sheet("other").append(("second",))
    whole = io.BytesIO()
    book.save(whole)
    book.close()
    if not parts:
        return whole.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = parts.get(name, source.read(name).decode())
            if text is not None:
                target.writestr(name, text)
    return changed.getvalue()


def page(data: str) -> bytes:
    return workbook({PAGE: f"{XML}<worksheet {SPACE}>{data}</worksheet>"})


def read(folder: Path, data: bytes, number: int = 0) -> Rows:
    path = folder / "book.xlsx"
    path.write_bytes(data)
    return sheet(Files(folder), path, number)


def refused(folder: Path, data: bytes, number: int = 0) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, data, number)
    return str(caught.value)


def test_rows_that_hold_something_come_with_their_number_as_text(tmp_path: Path) -> None:
    rows = read(tmp_path, workbook())
    assert [(row, cells[:6]) for row, cells in rows] == [
        (1, ("a", "", "3", "4", "4.5", "b")),
        (3, ("c", "", "", "", "", "")),
    ]
    assert {len(cells) for _, cells in rows} == {MOST_COLUMNS}
    assert [cells[0] for _, cells in read(tmp_path, workbook(), 1)] == ["second"]


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "book.xlsx: sheet 3 is wanted, and it has 2" in refused(tmp_path, workbook(), 2)


@pytest.mark.parametrize("data", [b"no workbook", b"PK\x03\x04", workbook()[:-40], workbook()[: len(workbook()) // 2]])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "book.xlsx: not a workbook (.xlsx)" in refused(tmp_path, data)


@pytest.mark.parametrize(
    "parts",
    [
        {"[Content_Types].xml": None},
        {"[Content_Types].xml": "<none/>"},
        {"xl/workbook.xml": "<workbook"},
        {"xl/workbook.xml": None},
        {PAGE: "binary \x00"},
        {PAGE: cell("x", "><v>1</v>")},
        {PAGE: cell("1", 't="s"><v>9</v>')},
        {PAGE: cell("1", "><v>1e</v>")},
    ],
)
def test_a_damaged_part_is_told_as_such(tmp_path: Path, parts: Mapping[str, str | None]) -> None:
    assert "book.xlsx: not a workbook that can be read" in refused(tmp_path, workbook(parts))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    body = f'<worksheet {SPACE}><sheetData><row r="1"><c r="A1" t="str"><v>&b;</v></c></row></sheetData></worksheet>'
    assert "EntitiesForbidden" in refused(tmp_path, workbook({PAGE: XML + laughs + body}))


def test_a_file_outside_is_not_read_through_an_entity(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    entity = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/secret">]>'
    body = f'<worksheet {SPACE}><sheetData><row r="1"><c r="A1" t="str"><v>&a;</v></c></row></sheetData></worksheet>'
    assert "canary" not in refused(tmp_path, workbook({PAGE: XML + entity + body}))


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    blank = " " * (sheets.MOST_UNPACKED + 1)
    assert "bytes when unpacked" in refused(tmp_path, workbook({PAGE: blank}))


def test_a_row_or_column_far_out_takes_no_memory(tmp_path: Path) -> None:
    far = '<sheetData><row r="1048576000"><c r="A1048576000" t="str"><v>x</v></c></row></sheetData>'
    assert "over 100,000 rows" in refused(tmp_path, page(far))
    wide = '<sheetData><row r="1"><c r="XFD1" t="str"><v>x</v></c></row></sheetData>'
    assert read(tmp_path, page(wide)) == []


def test_what_the_sheet_says_of_its_size_is_not_relied_upon(tmp_path: Path) -> None:
    small = '<dimension ref="A1:A1"/><sheetData><row r="2"><c r="B2" t="str"><v>x</v></c></row></sheetData>'
    assert [(row, cells[1]) for row, cells in read(tmp_path, page(small))] == [(2, "x")]


def test_formulas_are_not_computed(tmp_path: Path) -> None:
    formula = '<sheetData><row r="1"><c r="A1"><f>1+1</f><v>7</v></c><c r="B1"><f>2+2</f></c></row></sheetData>'
    assert read(tmp_path, page(formula))[0][1][:2] == ("7", "")
