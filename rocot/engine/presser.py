"""The process beside a run that puts chains through its last stage: `python -m rocot.engine.presser`.

It reads lines from standard input and answers each: the first says what the stage is, each further one holds a page of
chains. It sees no store and asks nobody, so whatever ends it loses nothing. It ends when its parent does.
"""

import gc
import importlib
import os
import signal
import sys
from dataclasses import dataclass

from pydantic_core import from_json

from rocot.core.record import Item, Json
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


def main() -> None:
    """Serves until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the parent finishes what is in flight
        signal.signal(number, signal.SIG_IGN)
    gc.set_threshold(YOUNG)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints shall not print into an answer
    first = sys.stdin.buffer.readline()
    if not first:
        return
    through = press(from_json(first)).through
    for page in sys.stdin.buffer:
        chains = [Ripe(None, **chain) for chain in from_json(page)]
        outcomes = [one for start in range(0, len(chains), TURN) for one in through(chains[start : start + TURN])]
        answers.write(line([None if outcome is None else told(outcome) for outcome in outcomes]))
        answers.flush()


if __name__ == "__main__":
    main()
