"""JSON of an annotation file as a record; what is otherwise shaped is a fault of the file."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, ValidationError

from rocot.core.record import Json, Record
from rocot.errors import ConfigError
from rocot.sources.known.files import Files


class Shape(Record):
    """What an importer needs of a JSON object; other keys are let be, since datasets add some."""

    model_config = ConfigDict(extra="ignore")


S = TypeVar("S", bound=Shape)


def shaped(value: Json, kind: type[S]) -> S | str:
    """The value as a `kind`, or the first thing in which it is none."""
    try:
        return kind.model_validate(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))[:100]}: {first['msg']}".removeprefix(": ")


def table_of(files: Files, path: Path) -> Mapping[str, Json]:
    """The JSON object in a file. Raises ConfigError where it holds something else."""
    value = files.json(path)
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}:1: want a JSON object, a video a name; is this the right file?")
    return value


def line_of(files: Files, path: Path, name: str) -> int:
    """The line of a JSON file on which a key stands, for messages; 0 where it is spelt in a way of its own."""
    data = files.bytes(path)
    for spelt in {json.dumps(name, ensure_ascii=False), json.dumps(name)}:
        found = re.search(re.escape(spelt.encode(errors="replace")) + rb"\s*:", data)
        if found:
            return data.count(b"\n", 0, found.start()) + 1
    return 0
