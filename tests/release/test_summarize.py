"""The summary of a release, against its shards read by another program."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from rocot.core.row import Row
from rocot.core.truth import Truth
from rocot.errors import StoreError
from rocot.prices import Price, Prices
from rocot.release.shards import write_shards
from rocot.release.summarize import summarize
from rocot.release.summary import Group, Summary
from tests.builders import EDITION, Sample, answer, clip, corrected, corrupted, fight, framed, reflection, spans
from tests.release.test_export import exported


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    exported(run, 20)
    return run


def summary(path: Path) -> Summary:
    return summarize(path, Prices()).summary


def shards(folder: Path, *samples: Sample) -> Path:
    rows = sorted((Row.of(sample.judged(), EDITION) for sample in samples), key=lambda row: row.id)
    write_shards(folder, "train", rows, Row)
    return folder


def group(of: Summary, by: str, name: str) -> Group:
    return next(group for group in of.groups if (group.by, group.name) == (by, name))


def test_its_numbers_are_those_of_the_shards(made: Path) -> None:
    table = pd.read_parquet(made / "release" / "data")
    found = summary(made)
    outcomes = {str(name): count for name, count in table["outcome"].value_counts().items()}
    assert (
        {name: getattr(found.flips, name) for name in outcomes}
        == outcomes
        == {
            "confirmed": 7,
            "corrected": 7,
            "corrupted": 6,
        }
    )
    first = table["scores"].map(lambda scores: scores["initial_right"])
    last = table["scores"].map(lambda scores: scores["revised_right"])
    assert found.flips.acc_first.value == pytest.approx(first.mean())
    assert found.flips.acc_last.value == pytest.approx(last.mean())
    assert found.grounding.last.value == pytest.approx(
        table["scores"].map(lambda scores: scores["revised_tiou"]).mean()
    )
    assert found.funnel.kept == table["kept"].sum()
    assert found.reflections.keep == pytest.approx(
        table["reflection"].map(lambda said: said["verdict"] == "keep").mean()
    )


def test_a_run_its_release_and_its_shards_measure_the_same(made: Path) -> None:
    run, release, files = (summary(made / inside) for inside in ("", "release", "release/data"))
    assert run.flips == release.flips == files.flips
    assert run.release == "tiny 0.1.0"
    assert files.release is None


def test_the_funnel_adds_up(made: Path) -> None:
    funnel = summary(made).funnel
    assert funnel.left_out == {"sample frames: unreadable": 1}
    assert funnel.samples == funnel.rows + 1 == 21
    left = sum(funnel.unkept_outcome.values()) + sum(funnel.unkept_mix.values())
    assert funnel.kept + funnel.unkept_broken + left == funnel.rows
    assert funnel.unkept_outcome == {"corrupted": 6}


def test_rows_are_grouped_by_source_true_class_length_and_split(tmp_path: Path) -> None:
    long = fight("long").but(framed=framed(clip("long", end=75.0)))
    normal = fight("still").but(
        initial=answer(()), revised=answer(()), truth=Truth(labels=("Normal",), spans=()), reflection=reflection()
    )
    both = corrected("two").but(truth=Truth(labels=("Robbery", "Fighting"), spans=spans([(4, 8)])))
    unsaid = fight("dark").but(truth=Truth())
    found = summary(shards(tmp_path, fight("a"), corrupted("b"), long, normal, both, unsaid))
    assert [(one.by, one.name, one.flips.rows) for one in found.groups] == [
        ("source", "yard", 6),
        ("class", "Fighting", 4),
        ("class", "Normal", 1),
        ("class", "Robbery", 1),
        ("class", "unknown", 1),
        ("duration", "10 to 30 s", 5),
        ("duration", "60 to 180 s", 1),
        ("split", "train", 6),
    ]
    assert group(found, "class", "unknown").flips.acc_first.value is None
    assert group(found, "class", "Normal").grounding.rows == 0
    assert group(found, "class", "Robbery").flips.corrected == 1


def test_calls_are_summed_by_stage_and_model_and_priced(made: Path) -> None:
    prices = Prices(model=(Price(name="scripted", input=1e6, output=2e6),))
    (spent,) = summarize(made, prices).summary.spent
    assert (spent.stage, spent.calls, spent.prompt_tokens, spent.completion_tokens) == ("reason", 1, 10, 2)
    assert spent.cost == 14.0


def test_examples_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    rows = [Row.of(fight(f"v{number}").judged(), EDITION) for number in range(9)]
    for name, part in (("one", rows), ("two", rows[::-1])):
        (tmp_path / name).mkdir()
        write_shards(tmp_path / name, "train", part, Row)
    first, second = summary(tmp_path / "one"), summary(tmp_path / "two")
    assert first.examples == second.examples
    assert len(first.examples["confirmed"]) == 3


STAMPS = "The first answer is right."


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("100 % of reflections only confirm", [fight] * 4),
        ("breaks 1 right answers, and mends 0", [fight, fight, fight, corrupted]),
        ("Only 0 of 4 graded rows were corrected", [fight] * 4),
        ("cannot be told from these rows", [corrected, corrupted, fight]),
        ("come from 3 videos", [fight] * 3),
    ],
)
def test_a_warning_says_it_in_words(tmp_path: Path, words: str, kinds: list[Callable[[str], Sample]]) -> None:
    found = summary(shards(tmp_path, *(kind(f"v{number}") for number, kind in enumerate(kinds))))
    assert words in " ".join(found.warnings)


def test_stamped_reflections_are_warned_of(tmp_path: Path) -> None:
    stamped = [fight(f"v{n}").but(reflection=reflection(critique=f"Clip {n}: {STAMPS}", pairs=())) for n in range(4)]
    told = " ".join(summary(shards(tmp_path, *stamped)).warnings)
    assert "25 % of them differ in more than numbers" in told
    assert "100 % of reflections name no time" in told


def test_a_damaged_shard_gives_no_report(made: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(next((made / "release" / "data").iterdir()).read_bytes()[:-40])
    with pytest.raises(StoreError, match=r"bad\.parquet: is no whole Parquet file.*rocot validate"):
        summary(bad)
    with pytest.raises(StoreError, match="is not there"):
        summary(tmp_path / "nowhere")


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        rows = (Row.of(fight("v").judged(), EDITION).model_copy(update={"id": f"{n:05d}"}) for n in range(count))
        write_shards(folder, "train", rows, Row)
        tracemalloc.start()
        summary(folder)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(1600) < 1.5 * peak(400)
