"""What is wrong with a file that people write: where, what was wanted, what stood there, what was meant.

Pydantic finds the faults; its words are for programmers, and it prints what it read. People paste keys into recipes:
nothing here prints a value that may be one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rocot.core.record import Record
from rocot.core.version import PATTERN as VERSION

Level: TypeAlias = "tuple[type[Record], ...]"
"""The records that may stand at one place of a file; several where `kind` chooses."""

WORDS = {
    "^[a-z0-9][a-z0-9._-]{0,63}$": "must be 1 to 64 of a-z 0-9 . _ -, the first a letter or digit",
    VERSION: "must be a semantic version such as 0.1.0 or 1.0.0-rc.1",
    "^(embedded|scripted|(openai|vllm|hf):.+)$": (
        "must be embedded, scripted, openai:<model>, vllm:<model> or hf:<folder>"
    ),
    "^([0-9a-f]{64})?$": "must be the sha256 of a checkpoint, 64 of 0-9 a-f",
    "^[A-Za-z][A-Za-z0-9_]{0,30}$": "must be the name of a tag: a letter, then letters, digits or _",
    r"^[^\s<>][^<>\x00-\x1f]*$": "must be a label without < and >, and must not begin with a space",
}
"""The patterns of a recipe's texts, in words."""

ELSEWHERE = {
    "base_url": "--base-url",
    "rpm": "--rpm",
    "tpm": "--tpm",
    "max_calls": "--max-calls",
    "max_cost": "--max-cost",
    "cache": "the variable ROCOT_CACHE",
    "cache_quota": "the variable ROCOT_CACHE_QUOTA",
    "decoders": "--decoders",
    "deadline": "--deadline",
    "run": "--run",
    "workers": "--workers",
    "concurrency": "--workers",
}
"""Names that people look for in a recipe. Where it runs changes no data, so it is no part of one."""


@dataclass(frozen=True)
class Form:
    """How a kind of file calls its parts."""

    whole: str
    """What is at fault where no part of it is named; empty for nothing."""
    entry: str
    """What has a name and a value."""
    entries: str
    """Several of them, as one value."""
    elsewhere: Mapping[str, str]
    """Names that people look for in it, and where they are set."""


TOML = Form("the file", "setting", "table", ELSEWHERE)
LINE = Form("", "key", "object", {})
"""One JSON object."""

_SECRET_NAME = re.compile(
    r"api_?key|secret|password|passwd|credential|bearer|authori[sz]ation|token$|^key$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"(^|\W)(sk|pk|hf|gh[opsu]|xox[a-z]|AKIA)[-_]?[A-Za-z0-9_-]{8,}|[A-Za-z0-9+_-]{32,}")
_LONGEST_VALUE = 60


def faults_of(error: ValidationError, kind: type[Record], form: Form = TOML, *, most: int | None = None) -> list[str]:
    """Every fault of what should have been a `kind`, each once, in the order of its fields; so many, at most."""
    wants: dict[str, list[str]] = {}
    tails: dict[str, str] = {}
    for fault in error.errors(include_url=False)[:most]:
        if not _echo(fault):
            path, level = _place(fault["loc"], kind)
            want, got, hint = _told(fault, level, form)
            wants.setdefault(path, []).append(want)  # a value that fits no arm of a union is one fault
            tails[path] = max(tails.get(path, ""), got + hint, key=len)
    told = {
        path or form.whole: _either(want).replace(" or must be", " or") + tails[path] for path, want in wants.items()
    }
    return [f"{path}: {fault}" if path else fault for path, fault in told.items()]


def _echo(fault: ErrorDetails) -> bool:
    """Whether a list is called short only because its parts are at fault, which is told in their own lines."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _place(loc: Sequence[int | str], kind: type[Record]) -> tuple[str, Level]:
    """The dotted path as it reads in the file, and the records whose names are allowed at its last part."""
    here: Level = (kind,)
    path, around = "", here
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif chosen := tuple(record for record in here if part in _kinds(record)):
            here = chosen  # pydantic names the arm of a union: it says which record is meant, the file does not
        elif here:
            path += ("." if path else "") + ("(hidden)" if _SECRET_VALUE.search(part) else _short(part))
            around, here = here, _below(here, part)
    return path, around


def _kinds(record: type[Record]) -> tuple[str, ...]:
    kind = record.model_fields.get("kind")
    return get_args(kind.annotation) if kind else ()


def _below(level: Level, name: str) -> Level:
    fields = (record.model_fields[name] for record in level if name in record.model_fields)
    return tuple(found for field in fields for found in _records(field.annotation))


def _records(annotation: object) -> Iterator[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for part in get_args(annotation):
        yield from _records(part)


def _told(fault: ErrorDetails, level: Level, form: Form) -> tuple[str, str, str]:
    """What was wanted, what stood there, and what was perhaps meant."""
    context, value = fault.get("ctx", {}), fault["input"]
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    want, got, hint = _in_words(fault["msg"], form), _got(name, value, form), ""
    match fault["type"]:
        case "missing":
            want, got = "missing", ""
        case "extra_forbidden":
            want, hint = f"no such {form.entry}", _hint(name, level, form)
        case "json_invalid":
            want = f"is no JSON: {context['error'].replace('line 1 ', '')}"
        case "too_short" | "too_long":
            want = want.partition(" after validation")[0]
            got = f" (got {len(value) if isinstance(value, list) else context['actual_length']})"
        case "value_error":
            want, got = str(context["error"]), ""
        case "union_tag_not_found":
            want, got = "kind is missing", ""
        case "union_tag_invalid":
            names = re.findall(r"'([^']+)'", context["expected_tags"])
            want, got = f"kind must be {_either(names)}", _got(name, context["tag"], form)
            hint = _nearest(str(context["tag"]), names)
        case "literal_error":
            names = re.findall(r"'([^']+)'", context["expected"])
            want, hint = f"must be {_either(names)}", _nearest(str(value), names)
        case "string_pattern_mismatch":
            want = WORDS[context["pattern"]]
    return want, got, hint


def _in_words(message: str, form: Form) -> str:
    words = re.sub("^(Input|String|Tuple|List) should", "must", message).replace("a valid integer", "a whole number")
    return words.replace("a valid ", "a ").replace("an object", _one(form.entries))


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _hint(name: str, level: Level, form: Form) -> str:
    if form.elsewhere and _SECRET_NAME.search(name):
        return "; keys come from the environment, never from a recipe"
    if name in form.elsewhere:
        return f"; it changes no data and is set by {form.elsewhere[name]}"
    return _nearest(name, [field for record in level for field in record.model_fields])


def _nearest(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _got(name: str, value: object, form: Form) -> str:
    if isinstance(value, dict | list):
        return f" (got {_one(form.entries) if isinstance(value, dict) else 'a list'})"
    text = value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False)
    if _SECRET_NAME.search(name) or _SECRET_VALUE.search(text):
        return " (what stands there is not shown)"
    return f" (got {_short(text)})"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."
