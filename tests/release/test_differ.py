"""What is told of the way from one release to another: against what was done to it."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rocot.core.reflection import Judged
from rocot.core.withdrawal import Withdrawn
from rocot.errors import StoreError
from rocot.recipe import Recipe
from rocot.release import merging
from rocot.release.differ import Difference, compare, measures
from rocot.release.export import export
from rocot.release.manifest import read_manifest, write_manifest
from rocot.release.shards import written
from tests.builders import many
from tests.release.test_export import FLOW, RECIPE, samples


def laid(
    run: Path, items: Sequence[Judged], *, recipe: Recipe = RECIPE, split: str = "train", flow: str = FLOW
) -> Path:
    export(run, recipe, flow, samples(items, split), shard_bytes=1)
    return run


def versioned(version: str) -> Recipe:
    return RECIPE.model_copy(update={"release": RECIPE.release.model_copy(update={"version": version})})


def reworded(item: Judged) -> Judged:
    changed = item.revised.model_copy(update={"reasoning": "Other words, of another day."})
    return item.model_copy(update={"revised": changed})


def test_the_same_rows_under_another_version_ask_for_nothing(tmp_path: Path) -> None:
    one, two = laid(tmp_path / "a", many(520)), laid(tmp_path / "b", many(520), recipe=versioned("0.2.0"))
    found = compare(one, two)
    assert (found.added.count, found.removed.count, found.changed.count, found.part) == (0, 0, 0, "none")
    assert found.before.rows == found.after.rows == 520
    assert found.enough


def test_rows_are_told_by_their_ids_and_columns(tmp_path: Path) -> None:
    items = many(640)
    later = [reworded(item) if at in {3, 550} else item for at, item in enumerate(items) if at not in {5, 530}]
    one, two = laid(tmp_path / "a", items[:600]), laid(tmp_path / "b", later)
    found = compare(one, two)
    assert found.removed == merging.Rows(count=2, ids=(items[5].key, items[530].key))
    assert (found.added.count, found.added.ids[0]) == (40, items[600].key)
    assert found.changed == merging.Rows(count=2, ids=(items[3].key, items[550].key))
    assert set(found.changes) == {"revised", "messages"}
    assert (found.part, found.least, found.enough) == ("major", "0.2.0", False)
    back = compare(two, one)
    assert (back.added, back.removed, back.changed) == (found.removed, found.added, found.changed)


def test_a_row_in_another_split_has_moved(tmp_path: Path) -> None:
    items = many(6)
    one, two = tmp_path / "a", tmp_path / "b"
    laid(one, items[:4])
    laid(one, items[4:], split="test")
    laid(two, items[:3])
    laid(two, items[3:], split="test")
    found = compare(one, two)
    assert found.moved == merging.Rows(count=1, ids=(items[3].key,))
    assert (found.added.count, found.removed.count, found.part) == (0, 0, "major")


def test_withdrawn_rows_are_told_among_the_removed(tmp_path: Path) -> None:
    items = many(6)
    gone = (Withdrawn(id=f"yard/{items[0].video}"), Withdrawn(id="yard/never"))
    one = laid(tmp_path / "a", items)
    two = laid(tmp_path / "b", items[:5], recipe=RECIPE.model_copy(update={"withdrawn": gone}))
    found = compare(one, two)
    assert (found.removed.count, found.withdrawn) == (2, 1)


@pytest.mark.parametrize(
    ("version", "later", "part", "least"),
    [("1.0.0", 7, "minor", "1.1.0"), ("1.0.0", 5, "major", "2.0.0"), ("0.1.0", 7, "minor", "0.1.1")],
)
def test_the_version_must_go_up_by_what_was_done(
    tmp_path: Path, version: str, later: int, part: str, least: str
) -> None:
    one = laid(tmp_path / "a", many(6), recipe=versioned(version))
    two = laid(tmp_path / "b", many(later), recipe=versioned(version))
    found = compare(one, two)
    assert (found.part, found.least, found.enough) == (part, least, False)
    assert compare(one, laid(tmp_path / "c", many(later), recipe=versioned(least))).enough


def test_another_flow_with_the_same_rows_is_a_patch(tmp_path: Path) -> None:
    found = compare(laid(tmp_path / "a", many(3)), laid(tmp_path / "b", many(3), flow="e" * 64))
    assert (found.part, found.changed.count) == ("patch", 0)


def edited(run: Path, change: str) -> None:
    """A release with other columns, as another rocot would have written it."""
    folder = run / "release"
    made = read_manifest(folder)
    assert made is not None
    entry = made.splits["train"]
    path = folder / entry.files[0].path
    table = pq.read_table(path)
    table = (
        table.drop_columns(["reader"])
        if change == "dropped"
        else table.append_column("mood", pa.array(["calm"] * table.num_rows))
        if change == "grown"
        else table.set_column(table.column_names.index("leak"), "leak", pa.array([0] * table.num_rows))
    )
    pq.write_table(table, path)
    files = (written(path, folder),)
    splits = {"train": entry.model_copy(update={"files": files})}
    write_manifest(folder, made.model_copy(update={"splits": splits}))


@pytest.mark.parametrize(("change", "part"), [("dropped", "major"), ("grown", "minor"), ("retyped", "major")])
def test_columns_count_as_rows_do(tmp_path: Path, change: str, part: str) -> None:
    one, two = laid(tmp_path / "a", many(4)), laid(tmp_path / "b", many(4))
    edited(two, change)
    found = compare(one, two)
    assert (found.part, found.changed.count) == (part, 0)
    told = {"dropped": found.columns.removed, "grown": found.columns.added, "retyped": found.columns.retyped}
    assert told[change] == {"dropped": ("reader",), "grown": ("mood",), "retyped": ("leak",)}[change]


def test_rates_of_both_have_their_intervals(tmp_path: Path) -> None:
    one, two = laid(tmp_path / "a", many(9)), laid(tmp_path / "b", many(6))
    told = {measure.name: measure for measure in measures(one, two)}
    assert told["acc_last"].before.value == pytest.approx(2 / 3)
    assert told["acc_last"].after.low is not None


def test_what_is_no_whole_release_is_refused(tmp_path: Path) -> None:
    one, two = laid(tmp_path / "a", many(3)), laid(tmp_path / "b", many(3))
    with pytest.raises(StoreError, match="nowhere: cannot be compared"):
        compare(one, tmp_path / "nowhere")
    (two / "release" / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"no release \(manifest.json is missing\)"):
        compare(one, two / "release")


def test_a_difference_can_be_read_back(tmp_path: Path) -> None:
    found = compare(laid(tmp_path / "a", many(3)), laid(tmp_path / "b", many(2)))
    assert Difference.model_validate_json(found.model_dump_json()) == found
