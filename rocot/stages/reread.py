"""Stored replies, read again by today's parsers: what was refused may be understood now."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import ValidationError

from rocot.core.clip import Clip
from rocot.core.record import Json, Record
from rocot.core.reply import parse_answer, parse_opinion, parse_reflection, parse_review
from rocot.engine.attempt import Attempt
from rocot.engine.outcome import Outcome
from rocot.engine.store import Store
from rocot.errors import ReplyError, TeacherError
from rocot.teacher.completion import read

Verdict: TypeAlias = Literal["as before", "parses now", "read otherwise", "parses no more"]


@dataclass(frozen=True)
class _Reading:
    """How a stage reads what it was replied, and where that stands in what it made."""

    parse: Callable[[str, Clip], Record]
    parsed: str
    said: str
    within: str = ""
    """The field that holds both, where a stage keeps them in one."""

    def made(self, payload: str) -> Mapping[str, Json]:
        """What holds both in what a stage made."""
        whole = json.loads(payload)
        made: Mapping[str, Json] = whole[self.within] if self.within else whole
        return made


_READINGS: Mapping[str, _Reading] = {
    "reason": _Reading(lambda text, clip: parse_answer(text, clip.task, clip.classes), "initial", "initial_said"),
    "reflect": _Reading(lambda text, _: parse_reflection(text), "reflection", "reflection_said"),
    "revise": _Reading(lambda text, clip: parse_answer(text, clip.task, clip.classes), "revised", "revised_said"),
    "reanswer": _Reading(lambda text, clip: parse_opinion(text, clip.classes), "opinion", "said", "reanswer"),
    "counterfactual": _Reading(
        lambda text, clip: parse_opinion(text, clip.classes), "opinion", "said", "counterfactual"
    ),
    "critic": _Reading(lambda text, _: parse_review(text), "review", "said", "critic"),
}


@dataclass
class Reread:
    """What came of it."""

    replies: int = 0
    """Outcomes that hang on a reply."""
    changed: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    """By stage: these are forgotten, and made again from the same replies by the next run."""
    failing: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those that fail as they did, by stage and reason."""


async def reread(store: Store) -> Reread:
    """Reads every stored reply again; outcomes that would come out otherwise are forgotten. Raises StoreError."""
    found, seq = Reread(), 0
    while page := store.outcomes_after(seq):
        for outcome in page:
            reading = _READINGS.get(outcome.stage)
            if reading is None or outcome.kind == "rejected" or not outcome.whole:
                continue
            verdict = await _judged(store, outcome, reading)
            if verdict is None:
                continue
            found.replies += 1
            if verdict != "as before":
                found.changed[outcome.stage, verdict] += 1
                await store.forget(outcome)
            elif outcome.kind == "failed":
                found.failing[outcome.stage, outcome.reason] += 1
        seq = page[-1].seq
    return found


async def _judged(store: Store, outcome: Outcome, reading: _Reading) -> Verdict | None:
    """How an outcome's reply is read now; None for one that had none."""
    clip = _clip(store, outcome.clip)
    if clip is None:
        return None
    if outcome.kind == "done":
        return _compared(outcome, reading, clip)
    replies = store.replies_about(outcome.item, outcome.stage)
    for reply in replies:
        try:
            whole = read(reply.body)
            reading.parse(whole.text, clip)
        except (TeacherError, ReplyError):
            continue
        if not reply.ok:  # nothing is sent, but from now on there is a whole reply to this call
            attempt = Attempt(
                call=reply.call,
                item=outcome.item,
                stage=outcome.stage,
                model=reply.model,
                endpoint="stored",
                ok=True,
                status=200,
                body=reply.body,
                request_id=reply.request_id,
                cost=0.0,
            )
            await store.add_attempt(attempt)
        return "parses now"
    return "as before" if replies else None


def _compared(outcome: Outcome, reading: _Reading, clip: Clip) -> Verdict | None:
    made = reading.made(outcome.payload)
    said = made[reading.said]
    if not isinstance(said, dict):
        return None
    try:
        now = reading.parse(said["text"], clip)
    except ReplyError:
        return "parses no more"
    return "as before" if json.loads(now.model_dump_json()) == made[reading.parsed] else "read otherwise"


def _clip(store: Store, key: str) -> Clip | None:
    """The clip as it is registered; None where another rocot wrote it, whose samples are made anew in any case."""
    row = store.clip(key)
    try:
        return None if row is None else Clip.model_validate_json(row.record)
    except ValidationError:
        return None
