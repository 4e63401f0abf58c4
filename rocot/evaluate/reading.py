"""The predictions file: JSON lines, untrusted. All its faults are told at once, each with its line."""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from rocot.errors import ConfigError
from rocot.evaluate.prediction import Prediction
from rocot.toml_faults import LINE, faults_of

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes: ten million scores."""
MOST_LINES = 2_000_000
MOST_FAULTS = 50
"""Told; the rest is not read."""
MOST_OF_A_LINE = 5
"""Told."""


def read_predictions(path: Path) -> list[Prediction]:
    """The predictions of a file, in its order. Raises ConfigError with every fault of it."""
    found: list[Prediction] = []
    lines: dict[str, int] = {}
    faults: list[str] = []
    for number, line in _lines(path):
        try:
            one = Prediction.model_validate_json(line, strict=True)
        except ValidationError as error:
            _check_utf8(path, number, line)
            faults += [f"line {number}: {told}" for told in faults_of(error, Prediction, LINE, most=MOST_OF_A_LINE)]
        else:
            faults += [f"line {number}: {name} stands there twice; leave one of them" for name in _twice(line, one)]
            if lines.setdefault(one.id, number) != number:
                faults.append(f"line {number}: {one.id[:80]!r} stands in line {lines[one.id]} already")
            found.append(one)
        if len(faults) > MOST_FAULTS:
            raise ConfigError.listing(str(path), [*faults[:MOST_FAULTS], "and more; the rest was not read"])
    if faults:
        raise ConfigError.listing(str(path), faults)
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        if not path.is_file():
            what = "is no plain file" if path.exists() else "no such file"
            raise ConfigError(f"{str(path)[:400]}: {what}; predictions are JSON lines, a run or a release")
        with path.open("rb") as file:
            for number in range(1, MOST_LINES + 2):
                line = file.readline(LONGEST_LINE + 1)
                if not line:
                    return
                if len(line) > LONGEST_LINE or number > MOST_LINES:
                    raise ConfigError(
                        f"{path}:{number}: want at most {MOST_LINES:,} lines of {LONGEST_LINE >> 20} MiB each"
                    )
                if number == 1:
                    line = _text(path, line)
                if line.strip():
                    yield number, line.rstrip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)[:400]!r}: cannot be read ({error})") from error


def _text(path: Path, first: bytes) -> bytes:
    """The first line without the mark that editors on Windows put in front. Raises ConfigError for UTF-16 and films."""
    encoding = json.detect_encoding(first)
    if not encoding.startswith("utf-8"):
        raise ConfigError(
            f"{path}: not UTF-8 text (it begins as {encoding.upper()} does, or as no text); save it as UTF-8"
        )
    return first.removeprefix(BOM_UTF8)


def _check_utf8(path: Path, number: int, line: bytes) -> None:
    """Raises ConfigError for a line in another encoding: so will be others, and one message is enough."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (line {number}); save it as UTF-8") from error


def _twice(line: bytes, one: Prediction) -> list[str]:
    """The keys that stand twice in an object of a line, of which readers take one and say nothing."""
    objects = [part for part in (one, one.final, one.first) if part is not None]
    if line.count(b":") <= sum(len(part.model_fields_set) for part in objects):
        return []  # a colon a key: there is none beyond those that were taken, and the line is not read twice
    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        counts = Counter(name for name, _ in pairs)
        found.extend(name for name, count in counts.items() if count > 1)

    json.loads(line, object_pairs_hook=look)
    return found
