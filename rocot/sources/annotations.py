"""The CSV of a folder of videos: `path,label,start,end`. All its faults are told at once, each with its line."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path, PurePosixPath

from rocot.core.span import Span
from rocot.core.truth import NORMAL, Truth
from rocot.errors import ConfigError

COLUMNS = ("path", "label", "start", "end")
LONGEST_LINE = 64 * 1024
"""Bytes. A path has 4096 at most; a longer line is no row, or a quote that was never closed."""
LONGEST_LABEL = 100
"""Characters."""
MOST_FAULTS = 50
"""Told; the rest is counted."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """What one line says of a video."""

    line: int
    label: str | None
    span: Span | None


@dataclass(frozen=True)
class Annotations:
    """What a CSV says, by the path of the video relative to its folder (POSIX)."""

    truths: dict[str, Truth]
    labels: tuple[str, ...]
    """All labels but Normal, sorted."""


def read(path: Path, classes: Sequence[str] = ()) -> Annotations:
    """The annotations in a file; labels must be among the classes, where there are any.

    One row an anomaly; a row without `start` and `end` says that nobody localised it, a row without a label that
    nobody named it. `Normal` stands alone, and has no span. Raises ConfigError with every fault of the file.
    """
    if not path.is_file():
        what = "is no plain file" if path.exists() else "no such file"
        raise ConfigError(f"{path}: {what}; annotations must be a CSV with the columns {', '.join(COLUMNS)}")
    reading = _Reading(classes)
    try:
        with path.open("rb") as file:
            reading.take(lines(iter(lambda: file.readline(LONGEST_LINE + 1), b""), reading.faults))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    truths = reading.truths()
    if reading.faults:
        raise told_faults(path, reading.faults)
    labels = {label for truth in truths.values() for label in truth.labels or ()}
    return Annotations(truths, tuple(sorted(labels - {NORMAL})))


Faults = list[tuple[int, str]]


class StopReading(Exception):  # noqa: N818 - what follows cannot be told apart into lines
    """Raised where a file goes wrong for good; the fault is told already."""


def lines(chunks: Iterator[bytes], faults: Faults) -> Iterator[str]:
    """The lines as text; what is not UTF-8 is a fault, and goes on with question marks."""
    for number, chunk in enumerate(chunks, 1):
        if number == 1 and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
            faults.append((1, "the file is UTF-16; save it as UTF-8"))
            raise StopReading
        if len(chunk) > LONGEST_LINE:
            faults.append((number, f"longer than {LONGEST_LINE:,} bytes; is a quote not closed?"))
            raise StopReading
        try:
            yield chunk.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            faults.append(
                (number, f"byte {error.start + 1} (0x{chunk[error.start]:02x}) is not UTF-8; save it as UTF-8")
            )
            yield chunk.decode("utf-8", "replace")


class _Reading:
    """The rows so far, and the faults so far."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.faults: Faults = []
        self._classes = tuple(classes)
        self._rows: dict[str, list[Row]] = {}
        self._spellings: dict[str, str] = {name.casefold(): name for name in (NORMAL, *classes)}

    def take(self, lines: Iterator[str]) -> None:
        """Reads all rows."""
        rows = csv.reader(lines, strict=True)
        header: list[str] | None = None
        try:
            for cells in rows:
                if not any(cell.strip() for cell in cells):
                    continue
                if header is not None:
                    self._row(rows.line_num, header, cells)
                    continue
                header = self._header(rows.line_num, cells)
                if header is None:
                    return
        except csv.Error as error:
            self.faults.append((rows.line_num, f"not CSV: {error}"))
        except StopReading:
            return
        if header is None:
            self.faults.append((1, f"no header; the first line must be {','.join(COLUMNS)}"))

    def truths(self) -> dict[str, Truth]:
        """What the rows of each video say together."""
        return {path: self._together(path, rows) for path, rows in self._rows.items()}

    def _header(self, line: int, cells: Sequence[str]) -> list[str] | None:
        names = [cell.strip().casefold() for cell in cells]
        missing = [name for name in COLUMNS if name not in names]
        if not missing and len(set(names)) == len(names):
            return names
        other = next((mark for mark in (";", "\t", "|") if len(cells) == 1 and mark in cells[0]), None)
        if other is not None:
            self.faults.append((line, f"columns are separated by {other!r}, want commas"))
        elif len(missing) == len(COLUMNS):
            self.faults.append((line, f"no header; the first line must be {','.join(COLUMNS)}"))
        else:
            strange = [cell for cell in names if cell not in COLUMNS]
            self.faults.extend(
                (line, f"the header has no column {name!r}{_meant(name, strange, 'is it')}") for name in missing
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        self.faults.extend((line, f"the header has two columns {name!r}") for name in twice)
        return None

    def _row(self, line: int, header: Sequence[str], cells: Sequence[str]) -> None:
        if any(cell.strip() for cell in cells[len(header) :]):
            self.faults.append((line, f"{len(cells)} cells under {len(header)} columns; quote what holds a comma"))
            return
        told = len(self.faults)
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        path = path_in(line, values.get("path", ""), self.faults)
        label = self._label(line, values.get("label", ""))
        span = self._span(line, values.get("start", ""), values.get("end", ""))
        if label == NORMAL and span is not None:
            self.faults.append((line, "Normal has no span; leave start and end empty"))
        if path is not None and len(self.faults) == told:
            self._keep(path, Row(line, label, span))

    def _keep(self, path: str, row: Row) -> None:
        before = self._rows.setdefault(path, [])
        same = next((old for old in before if (old.label, old.span) == (row.label, row.span)), None)
        if same is not None:
            self.faults.append((row.line, f"says the same of {path} as line {same.line}"))
            return
        before.append(row)

    def _label(self, line: int, text: str) -> str | None:
        if not text:
            return None
        if len(text) > LONGEST_LABEL or not text.isprintable():
            self.faults.append(
                (line, f"label must be at most {LONGEST_LABEL} printable characters (got {text[:40]!r})")
            )
        elif self._classes and text not in (NORMAL, *self._classes):
            known = _meant(text, [NORMAL, *self._classes])
            self.faults.append(
                (line, f"label {text!r} is none of the classes{known or ': ' + ', '.join(self._classes)}")
            )
        elif (usual := self._spellings.setdefault(text.casefold(), text)) != text:
            self.faults.append((line, f"label {text!r} is spelt {usual!r} elsewhere; did you mean that?"))
        return text

    def _span(self, line: int, start: str, end: str) -> Span | None:
        if not start and not end:
            return None
        if not start or not end:
            self.faults.append((line, f"{'start' if not start else 'end'} is empty; give both or neither"))
            return None
        low, high = self._seconds(line, "start", start), self._seconds(line, "end", end)
        if low is None or high is None:
            return None
        if low >= high:
            self.faults.append((line, f"must end after it starts (got {low:g} to {high:g} s)"))
            return None
        return Span(start=low, end=high)

    def _seconds(self, line: int, column: str, text: str) -> float | None:
        value = float(text) if _NUMBER.fullmatch(text) else None
        if value is None:
            hint = "; write minutes as seconds" if ":" in text else ""
            self.faults.append((line, f"{column} must be a number of seconds (got {text[:40]!r}){hint}"))
        elif not math.isfinite(value):
            self.faults.append((line, f"{column} must be finite (got {text[:40]!r})"))
        elif value < 0:
            hint = "; leave both empty for normal footage" if value == -1 else ""
            self.faults.append((line, f"{column} must not be negative (got {text[:40]!r}){hint}"))
        else:
            return value
        return None

    def _together(self, path: str, rows: Sequence[Row]) -> Truth:
        first, *others = rows
        for row in others:
            if NORMAL in (first.label, row.label):
                self.faults.append((row.line, f"{path} is Normal and something else (line {first.line})"))
            elif (first.label is None, first.span is None) != (row.label is None, row.span is None):
                known = "one has a label and the other none" if (first.label is None) != (row.label is None) else ""
                self.faults.append(
                    (row.line, f"{path} is known otherwise in line {first.line}: {known or 'one has a span, one none'}")
                )
        labels = None if first.label is None else tuple(dict.fromkeys(row.label for row in rows if row.label))
        if labels == (NORMAL,):
            return Truth(labels=labels, spans=())
        spans = sorted((row.span for row in rows if row.span), key=lambda span: (span.start, span.end))
        return Truth(labels=labels, spans=tuple(spans) or None)


def path_in(line: int, text: str, faults: Faults) -> str | None:
    """A path relative to the folder of videos (POSIX); None for one that is a fault."""
    path = PurePosixPath(text)
    if not text or path == PurePosixPath():
        faults.append((line, "path is empty"))
    elif path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:[\\/]", text):
        faults.append((line, f"path leaves the folder of videos (got {text[:200]!r}); want one relative to it"))
    elif "\\" in text:
        faults.append((line, f"path has backslashes (got {text[:200]!r}); separate folders by /"))
    elif any(ord(letter) < 32 for letter in text):
        faults.append((line, f"path has control characters (got {text[:200]!r})"))
    else:
        return str(path)
    return None


def told_faults(path: Path, faults: Faults) -> ConfigError:
    """All faults of a file in one error."""
    told = [f"line {line}: {fault}" for line, fault in sorted(faults, key=itemgetter(0))[:MOST_FAULTS]]
    more = len(faults) - len(told)
    return ConfigError.listing(str(path), [*told, f"and {more} more"] if more else told)


def _meant(name: str, known: Sequence[str], ask: str = "did you mean") -> str:
    close = get_close_matches(name.casefold(), [other.casefold() for other in known], n=1, cutoff=0.5)
    return next((f"; {ask} {other!r}?" for other in known if close and other.casefold() == close[0]), "")
