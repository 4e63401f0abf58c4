import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.engine.counts import count_splits, count_stages
from rocot.engine.job import Job
from rocot.engine.reader import FILE, StoreReader
from rocot.engine.stage import Rejected
from rocot.engine.store import Store
from rocot.errors import StoreError, TeacherError
from tests.engine.test_store import as_layout
from tests.engine.toys import During, Making, Workshop, Wound


def odd_lengths(key: str) -> int:
    return sum(map(ord, key))


def spoiling(salt: int) -> During:
    async def during(item: Wound) -> Rejected | None:
        await asyncio.sleep(0)
        fate = (sum(map(ord, item.key)) * 7 + salt) % 5
        if fate == 0:
            raise TeacherError("no answer", "wanted <answer>")
        return Rejected("dull") if fate == 1 else None

    return during


makings = st.builds(
    lambda count, mark, rollouts, accent, truth, salt: Making(
        count, mark, rollouts, accent, during=spoiling(salt), truth=truth
    ),
    st.integers(0, 6),
    st.integers(0, 1),
    st.integers(1, 3),
    st.sampled_from(["tin", "brass"]),
    st.sampled_from([len, odd_lengths]),
    st.integers(0, 4),
)


def recounted(shop: Workshop, making: Making) -> Counter[tuple[str, str, str]]:
    """How the chains stand, from the items themselves."""
    graded, lost = shop.harvest(making)
    ends = Counter((it.stage, it.kind, "" if it.kind == "missing" else it.reason) for it in lost)
    return ends + Counter(("grade", "done", it.counted_as) for it in graded)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(makings, st.integers(1, 8)), min_size=1, max_size=4), makings)
def test_counts_agree_with_the_items_whatever_was_made_before(made: list[tuple[Making, int]], asked: Making) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder))
        for making, limit in made:
            asyncio.run(shop.work(making, Job("train", 4, limit=limit)))
        with Store(shop.folder) as store:
            steps = tuple(shop.plan(store, asked))
            counts = count_stages(store, steps, "train")
            kept = "SELECT after, seq, fingerprint, coalesce(rollout, 0), kind, reason, counted_as FROM outcome"
            beside = (
                "SELECT after, outcome, fingerprint, rollout, kind, reason, counted_as FROM standing"
                " JOIN step ON step.id = step JOIN ending ON ending.id = ending"
            )
            rows = store.rows(lambda *row: row, f"{kept} WHERE after IS NOT NULL ORDER BY 1, 2")
            assert rows == store.rows(lambda *row: row, f"{beside} ORDER BY 1, 2")
        told = Counter[tuple[str, str, str]]()
        for count in counts:
            last = count.stage == "grade" and count.kind == "done"
            if last or count.kind != "done":
                told[count.stage, count.kind, (count.counted_as or "") if last else count.reason] += count.count
        assert told == recounted(shop, asked)


async def test_an_older_store_counts_as_it_stands_and_learns_by_what_when_the_run_goes_on(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    as_layout(tmp_path / FILE, 4)
    for known in (None, "odd"):
        with Store(tmp_path) as store:
            counts = count_stages(store, tuple(shop.plan(store, Making())), "train")
        assert [(count.stage, count.counted_as, count.count) for count in counts if count.stage == "grade"] == [
            ("grade", known, 20)
        ]
        assert sum(count.count for count in counts) == 10 + 20 + 20
        await shop.work()
        assert shop.grades == []


async def test_a_split_is_whole_once_it_was_listed_to_its_end(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(job=Job("train", 4, limit=3, expected=lambda: 10))
    with StoreReader(tmp_path) as reader:
        assert [(split.listed, split.whole, split.expected) for split in count_splits(reader)] == [(3, False, 3)]
    await shop.work(job=Job("train", 4, expected=lambda: 12))
    assert shop.tally.expected == 12
    with StoreReader(tmp_path) as reader:
        assert [(split.listed, split.whole, split.expected) for split in count_splits(reader)] == [(10, True, None)]


async def test_a_moment_is_one_however_much_is_written_meanwhile(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work(job=Job("train", 4, limit=3))
    with StoreReader(tmp_path) as reader:
        with reader.moment():
            before = count_splits(reader)
            await shop.work()
            assert count_splits(reader) == before
        assert count_splits(reader) != before


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()
    } | {str(path): (path.stat().st_mtime_ns, 0) for path in (folder, *folder.rglob("*")) if path.is_dir()}


async def test_a_reader_that_may_not_touch_leaves_the_folder_as_it_is(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    before = files(tmp_path)
    with StoreReader(tmp_path, touch=False) as reader:
        assert [split.listed for split in count_splits(reader)] == [10]
        assert not reader.overtaken()
        assert files(tmp_path) == before
        with Store(tmp_path):
            assert reader.overtaken(), "somebody writes now: what was read may be of two moments"
            with StoreReader(tmp_path, touch=False) as other:
                assert not other.overtaken()
                assert [worker.clips for worker in other.workers()] == [0]


async def test_a_reader_that_may_not_touch_refuses_an_older_layout(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    await shop.work()
    as_layout(tmp_path / FILE, 4)
    before = files(tmp_path)
    with pytest.raises(StoreError, match="rocot show"):
        StoreReader(tmp_path, touch=False)
    assert files(tmp_path) == before
