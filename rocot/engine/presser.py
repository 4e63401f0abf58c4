"""The process beside a run that puts chains through its last stage: `python -m rocot.engine.presser`.

The first line says what the stage is, each further one holds a page of chains. It sees no store and asks nobody.
"""

import gc
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import from_json

from rocot.core.record import Item, Json
from rocot.engine.answering import answer
from rocot.engine.page import Ripe
from rocot.engine.press import TURN, Press
from rocot.engine.pressing import Setting, line, told
from rocot.engine.stage import Instant, Step

YOUNG = 50_000
"""Objects that are made before any are looked through for cycles: records have none, and looking takes a tenth."""


@dataclass(frozen=True)
class Known:
    """A stage of which nothing is asked but what it makes."""

    output: type[Item]
    name: str = ""
    identity: Json = None

    def context(self, item: Item, /) -> Json:
        raise NotImplementedError

    async def __call__(self, item: Item, /) -> Item:
        raise NotImplementedError


def press(setting: Setting) -> Press:
    """What the first line makes of the process."""
    sys.path[:] = setting["paths"]
    make = _found(setting["make"])
    assert callable(make)
    stage = make(setting["settings"])
    assert isinstance(stage, Instant)
    steps = [Step(Known(type_named(name)), fingerprint, rollouts) for name, fingerprint, rollouts in setting["steps"]]
    last = Step(stage, steps[-1].fingerprint, steps[-1].rollouts)
    return Press(type_named(setting["clip"]), (*steps[:-1], last), stage)


def type_named(name: str) -> type[Item]:
    """The class of items that `pressing.name_of` names."""
    found = _found(name)
    assert isinstance(found, type)
    assert issubclass(found, Item)
    return found


def _found(name: str) -> object:
    module, _, path = name.partition(":")
    found: object = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def presser(first: bytes) -> Callable[[bytes], bytes]:
    """What answers pages."""
    gc.set_threshold(YOUNG)
    through = press(from_json(first)).through

    def told_of(page: bytes) -> bytes:
        chains = [Ripe(None, **chain) for chain in from_json(page)]
        outcomes = [one for start in range(0, len(chains), TURN) for one in through(chains[start : start + TURN])]
        return line([None if outcome is None else told(outcome) for outcome in outcomes])

    return told_of


if __name__ == "__main__":
    answer(presser)
