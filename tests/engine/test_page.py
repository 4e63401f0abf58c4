import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.record import Item
from rocot.engine.growth import grown, grown_through, read_through
from rocot.engine.job import Job, Target
from rocot.engine.store import Store
from tests.engine.toys import Graded, Making, Spoken, Toy, Workshop, Wound

MARKS, ACCENTS = (0, 1), ("tin", "brass")
TRUTHS = (len, lambda _: 99, lambda key: int(key[-1]))

makings = st.builds(
    lambda count, mark, accent, truth: {"count": count, "mark": mark, "accent": accent, "truth": TRUTHS[truth]},
    st.sampled_from((3, 5)),
    st.sampled_from(MARKS),
    st.sampled_from(ACCENTS),
    st.integers(0, len(TRUTHS) - 1),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(makings, min_size=2, max_size=5))
def test_what_is_found_by_links_is_what_is_found_by_digests(history: list[dict[str, object]]) -> None:
    with TemporaryDirectory() as folder:
        pages, single = Workshop(Path(folder, "pages")), Workshop(Path(folder, "single"))
        for change in history:
            at_once = Making(**change)  # type: ignore[arg-type]
            alone = Making(**change, at_once=False)  # type: ignore[arg-type]
            # With a target, clips are met one by one, and no stage takes many.
            job: Job[Graded] = Job("train", workers=4, target=Target(10**9, lambda _: True))
            asyncio.run(pages.work(at_once))
            asyncio.run(single.work(alone, job))
            assert sorted(pages.speaks) == sorted(single.speaks)
            assert sorted(pages.grades) == sorted(single.grades)
            assert pages.tally.stages == single.tally.stages
            assert pages.harvest(at_once) == single.harvest(alone)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "run")


async def spoil(shop: Workshop, change: str) -> None:
    with Store(shop.folder) as store:
        await store._writer.write(lambda connection: connection.execute(change))


@pytest.mark.parametrize("stage", ["wind", "speak", "grade"])
async def test_a_damaged_outcome_is_found_by_no_link(shop: Workshop, stage: str) -> None:
    await shop.work()
    before = shop.harvest()
    await spoil(shop, f"UPDATE outcome SET payload = '{{}}' WHERE stage = '{stage}' AND clip = 'toy/00003'")
    await shop.work()
    assert shop.winds == (["toy/00003"] if stage == "wind" else [])
    assert shop.grades == (["toy/00003#0", "toy/00003#1"] if stage == "grade" else [])
    assert shop.speaks == []
    assert shop.harvest() == before


async def test_a_link_to_another_item_is_not_followed(shop: Workshop) -> None:
    await shop.work()
    before = shop.harvest()
    await spoil(
        shop,
        """
        UPDATE outcome SET after = (SELECT after FROM outcome AS other WHERE item = 'toy/00002#1' AND stage = 'grade')
        WHERE item = 'toy/00003#1' AND stage = 'grade'
        """,
    )
    await shop.work()
    assert shop.harvest() == before
    with Store(shop.folder) as store:
        assert store.rows(int, "SELECT count(*) FROM outcome WHERE stage = 'grade'") == [20]


async def test_a_superseded_outcome_is_not_followed(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(mark=1))
    await shop.work(Making(mark=0))
    assert (shop.winds, shop.speaks, shop.grades) == ([], [], [])
    assert all(item.mark == 0 for item in shop.harvest()[0])


async def test_only_a_changed_truth_grades_again(shop: Workshop) -> None:
    await shop.work()
    await shop.work(Making(truth=lambda key: 99 if key == "toy/00004" else len(key)))
    assert shop.grades == ["toy/00004#0", "toy/00004#1"]
    assert shop.tally.stages["grade"].reused == 18
    assert (shop.tally.accepted, shop.tally.ended) == (20, 10)


@pytest.mark.parametrize(
    "payloads",
    [
        ['{"turns": 3}', '{"words": ["a", "b"]}', '{"grade": 4}'],
        ['{"turns": 3.5}', '{"words": []}'],
        ['{"turns": 3, "words": []}', '{"words": []}', '{"grade": 4}'],
        ['{"turns": 3}', "{}", '{"words": ["a"], "grade": 4}'],
        ['{"turns": "x"}', '{"words": ["a"]}'],
        ['{"turns": 1}', '{"word": ["a"]}'],
        [],
    ],
)
def test_growing_through_stages_is_growing_stage_by_stage(payloads: Sequence[str]) -> None:
    toy = Toy(id="toy")
    outputs: tuple[type[Item], ...] = Wound, Spoken, Graded
    item: Item | None = toy
    for output, payload in zip(outputs, payloads, strict=False):
        item = None if item is None else grown(item, output, payload)
    assert grown_through(toy, outputs, payloads) == item


@pytest.mark.parametrize(
    "payloads",
    [
        ['{"turns": 3}', '{"words": ["a", "b"]}', '{"grade": 4}'],  # with spaces, as nobody writes it
        ['{"turns":3.0,"rollout":0,"words":[]}', '{"words":["b"]}', '{"grade":4}'],
        ['{"turns":3.0,"rollout":0}', '{"words":["a"]}', '{"grade":"4"}'],
        ['{"rollout":0,"turns":3.0}', '{"words":["a"]}', '{"grade":4}'],
        ['{"turns":3.0}', '{"words":["a"]}', '{"grade":4}'],
        ['{"turns":3.0,"rollout":0}', '{"words":["a"],"grade":4}', "{}"],
        ['{"turns":"x","rollout":0}', '{"words":["a"]}', '{"grade":4}'],
    ],
)
def test_nothing_is_read_in_one_go_that_is_spelt_otherwise_than_it_is_written(payloads: Sequence[str]) -> None:
    assert read_through(Toy, Toy(id="toy").model_dump_json(), (Wound, Spoken, Graded), payloads) is None


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, st.floats(allow_nan=False, allow_infinity=False), st.lists(texts), st.integers())
def test_reading_in_one_go_is_growing_stage_by_stage(name: str, turns: float, words: list[str], grade: int) -> None:
    toy = Toy(id=name)
    whole = Graded(**dict(toy), turns=turns, words=tuple(words), grade=grade)
    kinds: tuple[type[Item], ...] = Toy, Wound, Spoken, Graded
    parts = [
        whole.model_dump_json(include=set(output.model_fields) - set(before.model_fields))
        for before, output in pairwise(kinds)
    ]
    outputs = kinds[1:]
    read = read_through(Toy, toy.model_dump_json(), outputs, parts)
    assert read is not None
    assert read == (grown_through(toy, outputs, parts), whole.model_dump_json())
