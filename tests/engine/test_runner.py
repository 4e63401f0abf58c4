import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.core.record import Item
from rocot.engine.counts import count_splits
from rocot.engine.job import Job, Target
from rocot.engine.progress import Tally
from rocot.engine.runner import run
from rocot.engine.stage import Rejected, start
from rocot.engine.stop import Stop
from rocot.engine.store import Store
from rocot.errors import ConfigError, ServiceError, TeacherError
from tests.engine.toys import JOB, Graded, Making, Spoken, Toy, Wind, Workshop, Wound, fail_passing, toys


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "run")


async def test_every_rollout_of_every_clip_comes_to_its_end_once(shop: Workshop) -> None:
    assert await shop.work() == "finished"
    assert len(shop.winds) == len(set(shop.winds)) == 10
    assert len(shop.speaks) == len(set(shop.speaks)) == 20
    graded, lost = shop.harvest()
    assert [item.key for item in graded] == [f"toy/{n:05d}#{r}" for n in range(10) for r in range(2)]
    assert all(item.words == tuple(f"tin:0:{item.key}".split(":")) for item in graded)
    assert not lost


async def test_a_second_run_asks_nothing(shop: Workshop) -> None:
    await shop.work()
    first = shop.tally
    assert await shop.work() == "finished"
    assert (shop.winds, shop.speaks, shop.grades) == ([], [], [])
    assert shop.tally.stages["grade"].reused == shop.tally.stages["grade"].done == first.stages["grade"].done == 20
    assert shop.tally.accepted == first.accepted == 20
    assert shop.tally.ended == shop.tally.clips == 10


async def test_a_third_rollout_asks_only_for_the_third(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(rollouts=3))
    assert shop.winds == []
    assert sorted(shop.speaks) == [f"toy/{n:05d}#2" for n in range(10)]
    assert len(shop.harvest(Making(rollouts=3))[0]) == 30
    assert len(shop.harvest(Making(rollouts=2))[0]) == 20


async def test_a_corrected_truth_judges_again_and_asks_nothing(shop: Workshop) -> None:
    await shop.work()
    corrected = Making(truth=lambda key: 99 if key.endswith("3") else len(key))
    await shop.work(corrected)
    assert (shop.winds, shop.speaks) == ([], [])
    assert sorted(shop.grades) == ["toy/00003#0", "toy/00003#1"]
    assert [item.grade for item in shop.harvest()[0] if item.id == "toy/00003"] == [99, 99]


async def test_a_truth_that_is_set_back_brings_the_old_grades_back(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(truth=lambda _: 99))
    await shop.work()
    assert shop.grades == []
    assert {item.grade for item in shop.harvest()[0]} == {len("toy/00000")}
    await shop.work()
    assert shop.grades == []


async def test_a_changed_identity_runs_that_stage_and_those_behind_it(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(accent="brass"))
    assert shop.winds == []
    assert len(shop.speaks) == len(shop.grades) == 20
    assert {item.words[0] for item in shop.harvest(Making(accent="brass"))[0]} == {"brass"}
    assert {item.words[0] for item in shop.harvest()[0]} == {"tin"}, "what the old recipe made is still there"


async def test_a_changed_clip_is_asked_about_again(shop: Workshop) -> None:
    await shop.work()
    items = [*toys(9), Toy(id="toy/00009", mark=1)]
    await shop.work(Making(items=items))
    assert sorted(shop.speaks) == ["toy/00009#0", "toy/00009#1"]
    assert {item.id: item.mark for item in shop.harvest()[0]}["toy/00009"] == 1


async def test_where_a_file_lies_is_not_what_it_is(shop: Workshop) -> None:
    seen: list[str] = []

    async def note(item: Wound) -> None:
        seen.append(item.path)

    await shop.work(Making(during=note))
    assert set(seen) == {f"/shelf/{n}" for n in range(10)}, "the path survives growing"
    await shop.work(Making(items=[toy.model_copy(update={"path": "/attic"}) for toy in toys(10)]))
    assert (shop.winds, shop.speaks) == ([], [])


async def test_answers_are_not_joined_to_what_they_were_not_asked_about(shop: Workshop) -> None:
    await shop.work()
    changed = Making(mark=1, during=fail_passing)
    await shop.work(changed)
    graded, lost = shop.harvest(changed)
    assert graded == []
    assert {(loss.stage, loss.kind, loss.reason) for loss in lost} == {("speak", "failed", "timeout")}


async def test_a_spoilt_sample_is_recorded_and_the_run_goes_on(shop: Workshop) -> None:
    async def some(item: Wound) -> Rejected | None:
        if item.id == "toy/00003":
            raise TeacherError("no answer", "wanted <answer>\udc80\0")
        return Rejected("dull", "said nothing") if item.id == "toy/00004" else None

    assert await shop.work(Making(during=some)) == "finished"
    tally = shop.tally.stages["speak"]
    assert (tally.done, dict(tally.rejected), dict(tally.failed)) == (16, {"dull": 2}, {"no answer": 2})
    graded, lost = shop.harvest()
    assert len(graded) == 16
    assert [(loss.key, loss.kind, loss.reason, loss.detail) for loss in lost] == [
        ("toy/00003#0", "failed", "no answer", "wanted <answer>?"),
        ("toy/00003#1", "failed", "no answer", "wanted <answer>?"),
        ("toy/00004#0", "rejected", "dull", "said nothing"),
        ("toy/00004#1", "rejected", "dull", "said nothing"),
    ]
    await shop.work(Making(during=some))
    assert shop.speaks == [], "neither would end otherwise if asked again"
    assert shop.tally.stages["speak"] == replace(tally, reused=20)


async def test_a_failure_that_may_pass_is_tried_again_by_the_next_run_only(shop: Workshop) -> None:
    await shop.work(Making(during=fail_passing))
    assert len(shop.speaks) == 20
    await shop.work()
    assert len(shop.speaks) == 20
    assert len(shop.harvest()[0]) == 20


async def test_a_bug_stops_the_run_with_its_traceback_and_what_is_in_flight_is_kept(shop: Workshop) -> None:
    asked: list[str] = []

    async def stumble(item: Wound) -> None:
        asked.append(item.key)
        if len(asked) == 4:
            raise ZeroDivisionError("a bug")
        await asyncio.sleep(0.05)

    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        await shop.work(Making(during=stumble))
    assert caught.traceback[-1].name == "stumble"
    assert len(asked) == 4, "nothing new was started"
    await shop.work()
    assert len(shop.speaks) == 17, "the other three were stored"


async def test_a_service_that_refuses_stops_the_run(shop: Workshop) -> None:
    async def refuse(_: Wound) -> None:
        raise ServiceError("the key is refused")

    with pytest.raises(ServiceError, match="the key is refused"):
        await shop.work(Making(during=refuse))
    assert len(shop.speaks) <= JOB.workers


async def test_a_stop_drains_and_the_next_run_takes_up_where_it_left(shop: Workshop) -> None:
    ended: list[str] = []

    async def stop_early(item: Wound) -> None:
        if len(shop.speaks) == 5:
            shop.stop.request()
        await asyncio.sleep(0.02)
        ended.append(item.key)

    assert await shop.work(Making(during=stop_early)) == "interrupted"
    assert sorted(ended) == sorted(shop.speaks)
    assert 5 <= len(ended) <= 8
    assert shop.grades == [] or len(shop.grades) < len(ended), "no stage starts after the request"
    await shop.work()
    assert len(shop.speaks) == 20 - len(ended)


async def test_a_second_request_drops_what_is_in_flight(shop: Workshop) -> None:
    async def hang(_: Wound) -> None:
        if len(shop.speaks) == 4:
            shop.stop.request()
            shop.stop.request()
        await asyncio.sleep(600)

    async with asyncio.timeout(5):
        assert await shop.work(Making(during=hang)) == "interrupted"


async def test_no_more_chains_are_in_flight_than_there_are_workers(shop: Workshop) -> None:
    now, most = 0, 0
    all_at_work = asyncio.Event()

    async def count(_: Wound) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 5:
            all_at_work.set()
        await all_at_work.wait()
        await asyncio.sleep(0.002)
        now -= 1

    await shop.work(Making(count=20, rollouts=3, during=count), Job("train", workers=5))
    assert most == 5


async def test_a_pilot_meets_only_the_first_clips_and_gives_up_none(shop: Workshop) -> None:
    await shop.work()
    await shop.work(job=Job("train", workers=4, limit=3))
    assert shop.tally.seen == 3
    with Store(shop.folder) as store:
        assert [(count.listed, count.gone) for count in count_splits(store)] == [(10, 0)]


async def test_clips_that_are_not_listed_any_more_are_gone_and_may_come_back(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(count=7))
    with Store(shop.folder) as store:
        assert [(count.listed, count.gone) for count in count_splits(store)] == [(7, 3)]
    assert len(shop.harvest()[0]) == 14
    await shop.work()
    assert shop.speaks == []
    assert len(shop.harvest()[0]) == 20


async def test_a_target_ends_the_run_and_running_again_asks_nothing(shop: Workshop) -> None:
    def even(item: Graded) -> bool:
        return item.rollout == 0

    job = Job("train", 4, target=Target(3, even))
    assert await shop.work(Making(count=50), job) == "enough"
    assert 3 <= shop.tally.accepted <= 7
    assert len(shop.speaks) <= 14
    assert await shop.work(Making(count=50), job) == "enough"
    assert shop.speaks == []


async def test_an_id_that_is_listed_twice_is_refused(shop: Workshop) -> None:
    with pytest.raises(ConfigError, match=r"two clips .* toy/00001"):
        await shop.work(Making(items=[*toys(3), Toy(id="toy/00001", mark=3)]))


async def test_a_listing_that_fails_stops_the_run_and_keeps_what_was_in_flight(shop: Workshop) -> None:
    asked = threading.Event()

    def broken() -> Iterator[Toy]:
        yield from toys(2)
        assert asked.wait(10)
        raise ConfigError("labels.csv: line 3 makes no sense")

    async def slowly(_: Wound) -> None:
        asked.set()
        await asyncio.sleep(0.05)

    with pytest.raises(ConfigError, match="line 3"):
        await shop.work(Making(items=broken(), during=slowly))
    with Store(shop.folder) as store:
        assert [(count.listed, count.gone) for count in count_splits(store)] == [(2, 0)], "the listing was not complete"
    await shop.work(Making(count=2))
    assert len(shop.speaks) < 4


async def test_a_slow_listing_holds_up_no_call(shop: Workshop) -> None:
    first_is_through = threading.Event()

    def slow() -> Iterator[Toy]:
        yield from toys(1)
        assert first_is_through.wait(10), "the first clip must not wait for the second"
        yield Toy(id="toy/late")

    async def note(_: Wound) -> None:
        first_is_through.set()

    assert await shop.work(Making(items=slow(), during=note)) == "finished"


async def test_a_stop_does_not_wait_for_a_listing_that_hangs(shop: Workshop) -> None:
    never = threading.Event()

    def hanging() -> Iterator[Toy]:
        yield from toys(1)
        never.wait(60)

    async def stop(_: Wound) -> None:
        shop.stop.request()

    async with asyncio.timeout(5):
        assert await shop.work(Making(items=hanging(), during=stop)) == "interrupted"
    never.set()


async def test_a_stage_that_changes_what_it_was_given_is_a_bug(tmp_path: Path) -> None:
    class Bend(Wind):
        async def __call__(self, item: Toy, /) -> Wound:
            return Wound(**{**dict(item), "mark": 7}, turns=1)

    with Store(tmp_path) as store, pytest.raises(TypeError, match=r"changed mark of a Toy"):
        await run(start(toys(1)).then(Bend()), store, Job("train", 1), Tally(), Stop())


async def test_a_plan_without_rollouts_goes_straight_through(tmp_path: Path) -> None:
    tally = Tally()
    with Store(tmp_path) as store:
        assert await run(start(toys(3)).then(Wind()), store, Job("train", 2), tally, Stop()) == "finished"
    assert (tally.accepted, tally.ended, tally.stages["wind"].done) == (3, 3, 3)


async def test_what_came_of_a_stage_is_the_same_fresh_or_resumed(tmp_path: Path) -> None:
    """A stage may hand back an int where the field holds a float; the next stage must never see the difference."""
    seen: list[Item] = []

    class Listen(Wind):
        async def __call__(self, item: Toy, /) -> Wound:
            return Wound.model_construct(**dict(item), turns=3, rollout=0)

    class Repeat:
        name, identity, output = "repeat", None, Spoken

        def context(self, item: Wound, /) -> None:
            return None

        async def __call__(self, item: Wound, /) -> Spoken:
            seen.append(item)
            return Spoken(**dict(item), words=(repr(item.turns),))

    with Store(tmp_path) as store:
        await run(start(toys(1)).then(Listen()).then(Repeat()), store, Job("train", 1), Tally(), Stop())
    assert [repr(item.turns) for item in seen if isinstance(item, Wound)] == ["3.0"]
