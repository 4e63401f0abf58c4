"""CUVA's workbook with invented videos: every shape of a moment, a class and an id."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl


def wide(text: str) -> str:
    """As typed with a Chinese keyboard: brackets and commas of full width."""
    return "".join(chr(ord(sign) + 0xFEE0) if sign in "[]," else sign for sign in text)


HEADER = (
    "video_id",
    "X1 类别",
    "X2 原因 reason",
    "X2 结果 result",
    "X3 时刻 moment",
    "X3 描述",
    "X4 关键句",
    "标注者",
    "备注",
)
EXAMPLES = (
    ("1", "[1-1,1]", "an example", "an example", "[0000,0001]", "an example", "an example", "nobody", ""),
    ("2", "[1-1,1]", "an example", "an example", "[0000,0001]", "an example", "an example", "nobody", ""),
)
ROWS: tuple[tuple[str | int | float, ...], ...] = (
    (
        1,
        "[5-1,5]",
        "a lorry skids",
        "a fence is bent",
        "[0052,0114]",
        "a lorry swerves",
        "skids",
        "someone",
        "",
    ),
    (
        2.0,
        "[3-1,4]",
        "deep water",
        "help comes",
        "[0052,0114][0200,2738]",
        "[one falls in][one is pulled out]",
        "",
        "",
        "",
    ),
    ("3", "[5-1,5][8-2,2]", "haste", "", "[0001,0002], [0003,0004] [0005,0006]", "three of them", "", "", "blurred"),
    ("4", "视频损坏", "", "", "[,]", "", "", "", ""),
    ("00005", "[6-1,3]", "", "", "[0005,]", "a shop is robbed", "", "", ""),
    ("6", "[11-2,1]", "", "", "[000,0941]", "someone smokes", "", "", ""),
    ("7", "[11-2,1]", "", "", "[0012,20]", "someone smokes", "", "", ""),
    ("8", wide("[10-3,2]"), "", "", wide("[00043,0048]"), "a sign is passed", "", "", ""),
    ("9", "[7-2,2]", "", "", "[0010,0020][,]", "[one][two]", "", "", ""),
    ("19", "[1-4,2]", "", "", "[0010,0020]", "a row", "", "", ""),
    ("19-1", "[1-4,2]", "", "", "[0010,0020]", "a row, again", "", "", ""),
)


def write(folder: Path) -> None:
    save(folder, (HEADER, *EXAMPLES, *ROWS))


def save(folder: Path, rows: Sequence[Sequence[str | int | float]]) -> None:
    """The workbook with these rows on its first sheet, and others on the two sheets behind it."""
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    for row in rows:
        first.append(list(row))
    book.create_sheet("second round").append(("777", "[1-1,1]"))
    book.create_sheet("examples").append(("888", "[1-1,1]"))
    book.save(folder / "annotations.xlsx")
    book.close()
