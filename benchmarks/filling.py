"""A run store with many judged items, made within minutes: 300 of a real run, and the same again under other names.

Each copy has a clip, frames, calls and digests of its own, as long and as hard to deflate as a real one's, and every
row goes through the store's own writing. The digest of what went into a stage is that of the copy.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rocot.core.reflection import Judged
from rocot.engine.attempt import Attempt
from rocot.engine.clip_rows import Listed
from rocot.engine.growth import input_spelt
from rocot.engine.job import Job
from rocot.engine.outcome import Outcome
from rocot.engine.store import Store
from rocot.engine.tables import attempts_of
from tests.flowing import RECIPE, judge, sample_of

REAL = 300
"""Items that a run makes: all the samples that there are."""
AT_ONCE = 512
"""Items that are written together."""
_CALL = re.compile(r'(?<="call":")[0-9a-f]{64}')


@dataclass(frozen=True)
class Made:
    """All that the store holds of one item, its outcomes in the order of the stages."""

    clip: Listed
    attempts: tuple[Attempt, ...]
    outcomes: tuple[Outcome, ...]

    def again(self, number: int) -> "Made":
        """The same as another item of the listing."""
        own = int(self.clip.id.removeprefix("bench/"))

        def renamed(text: str) -> str:
            for old, new in (
                (f"bench/{own:06d}", f"bench/{number:06d}"),
                (f'"video":"{own}"', f'"video":"{number}"'),
                (f'"digest":"{own:032x}', f'"digest":"{number:032x}'),
            ):
                text = text.replace(old, new)
            return _CALL.sub(lambda call: _other(call[0], number - own), text)

        clip = replace(self.clip, id=renamed(self.clip.id), position=number, record=renamed(self.clip.record))
        attempts = tuple(
            replace(one, item=renamed(one.item), call=_other(one.call, number - own)) for one in self.attempts
        )
        outcomes, spelt = [], clip.record
        for one in self.outcomes:
            truth = sample_of(number).truth.model_dump(mode="json")
            given = input_spelt(spelt, truth if one.stage == "judge" else None)
            payload = renamed(one.payload)
            outcomes.append(replace(one, item=renamed(one.item), clip=clip.id, input=given, payload=payload))
            spelt = f"{spelt[:-1]},{payload[1:]}"
        return Made(clip, attempts, tuple(outcomes))


def _other(call: str, by: int) -> str:
    """Another call's key; the same for the item itself."""
    return call if by == 0 else hashlib.sha256(f"{call}+{by}".encode()).hexdigest()


def fill(folder: Path, items: int) -> None:
    """Makes a run folder with so many items, judged by the default gate."""
    job: Job[Judged] = Job("train", 64)
    asyncio.run(judge(folder, min(items, REAL), RECIPE, job))
    with Store(folder) as store:
        made = [_made(store, clip.id) for clip in store.clips("train", count=REAL)]
        assert [one.again(number) for number, one in enumerate(made)] == made
        for start in range(REAL, items, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, items))
            asyncio.run(_write(store, [made[number % REAL].again(number) for number in numbers]))


def _made(store: Store, key: str) -> Made:
    """What there is of an item, made so that it compares and can be written again."""
    row = store.clip(key)
    assert row is not None
    outcomes = [one for item in (key, f"{key}#0") for one in store.outcomes_of(item)]
    attempts = []
    for one in attempts_of(store, f"{key}#0"):
        (reply,) = store.replies_about(one.item, one.stage)
        told = {name: getattr(one, name) for name in _KEPT}
        attempts.append(Attempt(ok=one.kind == "ok", body=reply.body, **told))
    return Made(Listed(row.id, row.split, row.position, row.record), tuple(attempts), tuple(outcomes))


_KEPT = (
    *("call", "item", "stage", "model", "endpoint", "reason", "status", "request_id", "latency"),
    *("prompt_tokens", "completion_tokens", "cached_tokens"),
)


async def _write(store: Store, made: Sequence[Made]) -> None:
    after = await store.list_clips([one.clip for one in made])
    await asyncio.gather(*(store.add_attempt(attempt) for one in made for attempt in one.attempts))
    for stage in zip(*(one.outcomes for one in made), strict=True):
        linked = [replace(one, after=link) for one, link in zip(stage, after, strict=True)]
        after = await asyncio.gather(*map(store.add_outcome, linked))
