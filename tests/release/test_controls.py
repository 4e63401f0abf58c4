"""Controls are made of the rows that are kept, and of no reflection."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
from datasets import load_dataset
from hypothesis import given
from hypothesis import strategies as st

from rocot.release.controls import ControlRow, copies, tokens
from rocot.release.export import export
from rocot.release.validate import validate
from tests.builders import corrected, many, wordy
from tests.release.test_export import FLOW, RECIPE, manifest_of, samples
from tests.release.test_validate import LOOK

GOLDEN = Path(__file__).parents[1] / "golden" / "controls.json"


def controlled(run: Path, count: int = 12, split: str = "train") -> Path:
    export(run, RECIPE, FLOW, samples(many(count, split), split), controls=True)
    return run / "release"


def read(release: Path, name: str, split: str = "train") -> list[ControlRow]:
    table = pq.read_table(release / "controls" / name / f"{split}-00000-of-00001.parquet")
    return [ControlRow.model_validate(row) for row in table.to_pylist()]


def said(row: ControlRow) -> str:
    (turn,) = row.completion
    (part,) = turn.content
    return part.text or ""


def test_the_controls_look_as_they_did(tmp_path: Path) -> None:
    looked = wordy(corrected("v0"), 0).but(relook=LOOK)
    export(tmp_path, RECIPE, FLOW, samples([looked.judged(), wordy(corrected("v1"), 1).judged()]), controls=True)
    found = {
        name: [row.model_dump(mode="json") for row in read(tmp_path / "release", name)]
        for name in ("plain", "two_pass")
    }
    assert json.dumps(found, indent=1) + "\n" == GOLDEN.read_text()


def test_plain_comes_up_to_the_tokens_of_the_reflections(tmp_path: Path) -> None:
    release = controlled(tmp_path, 60)
    told = manifest_of(tmp_path).splits["train"].controls
    assert told is not None
    rows = pq.read_table(release / "data" / "train-00000-of-00001.parquet").to_pylist()
    kept = {row["id"]: row for row in rows if row["kept"]}
    plain = read(release, "plain")
    assert {row.id for row in plain} == set(kept)
    assert told.plain.tokens == sum(row.tokens for row in plain) == sum(tokens([said(row)]) for row in plain)
    assert 0 <= told.budget - told.plain.tokens <= max(row.tokens for row in plain)
    assert told.plain.rows == len(plain) > len(kept)


def test_no_control_holds_a_reflection(tmp_path: Path) -> None:
    release = controlled(tmp_path)
    for name, thoughts in (("plain", 1), ("two_pass", 2)):
        for row in read(release, name):
            words = said(row)
            assert words.count("<think>") == words.count("<answer>") == thoughts
            assert "<reflection>" not in words
            assert "<verdict>" not in words


def test_two_passes_have_each_kept_row_once(tmp_path: Path) -> None:
    release = controlled(tmp_path)
    rows = pq.read_table(release / "data" / "train-00000-of-00001.parquet").to_pylist()
    assert [row.id for row in read(release, "two_pass")] == [row["id"] for row in rows if row["kept"]]


def test_a_release_with_controls_is_valid_and_its_rows_load_as_before(tmp_path: Path) -> None:
    controlled(tmp_path)
    assert validate(tmp_path).exit_code == 0
    export(tmp_path, RECIPE, FLOW, samples(many(3, "test"), "test"))
    entries = manifest_of(tmp_path).splits
    assert entries["train"].controls is not None  # carried on
    assert entries["test"].controls is None
    by_split = load_dataset(str(tmp_path / "release"), cache_dir=str(tmp_path / "hf"))
    assert {name: len(part) for name, part in by_split.items()} == {"train": 12, "test": 3}


def test_a_control_that_was_changed_is_told(tmp_path: Path) -> None:
    path = controlled(tmp_path) / "controls" / "plain" / "train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    assert "is not the file that was exported" in validate(tmp_path).problems[0].what


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 50), max_size=20), st.integers(0, 3000))
def test_copies_never_exceed_the_budget_and_leave_less_than_one_row(lengths: dict[str, int], budget: int) -> None:
    times = Counter(copies(lengths, budget))
    taken = sum(lengths[name] * number for name, number in times.items())
    assert taken <= budget
    if lengths:
        assert budget - taken < max(lengths.values())
        assert max(times.values(), default=0) - min(times[name] for name in lengths) <= 1
