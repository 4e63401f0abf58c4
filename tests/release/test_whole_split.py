"""What only a whole split can tell is the same in the export and in the validation of its shards."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.core.gate import RUN_RULES, Gate, Rules
from rocot.core.reflection import Judged
from rocot.core.row import Row
from rocot.recipe import Mix, Recipe, Shares
from rocot.release.export import Exported, export
from rocot.release.report import Finding
from rocot.release.validate import validate
from tests.builders import EDITION, many
from tests.mutations import RUN_MUTATIONS, like
from tests.release.test_export import FLOW, RECIPE, samples

STRICT = Gate(rules=Rules(similar_reflections="reject", near_duplicate="reject"))
MIX = Mix(per_video=2, per_class=20, shares=Shares(confirmed=0.6))


def items() -> list[Judged]:
    spoilt = [*RUN_MUTATIONS[0].spoil(like("essay confirmed")), *RUN_MUTATIONS[5].spoil(like("templated found"))]
    named = [
        sample.but(gate=STRICT, framed=sample.framed.model_copy(update={"id": f"yard/{n:03d}", "video": f"{n // 4}"}))
        for n, sample in enumerate(spoilt)
    ]
    return [sample.judged() for sample in named]


def recipe(gate: Gate = STRICT, mix: Mix = MIX) -> Recipe:
    return RECIPE.model_copy(update={"gate": gate, "mix": mix})


def exported(run: Path, made: Recipe | None = None, size: int = 10**8) -> Exported:
    return export(run, made or recipe(), FLOW, samples(items()), shard_bytes=size)


def rows_of(run: Path) -> list[Row]:
    table = pa.concat_tables(pq.read_table(path) for path in sorted((run / "release" / "data").iterdir()))
    return [Row.model_validate(row) for row in table.to_pylist()]


def test_every_row_is_kept_or_says_why_not_and_the_manifest_counts_the_same(tmp_path: Path) -> None:
    entry = exported(tmp_path).entry
    rows = rows_of(tmp_path)
    assert Counter(row.not_kept for row in rows if not row.kept) == entry.not_kept
    assert set(entry.not_kept) >= {"fault", "mix: video"}
    assert sum(row.kept for row in rows) == entry.kept == entry.rows - sum(entry.not_kept.values())
    assert Counter(fault.rule for row in rows for fault in row.faults if fault.rule in RUN_RULES) == entry.broken
    assert set(entry.broken) == set(RUN_RULES)


def whole(findings: Sequence[Finding]) -> dict[str, int]:
    return {finding.reason: finding.count for finding in findings if finding.reason in RUN_RULES}


def test_what_is_exported_is_valid_and_its_findings_are_those_of_the_rows(tmp_path: Path) -> None:
    entry = exported(tmp_path).entry
    report = validate(tmp_path)
    assert (report.exit_code, report.notes) == (0, ())
    assert whole(report.faults) == entry.broken
    assert report.not_kept == entry.not_kept
    warned = exported(tmp_path, recipe(Gate()))
    report = validate(tmp_path)
    assert report.exit_code == 0
    assert whole(report.warnings) == warned.entry.broken


def edited(run: Path, change: dict[str, object], where: str) -> Path:
    """A copy of the shards beside their manifest's words, with one row changed."""
    path = next((run / "release" / "data").iterdir())
    rows = pq.read_table(path).to_pylist()
    index = next(index for index, row in enumerate(rows) if row["not_kept"] == where)
    rows[index] |= change
    schema = pa.schema([field.with_nullable(nullable=True) for field in pq.read_schema(path)])
    data = run / "copy" / "data"
    data.mkdir(parents=True)
    shutil.copy(run / "release" / "manifest.json", data.parent)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), data / path.name)
    return data


@pytest.mark.parametrize(
    ("where", "change", "reasons"),
    [
        ("mix: video", {"kept": True, "not_kept": None}, {"kept disagrees"}),
        ("mix: video", {"not_kept": "mix: source"}, {"kept disagrees"}),
        ("fault", {"faults": []}, {"faults disagree"}),
    ],
)
def test_a_row_that_says_otherwise_is_invalid(
    tmp_path: Path, where: str, change: dict[str, object], reasons: set[str]
) -> None:
    exported(tmp_path)
    report = validate(edited(tmp_path, change, where))
    assert report.exit_code == 1
    assert {finding.reason for finding in report.invalid} == reasons
    assert report.invalid_rows == 1


def test_one_shard_of_several_is_not_held_against_what_is_elsewhere(tmp_path: Path) -> None:
    export(tmp_path, recipe(Gate(), Mix()), FLOW, samples(many(600)), shard_bytes=1)
    shards = sorted((tmp_path / "release" / "data").iterdir())
    assert len(shards) == 2
    for path in (shards[0], shutil.copytree(shards[0].parent, tmp_path / "alone", ignore=lambda *_: [shards[1].name])):
        report = validate(path)
        assert report.exit_code == 0
        assert "not looked at" in report.notes[0]


def test_another_seed_keeps_other_rows_and_the_same_seed_the_same(tmp_path: Path) -> None:
    def kept(seed: int) -> list[str]:
        run = tmp_path / str(seed)
        exported(run, recipe(mix=Mix(per_video=1, seed=seed)))
        return [row.id for row in rows_of(run) if row.kept]

    assert kept(0) == kept(0)
    assert kept(0) != kept(1)


def test_the_recipes_mix_stands_in_the_manifest(tmp_path: Path) -> None:
    exported(tmp_path)
    assert Mix.model_validate(json.loads((tmp_path / "release" / "manifest.json").read_text())["mix"]) == MIX


def test_shards_without_a_manifest_are_held_against_the_default_gate(tmp_path: Path) -> None:
    exported(tmp_path, recipe(Gate(), Mix()))
    alone = shutil.copytree(tmp_path / "release" / "data", tmp_path / "alone")
    report = validate(alone)
    assert report.exit_code == 0
    assert set(whole(report.warnings)) == set(RUN_RULES)
    assert EDITION.keep == Mix().keep
