import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.record import Item
from rocot.engine.clip_rows import Listed
from rocot.engine.ended import Chart, Ended, Endings, Passed
from rocot.engine.page import Met
from rocot.engine.reader import FILE
from rocot.engine.seals import notes_of
from rocot.engine.stage import Plan, Rejected, Step, start
from rocot.engine.store import Store
from rocot.engine.walk import erased, fans_out, look
from rocot.errors import TeacherError
from tests.engine.toys import Graded, Making, Speak, Stamp, Toy, Wind, Workshop, Wound, fail_passing, instantly, toys

LONG = "brass" * 200
"""So that payloads are deflated, by the replies they come from."""


async def some_fail(item: Wound) -> Rejected | None:
    if item.key == "toy/00000#1":
        raise TeacherError("timeout", "nothing came", passing=True)
    if item.key == "toy/00001#0":
        raise TeacherError("nonsense", "no JSON")
    return Rejected("dull", "said nothing") if item.id == "toy/00002" else None


@dataclass(frozen=True)
class Choosy(Wind):
    """Turns away and fails before the fan-out."""

    mood: int = 0

    async def __call__(self, item: Toy, /) -> Wound | Rejected:  # type: ignore[override]
        if self.mood and item.key == "toy/00001":
            return Rejected("rusty", "")
        if self.mood > 1 and item.key == "toy/00003":
            await fail_passing(item)
        return await super().__call__(item)


@dataclass
class Moody(Workshop):
    mood: int = 0

    def plan(self, store: Store, making: Making) -> Plan[Graded]:
        return (
            start(toys(making.count, mark=making.mark))
            .then(Choosy(self.winds, mood=self.mood))
            .fan_out(making.rollouts)
            .then(Speak(store, self.speaks, making.accent, making.during))
            .then(Stamp(making.truth, self.grades))
        )


@dataclass(frozen=True)
class Left:
    """What the slow way says of a clip: whether anything is to be done, and how its items ended."""

    anything: bool
    ends: Sequence[Passed]
    finished: int


def left(store: Store, steps: Sequence[Step], item: Item, after: int, index: int = 0) -> Left:
    """Step by step, by digests of what goes in; a link that is not as it should be is to be mended."""
    if index == len(steps):
        return Left(anything=False, ends=(), finished=1)
    rollouts = fans_out(steps, index)
    items = [item] if rollouts is None else [item.fanned(number) for number in range(rollouts)]
    told = [_left(store, steps, one, after, index) for one in items]
    return Left(any(one.anything for one in told), [e for one in told for e in one.ends], sum(o.finished for o in told))


def _left(store: Store, steps: Sequence[Step], item: Item, after: int, index: int) -> Left:
    sight = look(store, steps[index], item, store.last_outcome())
    found = sight.outcome
    if found is None or found.after != after:
        return Left(anything=True, ends=(), finished=0)
    passed = Passed(steps[index].stage.name, found.kind, found.reason)
    if sight.item is None:
        return Left(anything=False, ends=[passed], finished=0)
    behind = left(store, steps, sight.item, found.seq, index + 1) if index + 1 < len(steps) else Left(False, (), 1)  # noqa: FBT003
    return Left(behind.anything or found.counted_as is None, [passed, *behind.ends], behind.finished)


async def told(shop: Workshop, making: Making) -> list[tuple[Ended | None, Left]]:
    """What seals say of each clip, and what the slow way says."""
    with Store(shop.folder) as store:
        plan = shop.plan(store, making)
        steps, items = tuple(plan), list(plan.items)
        listed = [Listed(item.key, "train", place, item.model_dump_json()) for place, item in enumerate(items)]
        await store.start_listing()
        links = await store.list_clips(listed)
        page = [
            Met(item, row.record, link, [erased(step).context(item) for step in steps], row.sha256)
            for item, row, link in zip(items, listed, links, strict=True)
        ]
        quick = Endings(store, Chart.of(steps)).of([(met.link, met.root, met.contexts) for met in page])
        slow = [left(store, steps, met.item, met.link) for met in page]
        return list(zip(quick, slow, strict=True))


def agree(found: Sequence[tuple[Ended | None, Left]]) -> None:
    for quick, slow in found:
        if quick is not None:
            assert not slow.anything
            assert (Counter(quick.outcomes), quick.finished) == (Counter(slow.ends), slow.finished)


DAMAGES = (
    *(
        "payload = '{}'",
        "payload = replace(payload, 'tin', 'tim')",
        "payload = replace(payload, '0', '1')",
        "payload = 7",
        "payload = CAST(x'd2ff' AS TEXT)",
    ),
    *("payload = zeroblob(9)", "kind = 'failed'", "kind = 'rejected'", "kind = 'done'", "reason = 'x'", "detail = 'x'"),
    *("kind = CAST(kind AS BLOB)", "reason = CAST(x'd2ff' AS TEXT)", "sha256 = 'x'", "input = 'x'", "passing = 1"),
    *(
        "passing = 0",
        "rollout = 0",
        "rollout = 1",
        "rollout = 2",
        "rollout = NULL",
        "after = NULL",
        "after = after + 1",
    ),
    *("after = after - 1", "after = -1", "item = 'toy/00000#0'", "clip = 'toy/00000'", "counted_as = NULL"),
    *("seal = NULL", "seal = zeroblob(32)", "seal = (SELECT seal FROM outcome AS o WHERE o.seq = outcome.seq + 1)"),
    *("base = NULL", "base = base + 1", "seq = seq + 1000", "fingerprint = 'x'"),
    "after = (SELECT after FROM outcome AS o WHERE o.stage = outcome.stage AND o.seq > outcome.seq)",
    "payload = (SELECT payload FROM outcome AS o WHERE o.stage = outcome.stage AND o.seq <> outcome.seq)",
    "fingerprint = (SELECT fingerprint FROM outcome AS o WHERE o.stage = outcome.stage ORDER BY seq DESC)",
)
ROWS = (
    "DELETE FROM outcome WHERE seq = {0}",
    *(f"UPDATE outcome SET {change} WHERE seq = {{0}}" for change in DAMAGES),
)
OTHERS = (
    *("DELETE FROM attempt WHERE seq = {0}", "UPDATE attempt SET body = zeroblob(99) WHERE seq = {0}"),
    *("UPDATE attempt SET packed = 1 - packed WHERE seq = {0}", "UPDATE attempt SET body = x'78' WHERE seq = {0}"),
    *("UPDATE clip SET sha256 = 'x' WHERE seq = {0}", "UPDATE clip SET record = '{}' WHERE seq = {0}"),
    *("UPDATE clip SET split = 'test' WHERE seq = {0}", "UPDATE clip SET seq = seq + 1000 WHERE seq = {0}"),
    "UPDATE clip SET gone = 1 WHERE seq = {0}",
)
TEXTS = tuple(
    f"UPDATE outcome SET {name} = replace({name}, {old}, {new}) WHERE seq = {{0}}"
    for name in ("payload", "input", "reason", "detail", "sha256")
    for old, new in (("0", "1"), ("'n'", "'m'"))
)
"""Of the same length as before."""
WIDE = max(len(toy.id) for toy in toys(1))
TRUTHS = (len, lambda _: 99, lambda key: int(key[WIDE - 1 : WIDE]))

makings = st.builds(
    lambda count, mark, rollouts, accent, fails, truth: Making(
        count, mark, rollouts, accent, some_fail if fails else instantly, TRUTHS[truth]
    ),
    *(st.sampled_from((3, 4)), st.integers(0, 1), st.integers(1, 3), st.sampled_from(("tin", LONG)), st.booleans()),
    st.integers(0, len(TRUTHS) - 1),
)
events = st.tuples(
    makings,
    st.integers(0, 2),
    st.lists(
        st.tuples(st.one_of(*map(st.sampled_from, (TEXTS, ROWS, OTHERS))), st.integers(1, 40)), min_size=1, max_size=4
    ),
)


def meddle(folder: Path, changes: Sequence[tuple[str, int]]) -> None:
    connection = apsw.Connection(str(folder / FILE))
    for change, seq in changes:
        last = connection.execute("SELECT max(seq) FROM outcome").get
        assert isinstance(last, int)
        with suppress(apsw.ConstraintError):
            connection.execute(change.replace("{0}", str(1 + seq % last)))
    connection.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(events, min_size=1, max_size=3), makings)
def test_what_seals_call_finished_is_finished(
    history: Sequence[tuple[Making, int, list[tuple[str, int]]]], last: Making
) -> None:
    with TemporaryDirectory() as folder:
        shop = Moody(Path(folder))
        for making, mood, changes in history:
            shop.mood = mood
            asyncio.run(shop.work(making))
            meddle(shop.folder, changes)
            for wanted in (making, last):
                agree(asyncio.run(told(shop, wanted)))


@pytest.fixture
def shop(tmp_path: Path) -> Moody:
    return Moody(tmp_path)


async def untold(shop: Workshop, making: Making) -> list[int]:
    """Places of the clips that seals say nothing of."""
    found = await told(shop, making)
    agree(found)
    return [place for place, (quick, _) in enumerate(found) if quick is None]


@pytest.mark.parametrize("accent", ["tin", LONG])
async def test_a_finished_run_is_told_by_seals_and_by_nothing_else(shop: Moody, accent: str) -> None:
    making, shop.mood = Making(accent=accent, rollouts=3, during=some_fail), 1
    await shop.work(making)
    assert await untold(shop, making) == [0], "its failure may pass"
    assert await untold(shop, Making(accent=accent, during=some_fail)) == [0], "fewer rollouts"
    assert len(await untold(shop, Making(accent=accent, rollouts=4, during=some_fail))) == 9, "more rollouts"
    assert len(await untold(shop, Making(accent="lead", rollouts=3))) == 9
    changed = Making(accent=accent, rollouts=3, truth=lambda key: 99 if key == "toy/00004" else len(key))
    assert await untold(shop, changed) == [0, 4]
    assert len(await untold(shop, Making(accent=accent, rollouts=3, mark=1))) == 10, "other records are other clips"


async def test_judging_again_seals_what_it_judges(shop: Moody) -> None:
    await shop.work()
    again = Making(truth=lambda _: 99)
    await shop.work(again)
    assert len(shop.grades) == 20
    assert await untold(shop, again) == []


async def test_what_has_no_seal_is_read_once_and_told_by_its_seal_then(shop: Moody) -> None:
    await shop.work()
    meddle(shop.folder, [("UPDATE outcome SET seal = NULL WHERE seq <> {0}", 0)])
    assert len(await untold(shop, Making())) == 10
    await shop.work()
    assert (shop.winds, shop.speaks, shop.grades) == ([], [], [])
    assert shop.tally.stages["grade"].reused == 20
    assert await untold(shop, Making()) == []
    meddle(shop.folder, [("UPDATE outcome SET sha256 = 'x' WHERE item = 'toy/00003#1' OR seq = -{0}", 0)])
    assert await untold(shop, Making()) == [3]


@pytest.mark.parametrize("damage", ["body = zeroblob(99)", "packed = 1 - packed", "seq = seq + 1000"])
async def test_a_damaged_reply_that_payloads_are_deflated_by_breaks_their_seals(shop: Moody, damage: str) -> None:
    making = Making(accent=LONG)
    await shop.work(making)
    whole = shop.harvest(making)
    meddle(shop.folder, [(f"UPDATE attempt SET {damage} WHERE item = 'toy/00003#1' OR seq = -{{0}}", 0)])
    assert await untold(shop, making) == [3]
    await shop.work(making)
    assert shop.harvest(making) == whole


@dataclass
class Straight(Workshop):
    def plan(self, store: Store, making: Making) -> Plan[Graded]:
        return cast("Plan[Graded]", start(toys(making.count)).then(Wind(self.winds)))


@dataclass
class Parted(Workshop):
    def plan(self, store: Store, making: Making) -> Plan[Graded]:
        items = (Wound(id=toy.id, turns=1) for toy in toys(making.count))
        return (
            start(items)
            .fan_out(making.rollouts)
            .then(Speak(store, self.speaks, making.accent, making.during))
            .then(Stamp(making.truth, self.grades))
        )


@pytest.mark.parametrize("kind", [Straight, Parted])
async def test_plans_that_fan_out_nowhere_or_first_are_told_by_seals_too(tmp_path: Path, kind: type[Workshop]) -> None:
    shop = kind(tmp_path)
    await shop.work()
    assert await untold(shop, Making()) == []
    meddle(shop.folder, [("UPDATE outcome SET detail = 'x' WHERE seq = {0}", 0)])
    assert len(await untold(shop, Making())) == 1


def test_records_of_other_fields_and_other_contexts_have_other_notes(shop: Moody) -> None:
    with Store(shop.folder) as store:
        steps = tuple(shop.plan(store, Making()))
        notes = notes_of(steps, (None, None, 1))
        other = (Step(steps[1].stage, steps[0].fingerprint, None), *steps[1:])
        assert len({*notes, *notes_of(steps, (None, None, 2)), *notes_of(other, (None, None, 1))}) == 7
        assert notes_of(steps, (None, None, 1)) == notes
        assert notes_of(steps, (None, 0, 1))[0] == notes[0]
