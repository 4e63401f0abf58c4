"""The predictions file: JSON lines, untrusted. All its faults are told at once, each with its line."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from rocot.errors import ConfigError
from rocot.evaluate.prediction import Prediction

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
            faults += [f"line {number}: {told}" for told in _told(error)]
        else:
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
                if line.strip():
                    yield number, line
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)[:400]!r}: cannot be read ({error})") from error


def _told(error: ValidationError) -> Iterator[str]:
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults[:MOST_OF_A_LINE]:
        at = fault["loc"]
        if fault["type"] == "too_short" and any(one["loc"][: len(at)] == at != one["loc"] for one in faults):
            continue  # called short only because its parts are at fault, which is told
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}" for part in at)
        want = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
        yield f"{where.lstrip('.')}: {want}" if where else want
