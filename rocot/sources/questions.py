"""The CSV of questions about a folder's videos: `path,question,A,B,...,answer`. All its faults are told at once."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from rocot.core.task import Question, letter, letters
from rocot.errors import ConfigError
from rocot.sources.annotations import LONGEST_LINE, Faults, StopReading, lines, path_in, told_faults
from rocot.sources.posing import MOST_OPTIONS, fault_in

FIRST, LAST = ("path", "question"), "answer"
LONGEST_TEXT = 2000
"""Characters of a question, and of an option."""
WANTED = "path,question,A,B,...,answer"


def read(path: Path) -> dict[str, tuple[Question, ...]]:
    """The questions of a file by the path of their video, relative to its folder (POSIX), in the file's order.

    One row a question; trailing options may be empty, and so may the answer where nobody knows it. A question may be
    put again, with other options or in another order, but no option may be right in one row and wrong in another.
    Raises ConfigError with every fault of the file.
    """
    if not path.is_file():
        what = "is no plain file" if path.exists() else "no such file"
        raise ConfigError(f"{path}: {what}; questions must be a CSV with the columns {WANTED}")
    faults: Faults = []
    found: dict[str, list[Question]] = {}
    shown: _Shown = {}
    try:
        with path.open("rb") as file:
            texts = lines(iter(lambda: file.readline(LONGEST_LINE + 1), b""), faults)
            for line, place, question in _rows(texts, faults):
                _agree(line, place, question, shown, faults)
                found.setdefault(place, []).append(question)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if faults:
        raise told_faults(path, faults)
    return {place: tuple(questions) for place, questions in found.items()}


_Shown: TypeAlias = dict[tuple[str, str, str, bool], tuple[int, str]]
"""By the path of a video, the text of a question about it, an option, and whether it is right: a line, and its right
option."""


def _agree(line: int, place: str, question: Question, shown: _Shown, faults: Faults) -> None:
    """Adds a fault where an option is right here and was wrong in a line before, or the other way round."""
    if question.answer is None:
        return
    text, options = _folded(question.text), [_folded(option) for option in question.options]
    right = question.options[question.answer]
    for index, option in enumerate(options):
        before = shown.get((place, text, option, index != question.answer))
        if before is not None:
            told = f"line {before[0]} asks the same about {place} and has {before[1][:40]!r} for right"
            faults.append((line, f"{told}, this line {right[:40]!r}; keep the one that is"))
            break
    for index, option in enumerate(options):
        shown.setdefault((place, text, option, index == question.answer), (line, right))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _rows(texts: Iterator[str], faults: Faults) -> Iterator[tuple[int, str, Question]]:
    rows = csv.reader(texts, strict=True)
    options: int | None = None
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if options is None:
                options = _options(rows.line_num, cells, faults)
                if options is None:
                    return
                continue
            row = _row(rows.line_num, options, [cell.strip() for cell in cells], faults)
            if row is not None:
                yield rows.line_num, *row
    except csv.Error as error:
        faults.append((rows.line_num, f"not CSV: {error}"))
    except StopReading:
        return
    if options is None:
        faults.append((1, f"no header; the first line must be {WANTED}"))


def _options(line: int, cells: Sequence[str], faults: Faults) -> int | None:
    """How many columns of options the header has."""
    names = [cell.strip() for cell in cells]
    count = len(names) - len(FIRST) - 1
    wanted = [*FIRST, *(letter(index) for index in range(max(count, 0))), LAST]
    if [name.casefold() for name in names] == [name.casefold() for name in wanted] and 2 <= count <= MOST_OPTIONS:
        return count
    faults.append(
        (line, f"the header must be {WANTED} with 2 to {MOST_OPTIONS} options (got {','.join(names)[:100]!r})")
    )
    return None


def _row(line: int, options: int, cells: Sequence[str], faults: Faults) -> tuple[str, Question] | None:
    told = len(faults)
    if len(cells) != len(FIRST) + options + 1:
        faults.append((line, f"{len(cells)} cells, wanted {len(FIRST) + options + 1}; quote what holds a comma"))
        return None
    place = path_in(line, cells[0], faults)
    long = next((cell for cell in cells if len(cell) > LONGEST_TEXT), None)
    odd = next((cell for cell in cells[1:] if any(ord(character) < 32 for character in cell)), None)
    if long is not None or odd is not None:
        what = f"more than {LONGEST_TEXT} characters" if long is not None else "control characters"
        faults.append((line, f"a cell has {what} (it begins {(long or odd or '')[:40]!r})"))
        return None
    given = list(cells[len(FIRST) : -1])
    while given and not given[-1]:
        given.pop()
    question = Question(text=cells[1], options=tuple(given), answer=_answer(line, given, cells[-1], faults))
    fault = fault_in(question)
    if fault is not None:
        faults.append((line, f"the question cannot be put: {fault}"))
    return (place, question) if place is not None and len(faults) == told else None


def _answer(line: int, options: Sequence[str], text: str, faults: Faults) -> int | None:
    known = letters(options)
    if text and text.upper() not in known:
        faults.append((line, f"answer must be the letter of an option, {', '.join(known)} (got {text[:40]!r})"))
        return None
    return known.index(text.upper()) if text else None
