from collections import defaultdict
from pathlib import Path

from rocot.engine.counts import count_stages
from rocot.engine.job import Job
from rocot.engine.stage import Rejected
from rocot.engine.store import Store
from rocot.engine.tables import attempts, attempts_of, count_failures, held, sum_spent
from rocot.errors import TeacherError
from tests.engine.toys import Making, Workshop, Wound, attempt


async def some(item: Wound) -> Rejected | None:
    if item.id == "toy/00003":
        raise TeacherError("no answer", "wanted <answer>")
    return Rejected("dull") if item.key == "toy/00004#1" else None


async def test_the_states_of_each_stage_add_up_to_what_reached_it(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(Making(during=some))
    await shop.work(Making(count=12, during=some), Job("train", 4, limit=11))
    wider = Making(count=12, rollouts=3)
    with Store(tmp_path) as store:
        table = [
            (count.stage, count.kind, count.reason, count.count)
            for count in count_stages(store, tuple(shop.plan(store, wider)), "train")
        ]
    assert table == [
        ("wind", "done", "", 11),
        ("speak", "done", "", 19),
        ("speak", "failed", "no answer", 2),
        ("speak", "rejected", "dull", 1),
        ("speak", "missing", "", 11),
        ("grade", "done", "", 19),
    ]
    graded, lost = shop.harvest(wider)
    assert len(graded) == 19
    assert len(lost) == 2 + 1 + 11, "the harvest and the table agree"


async def test_fewer_rollouts_count_fewer(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(Making(rollouts=3))
    with Store(tmp_path) as store:
        counts = count_stages(store, tuple(shop.plan(store, Making(rollouts=2))), "train")
    assert [(count.stage, count.count) for count in counts] == [("wind", 10), ("speak", 20), ("grade", 20)]


async def test_what_was_spent_is_summed_by_model_and_stage(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for number in range(5):
            await store.add_attempt(attempt(str(number), item=f"toy#{number % 2}", ok=number != 3))
        spent = sum_spent(store)
        assert [(row.model, row.stage, row.attempts, row.failed, row.prompt_tokens) for row in spent] == [
            ("tin:1", "speak", 5, 1, 500)
        ]
        assert [(row.reason, row.count) for row in count_failures(store)] == [("timeout", 1)]
        assert [row.call for row in attempts(store)] == ["0", "1", "2", "3", "4"]
        assert [(row.call, row.kind, row.size) for row in attempts_of(store, "toy#1")] == [
            ("1", "ok", 2),
            ("3", "failed", 2),
        ]


async def test_what_is_held_is_told_by_fingerprint(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    await shop.work(Making(accent="brass"))
    by_stage: dict[str, list[int]] = defaultdict(list)
    with Store(tmp_path) as store:
        for row in held(store):
            by_stage[row.stage].append(row.done)
        fingerprints = {row.fingerprint for row in held(store)}
        assert {step.fingerprint for step in shop.plan(store, Making())} <= fingerprints
    assert by_stage == {"wind": [10], "speak": [20, 20], "grade": [20, 20]}


def test_a_store_without_a_run_gives_empty_tables(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        plan = Workshop(tmp_path).plan(store, Making())
        assert count_stages(store, tuple(plan), "train") == []
        assert not any([sum_spent(store), held(store), list(attempts(store))])
