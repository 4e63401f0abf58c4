"""CUVA: one sheet of a workbook, a row a video; moments in minutes and seconds, classes as codes or in free words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rocot.errors import ConfigError
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.sheets import sheet
from rocot.sources.known.texts import Texts

EXAMPLES = 2
"""Rows after the header."""
COLUMNS = ("1", "2", "2", "3", "3", "4")
"""X1 to X4 in the heads of the columns after video_id: class, reason, result, moment, description, key sentences."""

_ID = re.compile(r"0*([1-9][0-9]{0,4})(-[0-9]{1,2})?")
_MOMENT = re.compile(r"\[\s*([0-9]{0,5})\s*,\s*([0-9]{0,5})\s*\]")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_CODE = re.compile(r"[0-9]{1,2}-[0-9]{1,2}")
_SEVERITY = re.compile(r"[0-9]{1,2}")
_BETWEEN = " \n\t,;、。"
"""What may stand around moments and descriptions, and between them."""

Intervals = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Row:
    """A row of the sheet; the annotator's name is not kept."""

    line: int
    name: str
    category: str
    reason: str
    result: str
    moment: str
    description: str
    sentences: str
    remarks: str


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The videos in the order of the sheet."""
    path = files.need("annotations.xlsx")
    for row in _rows(files, path):
        try:
            number, part = _id(row.name)
            intervals, odd = _moments(row.moment)
        except ValueError as error:
            files.fault(files.name(path), row.line, str(error))
            continue
        told = [f"video_id {number}{part}: a part of {number}, or a video of its own; nobody says"] if part else []
        texts = Texts()
        labels, strange = _category(row.category, about, texts)
        apart = _describe(row, intervals, texts)
        yield Annotated(
            id=f"{number}{part}",
            video=f"cuva/{number}{part}",
            split="all",
            file=f"{number:05d}{part}.mp4",
            labels=labels,
            intervals=intervals,
            passages=texts.passages,
            corrections=(*told, *strange, *odd, *apart, *texts.corrections),
            said=f"{files.name(path)}:{row.line}",
        )


def _rows(files: Files, path: Path) -> Iterator[Row]:
    """The rows below the examples that have a video_id; of the others a note is taken."""
    rows = sheet(files, path, 0)
    line, head = rows[0] if rows else (1, ())
    if not _is_header(head):
        want = "want the header video_id, X1 class, X2 reason, X2 result, X3 moment, X3 description, X4 sentences"
        raise ConfigError(f"{path}:{line}: {want} (got {', '.join(head).strip(', ')[:120]!r}); is this the right file?")
    examples, others = rows[1 : 1 + EXAMPLES], rows[1 + EXAMPLES :]
    if examples:
        which = ", ".join(f"row {line} (video_id {cells[0][:20]})" for line, cells in examples)
        files.note(files.name(path), f"{which}: the authors' examples, left out")
    nameless = [str(line) for line, cells in others if not cells[0]]
    if nameless:
        files.note(files.name(path), f"{len(nameless)} rows without a video_id, left out: {', '.join(nameless[:10])}")
    for line, cells in others:
        if cells[0]:
            name, category, reason, result, moment, description, sentences, _, remarks = cells[:9]
            yield Row(line, name, category, reason, result, moment, description, sentences, remarks)


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the columns are CUVA's, by video_id and X1 to X4; the words beside these are partly Chinese."""
    if not cells or not re.match(r"video[\s_]*id", cells[0], re.IGNORECASE) or not all(cells[1 : 1 + len(COLUMNS)]):
        return False
    numbers = [re.search(r"X\s*([0-9])", cell, re.IGNORECASE) for cell in cells[1 : 1 + len(COLUMNS)]]
    return all(found is None or found[1] == want for found, want in zip(numbers, COLUMNS, strict=True))


def _id(name: str) -> tuple[int, str]:
    """Number of the video, and what stands behind it. Raises ValueError."""
    found = _ID.fullmatch(name)
    if found is None:
        raise ValueError(f"want a number, or one like 19-1, for video_id (got {name[:60]!r})")
    return int(found[1]), found[2] or ""


def _moments(cell: str) -> tuple[Intervals | None, list[str]]:
    """The intervals in seconds, None where they are not all known, and what is odd about them. Raises ValueError."""
    text = _plain(cell)
    pairs = _MOMENT.findall(text)
    rest = _MOMENT.sub("", text).strip(_BETWEEN)
    if re.search(r"[0-9\[\]]", rest) or (rest and pairs):
        raise ValueError(f"want the moment as [MMSS,MMSS] (got {cell[:100]!r})")
    told = [f"the moment is in words: {rest[:100]!r}" if rest else "no moment is given"] if not pairs else []
    made: list[tuple[float, float]] = []
    known = bool(pairs)
    for first, last in pairs:
        if not (first or last):
            told.append("the moment [,] is empty")
        elif not (first and last):
            told.append(f"the moment [{first},{last}] has one end only: not localised")
            known = False
        else:
            made.append((_seconds(first), _seconds(last)))
            told.extend(
                f"the moment {cell} has {len(cell)} digits: read as {_seconds(cell):g} s"
                for cell in (first, last)
                if len(cell) != 4
            )
    return (tuple(made) if known and made else None), told


def _seconds(digits: str) -> float:
    """MMSS as seconds, the last two digits being seconds however many there are. Raises ValueError."""
    minutes, seconds = divmod(int(digits), 100)
    if seconds > 59:
        raise ValueError(f"the moment {digits} has {seconds} seconds; want MMSS, minutes and seconds")
    return 60.0 * minutes + seconds


def _category(cell: str, about: Dataset, texts: Texts) -> tuple[tuple[str, ...] | None, list[str]]:
    """The labels of `[5-1,5]`, None where there are none, and what is odd; severity and free words go to the texts."""
    parts = [part for part in re.split(r"[\[\],;、\s]+", _plain(cell)) if part]
    codes = [part for part in parts if _CODE.fullmatch(part)]
    severities = [part for part in parts if _SEVERITY.fullmatch(part)]
    if not codes or len(codes) + len(severities) < len(parts):
        texts.add("class", cell)
        return None, ["the class is in words, not a code: label unknown" if cell else "no class: label unknown"]
    for severity in severities:
        texts.add("severity", severity)
    strange = [code for code in codes if code not in about.codes]
    if strange:
        return None, [f"the class {', '.join(strange)} is not in Category.txt: label unknown"]
    return tuple(dict.fromkeys(about.codes[code] for code in codes)), []


def _describe(row: Row, intervals: Intervals | None, texts: Texts) -> list[str]:
    """Adds the texts; a description belongs to its moment where there is one for each. What is odd is returned."""
    for kind, text in (("reason", row.reason), ("result", row.result)):
        if text:
            texts.add(kind, text)
    parts = _parts(row.description)
    each: Sequence[tuple[float, float] | None] = intervals or ()
    odd = bool(each and parts) and len(parts) != len(each)
    for part, interval in zip(parts, [None] * len(parts) if odd or not each else each, strict=False):
        texts.add("description", part, interval)
    for kind, text in (("key sentences", row.sentences), ("remark", row.remarks)):
        if text:
            texts.add(kind, text)
    return (
        [f"descriptions {len(parts)}, moments {len(each)}: the descriptions are about the whole video"] if odd else []
    )


def _parts(cell: str) -> list[str]:
    """`[one][two]` as two; a text otherwise written is one."""
    text = _plain(cell)
    if _BRACKETS.search(text) and not _BRACKETS.sub("", text).strip(_BETWEEN):
        return [part.strip() for part in _BRACKETS.findall(text) if part.strip()]
    return [cell] if cell else []


def _plain(text: str) -> str:
    """With ASCII brackets, commas and digits, where Chinese ones were typed."""
    return unicodedata.normalize("NFKC", text).replace("【", "[").replace("】", "]")
