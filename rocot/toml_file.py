"""A record from a TOML file that people write: read with care, checked whole, all its faults told at once."""

import json
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from rocot.core.record import Record
from rocot.errors import ConfigError
from rocot.toml_faults import faults_of

MOST_BYTES = 1_000_000
"""Of a file. A video that is named by mistake is not read whole."""

R = TypeVar("R", bound=Record)


def load(path: Path, kind: type[R]) -> R:
    """The record in the file. Raises ConfigError with every fault of the file, or with why it cannot be read."""
    try:
        table = tomllib.loads(_text_of(path))
    except RecursionError as error:
        raise ConfigError(f"{path}: not TOML (nested too deep)") from error
    except ValueError as error:  # tomllib's own error, and int's for a number of thousands of digits
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        # By way of JSON, whose strict mode takes lists for tuples and text for paths, and nothing else for a number.
        return kind.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        raise ConfigError.listing(str(path), faults_of(error, kind)) from error


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path}: over {MOST_BYTES // 1000} kB, too long for a file that people write")
    try:
        return data.decode("utf-8-sig")  # editors on Windows put a mark in front
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}: not UTF-8 text (line {line}); save it as UTF-8") from error
