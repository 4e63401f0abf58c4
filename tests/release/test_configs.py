"""What `load_dataset` finds in a release: four configs, with a card and without one."""

from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest
from datasets import DatasetDict, load_dataset

from rocot.core.reflection import Outcome
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow
from rocot.release.configs import config_of
from rocot.release.export import export
from tests.builders import EDITION, many
from tests.release.test_export import FLOW, RECIPE, card, manifest_of, samples

COUNTS = {"train": (12, 8), "test": (3, 2)}
"""Rows, and of these kept, by split."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    for split, (count, _) in COUNTS.items():
        export(folder, RECIPE, FLOW, samples(many(count, split), split), controls=True, card=card)
    return folder


def kept(split: str) -> list[Row]:
    rows = [Row.of(item, EDITION) for item in many(COUNTS[split][0], split)]
    return [row for row in rows if row.kept]


@pytest.mark.parametrize("split", COUNTS)
@pytest.mark.parametrize("streaming", [False, True])
def test_every_config_loads_by_its_name(run: Path, tmp_path: Path, split: str, *, streaming: bool) -> None:
    def load(config: str) -> list[dict[str, object]]:
        return list(
            load_dataset(str(run / "release"), config, split=split, streaming=streaming, cache_dir=str(tmp_path / "hf"))
        )

    rows, (count, taken) = kept(split), COUNTS[split]
    assert [Row.model_validate(row).kept for row in load("all")].count(True) == taken
    assert len(load("all")) == count
    assert [RftRow.model_validate(row) for row in load("rft")] == [one for row in rows for one in RftRow.all_of(row)]
    names = get_args(Outcome)
    learnt = [SftRow.model_validate({**row, "outcome": names[int(str(row["outcome"]))]}) for row in load("sft")]
    assert learnt == [one for row in rows for one in SftRow.all_of(row)]
    assert {row["control"] for row in load("controls")} == {"plain", "two_pass"}


def test_without_a_card_the_rows_load_by_themselves_and_other_configs_by_their_folder(tmp_path: Path) -> None:
    export(tmp_path, RECIPE, FLOW, samples(many(12)))
    release, cache = str(tmp_path / "release"), str(tmp_path / "hf")
    found = load_dataset(release, cache_dir=cache)
    assert isinstance(found, DatasetDict)
    assert {name: len(part) for name, part in found.items()} == {"train": 12}
    for config in ("sft", "rft"):
        assert len(load_dataset(release, data_dir=config, split="train", cache_dir=cache)) == 8


def test_outcomes_split_evenly(run: Path, tmp_path: Path) -> None:
    rows = load_dataset(str(run / "release"), "sft", split="train", cache_dir=str(tmp_path / "hf"))
    parts = rows.train_test_split(test_size=0.5, stratify_by_column="outcome", seed=0)
    assert sorted(parts["train"]["outcome"]) == sorted(parts["test"]["outcome"]) == [0, 0, 1, 1]


def test_a_split_of_which_nothing_is_kept_has_shards_without_rows(tmp_path: Path) -> None:
    entry = export(tmp_path, RECIPE, FLOW, samples([])).entry
    assert [file.rows for file in (*entry.files, *entry.sft, *entry.rft)] == [0, 0, 0]
    for file in entry.sft:
        assert pq.read_schema(tmp_path / "release" / file.path).names == list(SftRow.model_fields)


def test_the_manifest_lists_every_file_of_every_config(run: Path) -> None:
    made = manifest_of(run)
    there = {path.relative_to(run / "release").as_posix() for path in (run / "release").rglob("*") if path.is_file()}
    beside = {name for name in there if name.startswith(("left_out/", "usage/"))}
    assert {file.path for file in made.listed} | beside | {"manifest.json"} == there
    assert {config_of(file.path) for file in made.listed} == {None, "all", "sft", "rft", "controls"}


def test_training_rows_hold_a_turn_for_each_look(run: Path) -> None:
    entry = manifest_of(run).splits["train"]
    assert [file.rows for file in entry.sft] == [file.rows for file in entry.rft] == [entry.kept]
