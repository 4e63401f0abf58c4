"""How many processes read a store for a release, and what becomes of them, changes no byte of it."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.core.reflection import Judged
from rocot.engine.job import Job
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Plan
from rocot.engine.store import Store
from rocot.recipe import Asking
from rocot.release.export import edition, export
from rocot.release.gather import Samples, Stored, gathered
from rocot.release.hands import ENOUGH, Stretch, stretches, worth
from rocot.release.sheets import Maker, Sheet
from tests.flowing import RECIPE, judge, plan

RECIPE_OF_TWO = RECIPE.model_copy(update={"teacher": Asking(rollouts=2)})
ITEMS = 25
WITHDRAWN = "bench/000003"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    job: Job[Judged] = Job("train", 8)
    asyncio.run(judge(folder, ITEMS, RECIPE_OF_TWO, job))
    return folder


@pytest.fixture(scope="module")
def flow(run: Path) -> Plan[Judged]:
    with Store(run) as store:
        return plan(store, RECIPE_OF_TWO, 0)


@pytest.fixture
def samples(run: Path, flow: Plan[Judged]) -> Iterator[Samples]:
    with StoreReader(run) as store:
        found = gathered(store, tuple(flow), "train", (WITHDRAWN,))
        assert found.stored is not None
        yield replace(found, stored=replace(found.stored, rows=8))


def stored(samples: Samples) -> Stored:
    assert samples.stored is not None
    return samples.stored


def maker(folder: Path) -> Maker:
    folder.mkdir()
    return Maker(folder, edition(RECIPE_OF_TWO, "f" * 64), RECIPE.gate, RECIPE.mix, frozenset([WITHDRAWN]))


def laid(made: Iterator[Sheet], by: Maker) -> list[dict[str, object]]:
    return [row for sheet in made if sheet.rows for row in by.rows(sheet).to_pylist()]


def processes() -> list[int]:
    """Children of this process."""
    told = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    return [int(pid) for line in told for pid in line.split()]


@pytest.mark.parametrize("count", [1, 2])
def test_no_byte_hangs_on_the_number_of_processes(
    tmp_path: Path, samples: Samples, flow: Plan[Judged], count: int
) -> None:
    found = []
    for name, number in (("alone", 0), ("beside", count)):
        done = export(tmp_path / name, RECIPE_OF_TWO, flow.fingerprint, samples, processes=number)
        assert (done.entry.rows, done.withdrawn) == (2 * ITEMS - 2, 1)
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files(tmp_path / name)})
    assert found[0] == found[1]


def files(run: Path) -> list[Path]:
    return [path for path in (run / "release").rglob("*") if path.is_file() and path.parent.name != "usage"]


def test_a_process_that_is_killed_costs_no_row(tmp_path: Path, samples: Samples) -> None:
    alone, beside = maker(tmp_path / "alone"), maker(tmp_path / "beside")
    wanted = laid(alone.sheets(samples.ends), alone)
    before = set(processes())
    made = stored(samples).sheets("train", beside, 2)
    first = next(made)
    for pid in set(processes()) - before:
        os.kill(pid, signal.SIGKILL)
    assert laid(iter([first, *made]), beside) == wanted
    assert set(processes()) <= before


def test_processes_end_with_an_export_that_fails(tmp_path: Path, samples: Samples, flow: Plan[Judged]) -> None:
    export(tmp_path, RECIPE_OF_TWO, flow.fingerprint, samples, processes=0)
    old = {path: path.read_bytes() for path in files(tmp_path)}
    before = set(processes())
    spoilt = replace(samples, stored=replace(stored(samples), steps=stored(samples).steps[:-1]))
    with pytest.raises(AssertionError, match="the plan ends with"):
        export(tmp_path, RECIPE_OF_TWO, flow.fingerprint, spoilt, processes=2)
    assert set(processes()) <= before
    assert {path: path.read_bytes() for path in files(tmp_path)} == old


def test_stretches_part_the_clips() -> None:
    assert list(stretches(["b", "d"])) == [
        Stretch(number=0, after="", last="b"),
        Stretch(number=1, after="b", last="d"),
        Stretch(number=2, after="d", last=None),
    ]
    assert list(stretches([])) == [Stretch(number=0, after="", last=None)]


def test_a_small_split_is_read_by_this_process_alone() -> None:
    assert worth(ENOUGH - 1) == 0
