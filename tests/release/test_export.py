import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from rocot.arrow import table_of
from rocot.assets import load_prompts
from rocot.core.reflection import Judged
from rocot.core.row import Row
from rocot.core.withdrawal import Withdrawn
from rocot.engine.harvest import Lost
from rocot.errors import StoreError
from rocot.flow import reflection
from rocot.recipe import Mix, Recipe, Release, Scenes
from rocot.release.beside import LeftOut, Usage
from rocot.release.card import card as whole_card
from rocot.release.export import Exported, export, recipe_digest
from rocot.release.gather import Samples
from rocot.release.manifest import Manifest, read_manifest
from rocot.release.shards import GROUPS, ROWS_A_GROUP, sharding
from rocot.release.verify import verify_folder
from rocot.tools.described import described
from tests.builders import EDITION, fight, many
from tests.release.attempts import attempt

RECIPE = Recipe(release=Release(name="tiny"), sources=(Scenes(kind="scenes"),))
FLOW = EDITION.fingerprint
LOST = Lost("yard/dark", "sample frames", "failed", "unreadable", "no video stream")


def samples(ends: Iterable[Judged | Lost], split: str = "train", made: str = "2026-11-23") -> Samples:
    return Samples(split, ends, [attempt(made)])


def exported(
    run: Path, count: int = 7, split: str = "train", recipe: Recipe = RECIPE, size: int | None = None
) -> Exported:
    return export(run, recipe, FLOW, samples([LOST, *many(count, split)], split), shard_bytes=size)


def manifest_of(run: Path) -> Manifest:
    found = read_manifest(run / "release")
    assert found is not None
    return found


def fingerprints(run: Path) -> dict[str, str]:
    """sha256 of every file that two equal runs must agree on."""
    names = [*(file.path for file in manifest_of(run).listed), "manifest.json"]
    return {name: hashlib.sha256((run / "release" / name).read_bytes()).hexdigest() for name in names}


def card(folder: Path, made: Manifest) -> dict[str, str]:
    """What the card must say for `load_dataset` to know the configs."""
    lines = ["---", "configs:"]
    for config, place in (("all", "data"), ("sft", "sft"), ("rft", "rft"), ("controls", "controls/*")):
        if list((folder / place.split("/", maxsplit=1)[0]).rglob("*.parquet")):
            lines += [f"- config_name: {config}", "  data_files:"]
            lines += [f"  - {{split: {split}, path: {place}/{split}-*.parquet}}" for split in sorted(made.splits)]
    return {"README.md": "\n".join([*lines, "---", f"# {made.release}", ""])}


def test_pandas_reads_the_rows(tmp_path: Path) -> None:
    exported(tmp_path)
    frame = pd.read_parquet(tmp_path / "release" / "data" / "train-00000-of-00001.parquet")
    assert list(frame.columns) == list(Row.model_fields)
    assert list(frame["id"]) == [item.key for item in many(7)]


def test_datasets_reads_the_rows_with_their_types(tmp_path: Path) -> None:
    exported(tmp_path)
    exported(tmp_path, 3, "test")
    files = str(tmp_path / "release" / "data" / "*.parquet")
    rows = load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "hf"))["train"]
    assert len(rows) == 10
    by_split = load_dataset(str(tmp_path / "release"), cache_dir=str(tmp_path / "hf"))
    assert {name: len(part) for name, part in by_split.items()} == {"train": 7, "test": 3}
    assert [Row.model_validate(row) for row in by_split["train"]] == [Row.of(item, EDITION) for item in many(7)]


def test_two_equal_runs_export_the_same_bytes(tmp_path: Path) -> None:
    for run, made in (("one", "2026-11-23"), ("two", "2027-01-01")):
        export(tmp_path / run, RECIPE, FLOW, samples(many(540), made=made), controls=True, card=card, shard_bytes=1)
    one = fingerprints(tmp_path / "one")
    assert one == fingerprints(tmp_path / "two")
    assert Counter(name.split("/")[0] for name in one) == {
        "README.md": 1,
        "data": 2,
        "sft": 1,
        "rft": 1,
        "controls": 3,
        "manifest.json": 1,
    }


SHUFFLED = """
import sys, random, pathlib
from tests.builders import many
from tests.release.test_export import RECIPE, FLOW, card, samples
from rocot.release.export import export
items = many(40)
random.Random(int(sys.argv[2])).shuffle(items)
ends = samples(sorted(items, key=lambda item: item.key))
export(pathlib.Path(sys.argv[1]), RECIPE, FLOW, ends, controls=True, card=card)
"""


def test_the_hash_seed_and_the_order_of_insertion_change_no_byte(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    for seed in ("0", "7"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        subprocess.run([sys.executable, "-c", SHUFFLED, str(tmp_path / seed), seed], env=env, check=True)
    assert fingerprints(tmp_path / "0") == fingerprints(tmp_path / "7")
    assert len(fingerprints(tmp_path / "0")) == 7


def test_shards_end_at_their_size_and_hold_every_row_once(tmp_path: Path) -> None:
    entry = exported(tmp_path, 1100, size=1).entry
    names = [file.path for file in entry.files]
    assert names == [f"data/train-{index:05d}-of-00003.parquet" for index in range(3)]
    ids = [one for name in names for one in pq.read_table(tmp_path / "release" / name)["id"].to_pylist()]
    assert ids == [item.key for item in many(1100)]
    assert [file.rows for file in entry.files] == [512, 512, 76]


@pytest.mark.parametrize("count", [512, 1024])
def test_no_shard_is_empty_where_rows_end_with_a_shard(tmp_path: Path, count: int) -> None:
    assert [file.rows for file in exported(tmp_path, count, size=1).entry.files] == [512] * (count // 512)


def test_a_split_without_rows_is_a_shard_without_rows(tmp_path: Path) -> None:
    entry = exported(tmp_path, 0).entry
    assert [file.rows for file in entry.files] == [0]
    assert pq.read_schema(tmp_path / "release" / entry.files[0].path).names == list(Row.model_fields)


def test_what_was_left_out_is_listed_and_counted(tmp_path: Path) -> None:
    exported(tmp_path)
    assert manifest_of(tmp_path).splits["train"].left_out == {"sample frames: unreadable": 1}
    table = pq.read_table(tmp_path / "release" / "left_out" / "train.parquet")
    assert [LeftOut.model_validate(row) for row in table.to_pylist()] == [LeftOut.of(LOST)]


def test_what_differs_between_equal_runs_has_a_table_of_its_own(tmp_path: Path) -> None:
    exported(tmp_path, 2)
    table = pq.read_table(tmp_path / "release" / "usage" / "attempts.parquet")
    assert [Usage.model_validate(row) for row in table.to_pylist()] == [Usage.of(attempt("2026-11-23"))]


def test_ten_rollouts_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    items = [fight().judged().model_copy(update={"rollout": rollout}) for rollout in range(11)]
    export(tmp_path, RECIPE, FLOW, samples(items))
    table = pq.read_table(tmp_path / "release" / "data" / "train-00000-of-00001.parquet")
    assert table["rollout"].to_pylist() == list(range(11))


def test_the_manifest_counts_what_the_shards_hold(tmp_path: Path) -> None:
    exported(tmp_path, 9)
    entry = manifest_of(tmp_path).splits["train"]
    assert (entry.rows, entry.kept) == (9, 6)
    assert entry.outcomes == {"confirmed": 3, "corrected": 3, "corrupted": 3}


def test_rows_that_do_not_ascend_are_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ascend"):
        export(tmp_path, RECIPE, FLOW, samples(reversed(many(3))))


def test_another_split_of_the_same_make_is_kept(tmp_path: Path) -> None:
    exported(tmp_path)
    before = fingerprints(tmp_path)
    assert exported(tmp_path, 3, "test").carried == ("train",)
    del before["manifest.json"]
    assert len(before) == 3
    assert before.items() <= fingerprints(tmp_path).items()
    assert sorted(manifest_of(tmp_path).splits) == ["test", "train"]
    assert len(list((tmp_path / "release" / "left_out").iterdir())) == 2


def test_another_split_of_another_make_is_dropped_and_named(tmp_path: Path) -> None:
    exported(tmp_path)
    other = RECIPE.model_copy(update={"mix": Mix(keep=("corrected",))})
    done = exported(tmp_path, 3, "test", other)
    assert [(one.split, "another recipe" in one.why) for one in done.dropped] == [("train", True)]
    assert sorted(path.name for path in (tmp_path / "release" / "data").iterdir()) == ["test-00000-of-00001.parquet"]


def test_a_damaged_split_is_not_carried_on(tmp_path: Path) -> None:
    exported(tmp_path)
    shard = tmp_path / "release" / "data" / "train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    done = exported(tmp_path, 3, "test")
    assert [(one.split, "was exported" in one.why or "were written" in one.why) for one in done.dropped] == [
        ("train", True)
    ]


def test_where_files_lie_is_no_part_of_the_make() -> None:
    def recipe(videos: str) -> Recipe:
        source = {"kind": "folder", "name": "yard", "videos": videos, "annotations": f"{videos}/a.csv"}
        return Recipe.model_validate({"release": {"name": "tiny"}, "sources": [source]})

    assert recipe_digest(recipe("/here")) == recipe_digest(recipe("/there"))
    assert recipe_digest(recipe("/here")) != recipe_digest(RECIPE)


def test_how_large_shards_are_is_no_part_of_the_make(tmp_path: Path) -> None:
    other = RECIPE.model_copy(update={"release": Release(name="tiny", shard_mb=1)})
    assert recipe_digest(other) == recipe_digest(RECIPE)
    flows = [reflection(recipe, (), described(recipe)).fingerprint for recipe in (RECIPE, other)]
    assert flows[0] == flows[1]
    exported(tmp_path)
    assert exported(tmp_path, 3, "test", other).carried == ("train",)


def test_shards_end_at_the_size_that_the_recipe_names(tmp_path: Path) -> None:
    rng = random.Random(0)
    recipe = RECIPE.model_copy(update={"release": Release(name="tiny", shard_mb=1)})
    items = [item.model_copy(update={"question": rng.randbytes(700).hex()}) for item in many(1100)]
    files = export(tmp_path, recipe, FLOW, samples(items)).entry.files
    assert [file.rows for file in files] == [1024, 76]
    assert 10**6 < files[0].bytes < 2 * 10**6


def test_a_shard_has_no_more_groups_than_memory_is_to_hold(tmp_path: Path) -> None:
    group = table_of([LeftOut.of(LOST)] * ROWS_A_GROUP, LeftOut)
    with sharding(tmp_path, "train", LeftOut) as shards:
        for _ in range(GROUPS + 1):
            shards.extend(group.slice(0, 500))
        paths = shards.finish()
    rows = [pq.read_metadata(path) for path in paths]
    assert [(one.num_rows, one.num_row_groups) for one in rows] == [(500 * (GROUPS + 1), 126)]
    with sharding(tmp_path / "more", "train", LeftOut) as shards:
        for _ in range(GROUPS + 1):
            shards.extend(group)
        paths = shards.finish()
    assert [pq.read_metadata(path).num_rows for path in paths] == [ROWS_A_GROUP * GROUPS, ROWS_A_GROUP]


@pytest.mark.parametrize("splits", [("train", "test"), ("test", "train")])
def test_the_order_in_which_splits_are_exported_changes_no_byte(tmp_path: Path, splits: tuple[str, str]) -> None:
    used = load_prompts(None, RECIPE.task.kind)
    for run, order in (("one", ("test", "train")), ("two", splits)):
        for split in order:
            held = samples(many(9 if split == "train" else 5, split), split)
            export(tmp_path / run, RECIPE, FLOW, held, card=partial(whole_card, recipe=RECIPE, used=used))
    assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "two")


def broken(items: Iterable[Judged]) -> Iterator[Judged]:
    yield from items
    raise OSError(28, "No space left on device")


def test_a_failed_export_leaves_the_old_release_and_nothing_else(tmp_path: Path) -> None:
    exported(tmp_path)
    before = fingerprints(tmp_path)
    with pytest.raises(StoreError, match=r"No space left.*[Ff]ree some space"):
        export(tmp_path, RECIPE, FLOW, samples(broken(many(3))))
    assert fingerprints(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".release.lock", "release"]


FULL = """
import resource, sys, pathlib
from tests.release.test_export import exported
resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))
exported(pathlib.Path(sys.argv[1]), 100)
"""


def test_a_disk_that_refuses_a_write_is_told(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: the write fails in the same place."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], env=env, capture_output=True, text=True, check=False
    )
    last = child.stderr.strip().splitlines()[-1]
    assert last.startswith("rocot.errors.StoreError: ")
    assert "File too large" in last
    assert "export again" in last
    assert [path.name for path in tmp_path.iterdir()] == [".release.lock"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="writable"):
        exported(tmp_path)


def test_a_place_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        exported(tmp_path / "run")


SLOW = """
import sys, time, pathlib
from tests.builders import many
from tests.release.test_export import RECIPE, FLOW, samples
from rocot.release.export import export
def slowly():
    for index, item in enumerate(many(2000)):
        if index == 1900:
            print("under way", flush=True)
            time.sleep(60)
        yield item
export(pathlib.Path(sys.argv[1]), RECIPE, FLOW, samples(slowly()), shard_bytes=1)
"""


def test_a_killed_export_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", SLOW, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert not (tmp_path / "release").exists()
    left = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(left) == 1
    assert ".unfinished-" in left[0].name
    assert read_manifest(left[0]) is None
    assert not list((left[0] / "data").glob("*.parquet"))
    exported(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".release.lock", "release"]


KILLED = """
import itertools, os, pathlib, random, signal, sys, time
from tests.builders import many
from tests.release.test_export import FLOW, RECIPE, card, samples
from rocot.release.export import export
both, rng = [many(30), many(45)], random.Random(20)
for _ in sys.stdin:
    child = os.fork()
    if not child:
        for items in itertools.cycle(both):
            export(pathlib.Path(sys.argv[1]), RECIPE, FLOW, samples(items), controls=True, card=card, shard_bytes=1)
    time.sleep(rng.uniform(0, 1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def test_whenever_an_export_is_killed_the_release_is_an_old_one_or_a_new_one_and_whole(tmp_path: Path) -> None:
    """A process begets exports that come without end, and kills each at some instant."""
    export(tmp_path, RECIPE, FLOW, samples(many(30)), controls=True, card=card)
    command, root = [sys.executable, "-c", KILLED, str(tmp_path)], str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(12):
            parent.stdin.write("\n")
            parent.stdin.flush()
            assert parent.stdout.readline() == "killed\n"
            found = verify_folder(tmp_path / "release")
            assert (found.exit_code, found.damage) == (0, ())
            assert manifest_of(tmp_path).splits["train"].rows in {30, 45}
            others = {path.name for path in tmp_path.iterdir()} - {"release", ".release.lock"}
            assert all(name.startswith("release.unfinished-") for name in others)
    exported(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".release.lock", "release"]


def test_a_reader_finds_a_whole_release_at_every_instant(tmp_path: Path) -> None:
    """One process swaps release after release, this one looks."""
    exported(tmp_path)
    swap = "import sys; from pathlib import Path; from tests.release.test_export import exported\n"
    swap += "for count in range(3, 9): exported(Path(sys.argv[1]), count)"
    root = str(Path(__file__).parents[2])
    rng = random.Random(0)
    with subprocess.Popen([sys.executable, "-c", swap, str(tmp_path)], env={**os.environ, "PYTHONPATH": root}) as child:
        while child.poll() is None:
            assert (tmp_path / "release" / "manifest.json").is_file()
            time.sleep(rng.uniform(0, 0.002))
    assert child.returncode == 0


def test_what_a_kill_between_two_renames_leaves_is_mended(tmp_path: Path) -> None:
    exported(tmp_path)
    (tmp_path / "release").rename(tmp_path / "release.retired")
    assert exported(tmp_path, 3, "test").carried == ("train",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".release.lock", "release"]


def test_withdrawn_samples_become_no_rows_and_leave_no_trace_but_their_ids(tmp_path: Path) -> None:
    items = many(5)
    gone = (Withdrawn(id=items[0].id, reason="secret"), Withdrawn(id=f"yard/{items[3].video}"))
    recipe = RECIPE.model_copy(update={"withdrawn": gone})
    told = export(tmp_path / "a", recipe, FLOW, samples([LOST, *items]))
    assert (told.entry.rows, told.withdrawn) == (3, 2)
    assert told.told_left_out == {"sample frames: unreadable": 1, "export: withdrawn": 2}
    made = manifest_of(tmp_path / "a")
    assert made.withdrawn == tuple(sorted([items[0].id, f"yard/{items[3].video}"]))
    assert "secret" not in (tmp_path / "a" / "release" / "manifest.json").read_text()
    never = [item for item in items if item.id not in {items[0].id, items[3].id}]
    export(tmp_path / "b", recipe, FLOW, samples([LOST, *never]))
    assert fingerprints(tmp_path / "a") == fingerprints(tmp_path / "b")


def test_what_is_withdrawn_changes_no_digest_of_the_recipe() -> None:
    recipe = RECIPE.model_copy(update={"withdrawn": (Withdrawn(id="yard/a"),)})
    assert recipe_digest(recipe) == recipe_digest(RECIPE)


def test_a_split_from_before_a_withdrawal_is_dropped(tmp_path: Path) -> None:
    exported(tmp_path, 3, "test")
    recipe = RECIPE.model_copy(update={"withdrawn": (Withdrawn(id="yard/v00001"),)})
    told = exported(tmp_path, 3, recipe=recipe)
    assert [(one.split, one.why) for one in told.dropped] == [("test", "made before what is withdrawn now")]
