"""Spreadsheets (.xlsx) as rows of text, read as a stream and within bounds.

Formulas are not computed, links not followed, macros not read; XML is read through defusedxml, which refuses entities.
"""

import io
import warnings
import zipfile
from pathlib import Path
from typing import TypeAlias

import openpyxl
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from rocot.errors import ConfigError
from rocot.sources.known.files import Files

MOST_UNPACKED = 64 * 1024 * 1024
"""Bytes of a workbook's parts together. CUVA's 1,006 rows need some 2 MB."""
MOST_ROWS = 100_000
MOST_COLUMNS = 64

Rows: TypeAlias = list[tuple[int, tuple[str, ...]]]


def sheet(files: Files, path: Path, number: int) -> Rows:
    """The rows of a sheet (from 0) that hold something, each with the number that a spreadsheet shows.

    Every row has MOST_COLUMNS cells, empty ones as "". Raises ConfigError where the file is no
    workbook, is damaged, has no such sheet, or is larger than any annotation file is.
    """
    data = files.bytes(path)
    _check(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl speaks of styles and extensions, which are not read
            return _rows(path, data, number)
    except ConfigError:
        raise
    except Exception as error:  # whatever a damaged part makes openpyxl stumble over; it has no error of its own
        cause = error.__cause__ or error
        said = f"{type(cause).__name__}: {cause}".splitlines()[0][:200]
        raise ConfigError(f"{path}: not a workbook that can be read ({said})") from error


def _check(path: Path, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a workbook (.xlsx): {error}; is this the right file?") from error
    if unpacked > MOST_UNPACKED:
        raise ConfigError(f"{path}: {unpacked:,} bytes when unpacked; no annotation file is so long")


def _rows(path: Path, data: bytes, number: int) -> Rows:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        pages = [page for page in book.worksheets if isinstance(page, ReadOnlyWorksheet)]
        if number >= len(pages):
            raise ConfigError(f"{path}: sheet {number + 1} is wanted, and it has {len(pages)}; is this the right file?")
        page = pages[number]
        page.reset_dimensions()  # what the file says of its size is not to be relied upon
        made: Rows = []
        for row, values in enumerate(page.iter_rows(max_col=MOST_COLUMNS, values_only=True), 1):
            if row > MOST_ROWS:
                raise ConfigError(f"{path}: over {MOST_ROWS:,} rows; no annotation file is so long")
            if any(value is not None for value in values):
                made.append((row, tuple(map(_text, values))))
        return made
    finally:
        book.close()


def _text(value: object) -> str:
    """A cell as it is meant: a whole number without a fraction, whatever the spreadsheet keeps it as."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip()
