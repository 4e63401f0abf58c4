"""The rows of every config as JSON Schema, from the models and the words under their fields.

`python -m rocot.release.row_schema docs/rows.schema.json` writes it. It tells rows as JSON has them, and as `datasets`
and pandas give them: a ClassLabel is a name in JSON, and a number there.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic.json_schema import models_json_schema

from rocot.core.record import NUMBERED, Json, Record
from rocot.release.configs import KINDS
from rocot.release.describe import words_of


def row_schema() -> str:
    """The schema: `#/$defs/Row` of `all`, `SftRow`, `RftRow` and `ControlRow` of the others."""
    kinds = list(KINDS.values())
    _, schema = models_json_schema([(kind, "serialization") for kind in kinds])
    for inner in {inner for kind in kinds for inner in _records(kind)}:
        described = schema["$defs"][inner.__name__]
        described["description"] = " ".join(str(described["description"]).split())
        for name, words in words_of(inner).items():
            described["properties"][name]["description"] = words.replace("\\|", "|")
        for name, info in inner.model_fields.items():
            if NUMBERED in info.metadata:
                _take_numbers(described["properties"][name])
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rows of a rocot release",
        "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds],
        **schema,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _take_numbers(column: dict[str, Json]) -> None:
    """Has a column of names take their numbers as well."""
    names = column.pop("enum")
    assert isinstance(names, list)
    del column["type"]
    column["enum"] = [*names, *range(len(names))]
    column["description"] = f"{column['description']} In JSON a name; in Parquet its number, in this order, from 0."


def _records(annotation: object) -> Iterator[type[Record]]:
    """A record type, and those of its fields, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
        for info in annotation.model_fields.values():
            yield from _records(info.annotation)
    for part in get_args(annotation):
        yield from _records(part)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(row_schema(), encoding="utf-8")
