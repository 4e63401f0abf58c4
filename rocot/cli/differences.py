"""In which settings two recipes differ, by their names."""

import json
from collections.abc import Iterator, Mapping

from rocot.core.record import Json

ELSEWHERE = frozenset({"videos", "annotations", "questions", "manifest", "folder"})
"""Settings of sources and prompts that say where files lie: two machines may differ in them."""
SHOWN = 60
"""Characters of a value."""


def differences(one: str, other: str) -> Iterator[str]:
    """Each setting that differs in two recipes, as JSON, with both values; where files lie and what is withdrawn aside.

    `teacher.temperature is 0.7 there and 1.0 here`: the second recipe is the one here.
    """
    here, there = dict(_leaves(json.loads(other))), dict(_leaves(json.loads(one)))
    for name in sorted({*here, *there}):
        if here.get(name) != there.get(name):
            yield f"{name} is {_told(there, name)} there and {_told(here, name)} here"


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not _aside(path, key):
                yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{place}")
    else:
        yield path, value


def _aside(path: str, key: str) -> bool:
    if not path:
        return key == "withdrawn"
    return key in ELSEWHERE and path.partition(".")[0] in {"sources", "prompts"}


def _told(values: Mapping[str, Json], name: str) -> str:
    return json.dumps(values[name], ensure_ascii=False)[:SHOWN] if name in values else "not set"
