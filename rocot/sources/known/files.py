"""The annotation files that a user downloaded: found by name, read within bounds, their faults told with line numbers.

They are untrusted: nothing outside the given folder is opened, no file is unpickled, and no line, file or number is
too long for a message.
"""

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from rocot.core.record import Json, canonical
from rocot.errors import ConfigError
from rocot.sources.names import printable

MOST_BYTES = 256 * 1024 * 1024
"""Of one file. HIVAU-70k's training file, the largest known, has some 100 MB."""
LONGEST_LINE = 1024 * 1024
"""Bytes. The longest line known, a row of VAU-Bench, has 9 kB."""
MOST_LINES = 5_000_000
"""Of one file. The longest list known, UCA's sentences, has 15,677."""
MOST_VALUES = 20_000_000
"""Of one JSON file; an empty list takes 56 bytes of memory for three of the file."""
MOST_FAULTS = 50
"""Told; the rest is counted."""
MOST_FILES = 2_000_000
"""Looked at when a folder is searched; the videos may lie in it too."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""JSON may spell what UTF-8 cannot hold."""

Rows: TypeAlias = "Iterator[tuple[int, dict[str, str]]]"


@dataclass(frozen=True)
class Line:
    """A line of a text file, without its end."""

    number: int
    """From 1."""
    text: str


class Files:
    """A folder of annotation files, and the faults found in them so far."""

    def __init__(self, root: Path) -> None:
        """Raises ConfigError where it is no folder."""
        try:
            if not root.is_dir():
                what = "is a file, not a folder" if root.exists() else "no such folder"
                raise ConfigError(f"{root}: {what}; --annotations must be the folder of the dataset's files")
        except (OSError, ValueError) as error:
            raise ConfigError(f"{str(root)[:200]!r}: cannot be the name of a folder ({error})") from error
        self.root = root.resolve()
        self._by_name: dict[str, list[Path]] | None = None
        self._faults: list[tuple[str, int, str]] = []
        self.notes: list[str] = []

    def fault(self, file: str, line: int, fault: str) -> None:
        """Something wrong at a line (0 for the file as a whole). After the fiftieth nothing more is read."""
        self._faults.append((file, line, fault))
        if len(self._faults) > MOST_FAULTS:
            self.check()

    def note(self, file: str, text: str) -> None:
        """What of a file became no record, and why; told at the end of the import."""
        self.notes.append(f"{file}: {text}")

    def check(self) -> None:
        """Raises ConfigError with all faults so far, if there are any."""
        if not self._faults:
            return
        told = [f"{file}{f':{line}' if line else ''}: {fault}" for file, line, fault in self._faults[:MOST_FAULTS]]
        more = len(self._faults) - len(told)
        raise ConfigError.listing(str(self.root), [*told, "and more; the rest was not read"] if more else told)

    def find(self, *names: str) -> Path | None:
        """The first of these files that lies anywhere in the folder; None where none does.

        A name may have folders in front (`test/labels.txt`), all of which must match. Raises ConfigError where two
        files of one name differ.
        """
        for name in names:
            parts = PurePosixPath(name).parts
            found = [path for path in self._named(parts[-1]) if path.parts[-len(parts) :] == parts]
            if found:
                return self._only(name, found)
        return None

    def need(self, *names: str) -> Path:
        """As `find`. Raises ConfigError where none is there."""
        found = self.find(*names)
        if found is None:
            wanted = " or ".join(dict.fromkeys(names))
            raise ConfigError(f"{self.root}: no {wanted} in it; put the dataset's file there, or name another folder")
        return found

    def matching(self, pattern: str) -> list[Path]:
        """The files anywhere in the folder whose names match a shell pattern, sorted."""
        self._named("")
        assert self._by_name is not None
        fits = PurePosixPath
        return sorted(path for name, paths in self._by_name.items() if fits(name).match(pattern) for path in paths)

    def name(self, path: Path) -> str:
        """A file as messages and records call it: relative to the folder, and in UTF-8, whatever its name is in."""
        return printable(path.relative_to(self.root).as_posix())

    def bytes(self, path: Path) -> bytes:
        """The whole file. Raises ConfigError where it cannot be read, is over the limit or is empty."""
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
        if len(data) > MOST_BYTES:
            raise ConfigError(f"{path}: over {MOST_BYTES // 1024 // 1024} MiB; no annotation file is so long")
        if not data.strip():
            raise ConfigError(f"{path}: the file is empty")
        return data

    def lines(self, path: Path) -> Iterator[Line]:
        """The lines that hold something, without spaces at either end; LF or CRLF, with or without a BOM.

        Lines that are not UTF-8 or too long are faults and are left out; a binary file raises ConfigError.
        """
        for number, text in self._text(path):
            if text.strip():
                yield Line(number, text.strip())

    def table(self, path: Path, columns: Sequence[str]) -> Rows:
        """The rows of a CSV with a header, by column, each with the line it ends on. Faults: see `lines`.

        Raises ConfigError where the header lacks one of the columns.
        """
        at, begun = 0, 1

        def feed() -> Iterator[str]:
            nonlocal at  # the reader's own count would miss the lines that are faults
            for number, text in self._text(path):
                at = number
                yield text + "\n"

        rows = csv.reader(feed(), strict=True)
        try:
            header = [cell.strip() for cell in next(rows, [])]
            missing = [column for column in columns if column not in header]
            if missing:
                raise ConfigError(f"{path}:1: the header has no column {', '.join(missing)}; is this the right file?")
            begun = at + 1
            for cells in rows:
                begun = at + 1  # of the next row: an open quote swallows the rest of the file
                if len(cells) != len(header):
                    if any(cell.strip() for cell in cells):
                        self.fault(self.name(path), at, f"{len(cells)} cells under {len(header)} columns")
                    continue
                yield at, dict(zip(header, (cell.strip() for cell in cells), strict=True))
        except csv.Error as error:
            self.fault(self.name(path), begun, f"the row that begins here is not CSV: {error}")

    def json(self, path: Path) -> Json:
        """The JSON in a file. Raises ConfigError with the line where it is none, repeats a key or holds NaN."""
        text = self._decoded(path)
        if text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:  # before they take memory
            raise ConfigError(f"{path}: over {MOST_VALUES:,} values; no annotation file holds so many")
        return self.parse(path, 0, text)

    def parse(self, path: Path, line: int, text: str) -> Json:
        """One JSON text of a file; `line` is where it stands, 0 for the whole file. Raises ConfigError."""
        try:
            value: Json = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
            if _SURROGATE.search(text):
                canonical(value)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path}:{line or error.lineno}: not JSON: {error.msg} (column {error.colno})") from error
        except RecursionError as error:
            raise ConfigError(f"{path}:{line or 1}: not JSON that can be read: nested too deep") from error
        except UnicodeEncodeError as error:
            raise ConfigError(f"{path}:{line or 1}: half a surrogate pair, which stands for no character") from error
        except ValueError as error:  # a key twice, NaN, a number of thousands of digits
            said = "a number of thousands of digits" if str(error).startswith("Exceeds the limit") else error
            raise ConfigError(f"{path}:{line or 1}: {said}") from error
        return value

    def _decoded(self, path: Path) -> str:
        data = self.bytes(path)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(
                f"{path}:{line}: byte 0x{data[error.start]:02x} is not UTF-8; is this the right file?"
            ) from error

    def _text(self, path: Path) -> Iterator[tuple[int, str]]:
        name = self.name(path)
        data = self.bytes(path)
        if b"\0" in data[:4096]:
            what = "UTF-16; save it as UTF-8" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "binary, not text"
            raise ConfigError(f"{path}: the file is {what}")
        if b"\r" in data.strip() and b"\n" not in data:
            raise ConfigError(f"{path}: its lines end in carriage returns; save the file with LF or CRLF")
        for number, line in enumerate(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")), 1):
            if number > MOST_LINES:
                raise ConfigError(f"{path}: over {MOST_LINES:,} lines; no annotation file is so long")
            chunk = line.removesuffix(b"\n")
            if len(chunk) > LONGEST_LINE:
                self.fault(name, number, f"longer than {LONGEST_LINE:,} bytes; is this the right file?")
                continue
            try:
                text = chunk.decode()
            except UnicodeDecodeError as error:
                said = f"byte {error.start + 1} (0x{chunk[error.start]:02x}) is not UTF-8; save the file as UTF-8"
                self.fault(name, number, said)
                continue
            yield number, text.removesuffix("\r")

    def _named(self, name: str) -> list[Path]:
        if self._by_name is None:
            self._by_name = {}
            for path in self._walk():
                self._by_name.setdefault(path.name, []).append(path)
        return self._by_name.get(name, [])

    def _walk(self) -> Iterator[Path]:
        def stop(error: OSError) -> None:
            raise ConfigError(f"{error.filename}: cannot be listed ({error.strerror})") from error

        seen = 0
        for place, folders, names in os.walk(self.root, onerror=stop):
            folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
            seen += len(names)
            if seen > MOST_FILES:
                raise ConfigError(f"{self.root}: over {MOST_FILES:,} files in it; name the folder of the annotations")
            for name in sorted(names):
                path = Path(place) / name
                if path.is_file() and path.resolve().is_relative_to(self.root):
                    yield path

    def _only(self, name: str, found: Sequence[Path]) -> Path:
        first, *others = sorted(found, key=lambda path: (len(path.parts), path))
        content = self.bytes(first)
        different = [other for other in others if self.bytes(other) != content]
        if different:
            where = " and ".join(self.name(path) for path in (first, *different[:1]))
            raise ConfigError(f"{self.root}: {name} lies there twice, and differs: {where}; leave the right one only")
        return first


def _no_twins(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the name {twice[:100]!r} stands there twice")
    return made


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is no number")
