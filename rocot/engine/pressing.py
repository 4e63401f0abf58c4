"""What a run and the process beside it tell each other: lines of JSON, and no pickle."""

import sys
from collections.abc import Sequence
from typing import TypeAlias, TypedDict

from pydantic_core import to_json

from rocot.core.record import Item, Json
from rocot.engine.outcome import Kind, Outcome
from rocot.engine.page import Ripe
from rocot.engine.stage import Instant, Step


class Setting(TypedDict):
    """The first line."""

    paths: list[str]
    """Where modules are looked for."""
    make: str
    """`module:callable` that makes the last stage."""
    settings: Json
    """What it is called with."""
    clip: str
    """`module:class` of the clips."""
    steps: list[tuple[str, str, int | None]]
    """Of each: `module:class` of what it makes, fingerprint, rollouts."""


class Sent(TypedDict):
    """A chain; see `Ripe`."""

    record: str
    key: str
    rollout: int | None
    after: int
    trunk: Sequence[str]
    branch: Sequence[str]
    named: str | None
    context: Json


Answer: TypeAlias = tuple[str, str, Kind, str, str, str, bool, str | None]
"""Of an outcome: item, input, kind, payload, reason, detail, passing, counted_as."""


def setting(steps: Sequence[Step], stage: Instant, first: type[Item]) -> Setting:
    """What a process must know to put chains through the last stage of a plan."""
    make, settings = stage.elsewhere
    return Setting(
        paths=sys.path,
        make=make,
        settings=settings,
        clip=name_of(first),
        steps=[(name_of(step.stage.output), step.fingerprint, step.rollouts) for step in steps],
    )


def name_of(kind: type[Item]) -> str:
    """`module:class` of a kind of items."""
    return f"{kind.__module__}:{kind.__qualname__}"


def line(message: "Setting | Sequence[Sent] | Sequence[Answer | None]") -> bytes:
    """As it is sent."""
    return to_json(message) + b"\n"


def sent(ripe: Ripe) -> Sent:
    """A chain as it is sent."""
    return Sent(
        record=ripe.record,
        key=ripe.key,
        rollout=ripe.rollout,
        after=ripe.after,
        trunk=ripe.trunk,
        branch=ripe.branch,
        named=ripe.named,
        context=ripe.context,
    )


def told(outcome: Outcome) -> Answer:
    """An outcome as it is sent back."""
    return (
        *(outcome.item, outcome.input, outcome.kind, outcome.payload),
        *(outcome.reason, outcome.detail, outcome.passing, outcome.counted_as),
    )


def heard(ripe: Ripe, step: Step, answer: Answer) -> Outcome:
    """The outcome again."""
    item, given, kind, payload, reason, detail, passing, counted_as = answer
    return Outcome(
        item=item,
        clip=ripe.key,
        rollout=ripe.rollout,
        stage=step.stage.name,
        fingerprint=step.fingerprint,
        input=given,
        after=ripe.after,
        kind=kind,
        payload=payload,
        reason=reason,
        detail=detail,
        passing=passing,
        counted_as=counted_as,
    )
