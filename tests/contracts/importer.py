"""What every importer does with files that are damaged, hostile, or another dataset's: records, or one clear error."""

import io
import os
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rocot.arrow import table_of
from rocot.errors import ConfigError
from rocot.sources.known.dataset import known
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated, manifest
from rocot.sources.known.settle import Found
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest

Folder = Mapping[str, bytes]
"""The files of a folder by their names, relative to it."""
LONGEST_MESSAGE = 20_000
"""Characters: fifty faults of one line each."""


def valid(dataset: str, folder: Path) -> Folder:
    """Small files of the dataset, sound in every way, as its own tests write them."""
    folder.mkdir(parents=True)
    import_module(f"tests.sources.known.valid_{dataset.replace('-', '_')}").write(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def put(folder: Path, files: Folder) -> None:
    """Writes them into an empty or missing folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def outcome(dataset: str, folder: Path) -> Manifest | str:
    """The manifest, which can be stored, or the text of the ConfigError. Anything else that is raised is a defect."""
    about = known(dataset)
    try:
        files = Files(folder)
        said = annotated(about, files)
    except ConfigError as error:
        told = str(error)
        assert len(told) < LONGEST_MESSAGE, f"a message of {len(told)} characters"
        assert "Traceback" not in told
        return told
    found = {
        one.video: Found(path="v.mp4", fps=25.0, frames=100, duration=4.0, mark="m", sha256="s", hashes=())
        for one in said
    }
    table_of(manifest(about, files, said, found).entries, Entry)
    made = manifest(about, files, said)
    table_of(made.entries, Entry)
    for entry in made.entries:
        assert entry.said.split(":")[0], "a record says where it comes from"
    return made


@dataclass(frozen=True)
class Spoiling:
    """A change to the bytes of one file."""

    name: str
    make: Callable[[bytes], bytes]
    refused: bool = True
    """Whether at least one file of every dataset is refused so damaged."""
    line: Callable[[bytes], int] | None = None
    """The line of a text file at which the damage is, which a message about that file names."""


def _middle(data: bytes) -> int:
    """Just behind the line break next to the middle; the end where there is none."""
    return data.find(b"\n", len(data) // 2) + 1 or len(data)


def _insert(what: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[: _middle(data)] + what + data[_middle(data) :]


def _line(data: bytes) -> int:
    return data.count(b"\n", 0, _middle(data)) + 1


def _number(new: bytes) -> Callable[[bytes], bytes]:
    """Every number behind the first line, or in the second half of a single line, is another."""

    def make(data: bytes) -> bytes:
        half = data.find(b"\n") + 1 if data.count(b"\n") > 1 else len(data) // 2
        return data[:half] + re.sub(rb"(?<![\w.])-?[0-9]+(\.[0-9]+)?(?![\w.])", lambda _: new, data[half:])

    return make


def _strings(new: bytes) -> Callable[[bytes], bytes]:
    """Every string of a JSON file, or cell in quotes, begins with this."""
    return lambda data: re.sub(rb'"([^"\\]*)"', lambda found: b'"' + new + found[1] + b'"', data)


_NOISE = random.Random(0).randbytes(5000)
_DEEP = 100_000

SPOILINGS = (
    Spoiling("empty", lambda _: b""),
    Spoiling("blank", lambda _: b" \n\r\n\t\n"),
    Spoiling("binary", lambda _: _NOISE),
    Spoiling("zeros", lambda _: bytes(1000)),
    Spoiling("UTF-16", lambda data: b"\xff\xfe" + data.decode("latin-1").encode("utf-16-le")),
    Spoiling("zeros within", _insert(bytes(20)), refused=False),
    Spoiling("cut off at a third", lambda data: data[: len(data) // 3], refused=False),
    Spoiling("cut off in the middle", lambda data: data[: len(data) // 2], refused=False),
    Spoiling("cut off before the end", lambda data: data[:-3], refused=False),
    Spoiling("a line of 10 MB", _insert(b"x" * 10_000_000 + b"\n"), line=_line),
    Spoiling("10 MB and no line break", lambda _: b"0123456789" * 1_000_000),
    Spoiling("a Latin-1 letter", _insert(b"caf\xe9"), line=_line),
    Spoiling("a line of nonsense", _insert(b"\nno line of this file\n"), refused=False),
    Spoiling("written twice", lambda data: data + b"\n" + data, refused=False),
    Spoiling("deep JSON", lambda _: b"[" * _DEEP + b"]" * _DEEP),
    Spoiling("deep objects", lambda _: b'{"a":' * _DEEP + b"1" + b"}" * _DEEP),
    Spoiling("JSON of something else", lambda _: b'[null, 1, "x", {"a": [true]}, [[]]]'),
    Spoiling("another JSON", lambda _: b'{"": {"": null}, "a": [], "b": "c", "d": 1e5}'),
    Spoiling("NaN", _number(b"NaN"), refused=False),
    Spoiling("infinity", _number(b"-Infinity"), refused=False),
    Spoiling("1e400", _number(b"1e400"), refused=False),
    Spoiling("10^400", _number(b"1" + b"0" * 400), refused=False),
    Spoiling("10^10000", _number(b"1" + b"0" * 10_000), refused=False),
    Spoiling("2^63", _number(b"9223372036854775808"), refused=False),
    Spoiling("fractions", _number(b"0.5"), refused=False),
    Spoiling("minus five", _number(b"-5"), refused=False),
    Spoiling("Arabic digits", _number("٣".encode()), refused=False),
    Spoiling("booleans", _number(b"true"), refused=False),
    Spoiling("half a surrogate pair", _strings(rb"\ud800"), refused=False),
    Spoiling("control characters", _strings(rb"\u0000\u001b[2J"), refused=False),
    Spoiling("paths out of the folder", _strings(b"../../../etc/passwd"), refused=False),
    Spoiling("spaces for all that is no space", lambda data: re.sub(rb"\S", b" ", data)),
    Spoiling("carriage returns for line breaks", lambda data: data.replace(b"\n", b"\r"), refused=False),
    Spoiling("one carriage return for a line break", lambda data: data.replace(b"\n", b"\r", 1), refused=False),
)


def is_text(name: str, data: bytes) -> bool:
    """Whether the file has lines; UBnormal gives arrays the suffix of a text."""
    return name.endswith((".txt", ".list", ".csv", ".json", ".jsonl")) and b"\0" not in data


HARMLESS = (
    Spoiling("a BOM", lambda data: b"\xef\xbb\xbf" + data, refused=False),
    Spoiling("CRLF", lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), refused=False),
    Spoiling("no break at the end", lambda data: data.rstrip(b"\r\n"), refused=False),
    Spoiling("blank lines at the end", lambda data: data + b"\n\n", refused=False),
)
"""What text files of all datasets may have without a word."""


@dataclass(frozen=True)
class Placing:
    """Something else under a file's name."""

    name: str
    make: Callable[[Path, Path], None]
    """Called with the path, where nothing is, and with that of the sound file outside of the folder."""


PLACINGS = (
    Placing("a link out of the folder", lambda path, outside: path.symlink_to(outside)),
    Placing("a link to nothing", lambda path, _: path.symlink_to(path.parent / "nowhere")),
    Placing("a link to itself", lambda path, _: path.symlink_to(path)),
    Placing("a link to a device", lambda path, _: path.symlink_to("/dev/zero")),
    Placing("a pipe", lambda path, _: os.mkfifo(path)),
    Placing("a folder", lambda path, _: path.mkdir()),
)
"""All of them are as if the file were missing: none is opened."""


def packed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with its first sheet changed; other files as the change makes them."""
    if not data.startswith(b"PK"):
        return change(data)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, change(part) if name.endswith(("sheet1.xml", "sharedStrings.xml")) else part)
    return made.getvalue()
