import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rocot.engine.job import Job
from rocot.engine.stage import Rejected
from rocot.errors import ServiceError, TeacherError
from tests.engine.toys import Graded, Making, Workshop, Wound, fail_passing

ROLLOUTS = 8
LED: "Job[Graded]" = Job("train", workers=64, led=True)
ONE = Making(count=1, rollouts=ROLLOUTS)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "run")


@dataclass
class Desk:
    """A stage that takes a moment, and notes who was at it together with whom."""

    fails: dict[int, Exception] = field(default_factory=dict)
    """What comes of rollouts."""
    begun: list[str] = field(default_factory=list)
    together: Counter[str] = field(default_factory=Counter)
    """The most rollouts of a clip at once, until one of them had gone through."""
    now: Counter[str] = field(default_factory=Counter)
    through: set[str] = field(default_factory=set)

    async def __call__(self, item: Wound) -> Rejected | None:
        self.begun.append(item.key)
        self.now[item.id] += 1
        if item.id not in self.through:
            self.together[item.id] = max(self.together[item.id], self.now[item.id])
        await asyncio.sleep(0.005)
        self.now[item.id] -= 1
        if item.rollout in self.fails:
            raise self.fails[item.rollout]
        self.through.add(item.id)
        return None


def passing() -> TeacherError:
    return TeacherError("timeout", "", passing=True)


async def test_one_rollout_of_each_clip_goes_ahead_of_the_others(shop: Workshop) -> None:
    desk = Desk()
    assert await shop.work(Making(count=6, rollouts=ROLLOUTS, during=desk), LED) == "finished"
    assert desk.together == Counter({f"toy/{number:05d}": 1 for number in range(6)})
    assert len(desk.begun) == len(set(desk.begun)) == 6 * ROLLOUTS
    assert sorted(desk.begun[:6]) == [f"toy/{number:05d}#0" for number in range(6)], "clips do not wait for one another"


async def test_without_a_lead_all_begin_at_once(shop: Workshop) -> None:
    desk = Desk()
    await shop.work(Making(count=1, rollouts=ROLLOUTS, during=desk), Job("train", workers=64))
    assert desk.together["toy/00000"] == ROLLOUTS


async def test_who_leads_changes_nothing_that_is_stored(tmp_path: Path) -> None:
    led, free = Workshop(tmp_path / "led"), Workshop(tmp_path / "free")
    await led.work(Making(rollouts=3), LED)
    await free.work(Making(rollouts=3))
    assert led.harvest(Making(rollouts=3)) == free.harvest(Making(rollouts=3))
    await led.work(Making(rollouts=3))
    assert led.speaks == []


async def test_those_who_wait_hold_no_slot(shop: Workshop) -> None:
    others = asyncio.Event()
    ended: list[str] = []

    async def slow_at_first(item: Wound) -> None:
        if item.key == "toy/00000#0":
            await asyncio.wait_for(others.wait(), 5)
        ended.append(item.key)
        if len(ended) == 3 * ROLLOUTS:
            others.set()

    two: Job[Graded] = Job("train", workers=2, led=True)
    assert await shop.work(Making(count=4, rollouts=ROLLOUTS, during=slow_at_first), two) == "finished"
    assert [key for key in ended[: 3 * ROLLOUTS] if key.startswith("toy/00000")] == [], "the other slot did it all"


@pytest.mark.parametrize("led", [False, True])
async def test_with_many_clips_the_slots_are_as_full_as_without_a_lead(shop: Workshop, *, led: bool) -> None:
    clips, slots = 12, 6
    speaking: list[str] = []
    begun: set[str] = set()
    change = asyncio.Condition()

    async def until_all_slots_speak(item: Wound) -> None:
        async with change:
            speaking.append(item.key)
            begun.add(item.id)
            change.notify_all()
            await change.wait_for(lambda: len(begun) == clips or (len(speaking) == slots and speaking[0] == item.key))
            speaking.remove(item.key)
            change.notify_all()

    making = Making(count=clips, rollouts=ROLLOUTS, during=until_all_slots_speak)
    ending = await shop.work(making, Job("train", workers=slots, led=led))  # a slot that nobody takes: never
    assert ending == "finished"
    assert shop.tally.stages["speak"].done == clips * ROLLOUTS


@pytest.mark.parametrize("failing", [1, 3, ROLLOUTS - 1])
async def test_where_a_leader_fails_in_passing_the_next_one_leads(shop: Workshop, failing: int) -> None:
    desk = Desk(fails={number: passing() for number in range(failing)})
    await shop.work(Making(count=1, rollouts=ROLLOUTS, during=desk), LED)
    assert desk.together["toy/00000"] == 1
    assert (shop.tally.stages["speak"].done, len(desk.begun)) == (ROLLOUTS - failing, ROLLOUTS)


async def test_all_may_fail(shop: Workshop) -> None:
    assert await shop.work(Making(count=3, rollouts=ROLLOUTS, during=fail_passing), LED) == "finished"
    assert shop.tally.stages["speak"].failed == {"timeout": 3 * ROLLOUTS}


@pytest.mark.parametrize("failure", [TeacherError("length", ""), None])
async def test_a_reply_that_is_worth_nothing_opens_the_way_too(shop: Workshop, failure: TeacherError | None) -> None:
    now = most = 0

    async def spoilt(item: Wound) -> Rejected | None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        if item.rollout == 0 and failure is not None:
            raise failure
        return Rejected("dull") if item.rollout == 0 else None

    await shop.work(Making(count=1, rollouts=ROLLOUTS, during=spoilt), LED)
    assert most == ROLLOUTS - 1


async def test_a_leader_that_has_its_reply_already_leads_nobody(shop: Workshop) -> None:
    await shop.work(Making(count=2, rollouts=2))
    desk = Desk()
    await shop.work(Making(count=2, rollouts=ROLLOUTS, during=desk), LED)
    assert desk.together == Counter({"toy/00000": 1, "toy/00001": 1})
    assert len(desk.begun) == 2 * (ROLLOUTS - 2)


async def test_a_leader_that_meets_what_ends_the_run_holds_nobody_up(shop: Workshop) -> None:
    async def broken(_: Wound) -> None:
        raise ServiceError("the key is refused")

    with pytest.raises(ServiceError):
        await asyncio.wait_for(shop.work(Making(count=2, rollouts=ROLLOUTS, during=broken), LED), 30)
    assert {key.rpartition("#")[2] for key in shop.speaks} == {"0"}, "the others were never begun"


async def test_a_stop_while_one_leads_begins_no_other_and_loses_nothing(shop: Workshop) -> None:
    async def stop(_: Wound) -> None:
        shop.stop.request()
        await asyncio.sleep(0.01)

    assert await asyncio.wait_for(shop.work(Making(count=1, rollouts=ROLLOUTS, during=stop), LED), 30) == "interrupted"
    assert shop.speaks == ["toy/00000#0"]
    assert await shop.work(ONE, LED) == "finished"
    assert sorted(shop.speaks) == [f"toy/00000#{number}" for number in range(1, ROLLOUTS)]


async def test_a_stop_at_once_ends_those_who_wait(shop: Workshop) -> None:
    async def stop(_: Wound) -> None:
        shop.stop.request()
        shop.stop.request()
        await asyncio.sleep(60)

    await asyncio.wait_for(shop.work(Making(count=2, rollouts=ROLLOUTS, during=stop), LED), 30)
    assert await shop.work(ONE, LED) == "finished"
    assert len(shop.speaks) == ROLLOUTS


async def test_a_leader_that_is_cancelled_ends_the_run_and_not_in_a_wait(shop: Workshop) -> None:
    leads = asyncio.Event()

    async def hang(_: Wound) -> None:
        leads.set()
        await asyncio.sleep(60)

    working = asyncio.create_task(shop.work(Making(count=1, rollouts=ROLLOUTS, during=hang), LED))
    await asyncio.wait_for(leads.wait(), 30)
    await asyncio.sleep(0.05)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(working, 5)
    assert shop.speaks == ["toy/00000#0"]
