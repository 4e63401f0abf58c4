"""Judging again: the same rows, whether items are judged one by one, many at once, or in a process beside the run."""

import asyncio
from pathlib import Path

import pytest

from rocot.core.gate import Gate
from rocot.core.reflection import Judged
from rocot.engine.bulk import Bulk
from rocot.engine.job import Job, Target
from rocot.engine.page import Met, Pages
from rocot.engine.reader import StoreReader
from rocot.engine.store import Store
from rocot.engine.walk import erased
from rocot.recipe import Asking, Recipe
from rocot.release.export import export
from rocot.release.gather import gathered
from rocot.stages.judge import Judge
from tests.flowing import RECIPE, judge, listing, plan

ITEMS = 24
ONE_BY_ONE: Job[Judged] = Job("train", 8, target=Target(10**9, lambda _: True))
AT_ONCE: Job[Judged] = Job("train", 8)
GUIDED = RECIPE.model_copy(update={"teacher": Asking(guided=True, rollouts=2)})
PLAIN = RECIPE.model_copy(update={"teacher": Asking(rollouts=2)})


def stricter(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"gate": Gate(tiou=0.9, most_words=40)})


def exported(run: Path, recipe: Recipe) -> dict[str, bytes]:
    """The rows of a run's release, by the file's name."""
    with Store(run) as store:
        flow = plan(store, recipe, 0)
    with StoreReader(run) as reader:
        export(run, recipe, flow.fingerprint, gathered(reader, tuple(flow), "train"))
    found = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*.parquet")}
    return {name: rows for name, rows in found.items() if "attempts" not in name}


@pytest.mark.parametrize("recipe", [PLAIN, GUIDED], ids=["plain", "guided"])
def test_rows_that_are_judged_at_once_are_those_judged_one_by_one(tmp_path: Path, recipe: Recipe) -> None:
    for name, job in (("one", ONE_BY_ONE), ("many", AT_ONCE)):
        first = asyncio.run(judge(tmp_path / name, ITEMS, recipe, AT_ONCE))
        again = asyncio.run(judge(tmp_path / name, ITEMS, stricter(recipe), job))
        assert first.spent.attempts == 6 * ITEMS
        assert again.spent.attempts == 0
        assert (again.stages["judge"].done, again.stages["judge"].reused) == (2 * ITEMS, 0)
        assert (again.stages["revise"].reused, again.accepted, again.ended) == (2 * ITEMS, 2 * ITEMS, ITEMS)
    one, many = (exported(tmp_path / name, stricter(recipe)) for name in ("one", "many"))
    assert one
    assert one == many


async def test_a_judge_in_a_process_beside_says_the_same(tmp_path: Path) -> None:
    await judge(tmp_path, ITEMS, PLAIN, AT_ONCE)
    with Store(tmp_path) as store:
        steps = tuple(plan(store, stricter(PLAIN), 0))
        clips = {row.id: row for row in store.clips("train")}
        met = [
            Met(clip, clip.model_dump_json(), clips[clip.id].link, [erased(step).context(clip) for step in steps])
            for clip in listing(ITEMS)
        ]
        ripe = [found.ripe for found in Pages(store, steps, 0, ripens=True).follow(met)]
    stage = steps[-1].stage
    assert isinstance(stage, Judge)
    beside = Bulk(steps, stage, 1, enough=0)
    try:
        told = await beside.through(ripe)
        assert beside.pids
        assert told == await Bulk(steps, stage, 0).through(ripe)
        assert sum(outcome is not None for outcomes in told for outcome in outcomes) == 2 * ITEMS
    finally:
        await beside.close()
