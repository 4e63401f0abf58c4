"""`rocot withdraw`: never made again, gone from the release, and remembered wherever the recipe goes."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pandas as pd

from rocot.core.record import Json
from rocot.release.manifest import SEAL, sealed
from tests.cli.bench import Bench

MADE = ("generate", "--recipe", "own.toml")


def lay(bench: Bench, length: float = 1) -> None:
    """Two films of unlike bytes, of three clips each; of short ones some are kept."""
    bench.lay(length=length)
    with (bench.folder / "videos" / "b.mp4").open("ab") as film:
        film.write(b"\0")


def rows(bench: Bench, run: str = "own") -> list[str]:
    return sorted(set(pd.read_parquet(bench.folder / "runs" / run / "release" / "data")["video"]))


def manifest(bench: Bench, run: str = "own") -> dict[str, Json]:
    found = json.loads((bench.folder / "runs" / run / "release" / "manifest.json").read_text())
    assert isinstance(found, dict)
    return found


def digests(folder: Path) -> dict[str, str]:
    """Of all that two equal runs must agree on."""
    kept = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name not in {"usage", "left_out"}
    ]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def test_a_video_is_taken_out_at_once_and_never_made_again(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    assert rows(bench) == ["a", "b"]
    done = bench.rocot("withdraw", "own/a", "--reason", "asked by a passer-by")
    assert done.returncode == 0, done.stderr
    assert "split train written anew: 3 rows, 3 left out" in done.stdout
    assert '[[withdrawn]]\nid = "own/a"\nreason = "asked by a passer-by"' in done.stdout
    assert rows(bench) == ["b"]
    assert manifest(bench)["withdrawn"] == ["own/a"]
    assert "passer" not in json.dumps(manifest(bench)) + (bench.folder / "runs/own/release/README.md").read_text()
    assert "1 videos or clips were withdrawn" in (bench.folder / "runs/own/release/README.md").read_text()
    first = digests(bench.folder / "runs" / "own" / "release")

    again = bench.rocot(*MADE)
    assert again.returncode == 0, again.stderr
    assert "own: withdrawn" in again.stdout
    assert rows(bench) == ["b"]
    assert digests(bench.folder / "runs" / "own" / "release") == first
    assert bench.rocot("export").returncode == 0
    assert rows(bench) == ["b"]
    assert bench.rocot("validate").returncode == 0


def test_a_recipe_that_says_so_keeps_it_out_of_a_run_elsewhere(bench: Bench) -> None:
    lay(bench)
    before = (bench.folder / "own.toml").read_text()
    assert bench.rocot(*MADE).returncode == 0
    done = bench.rocot("withdraw", "own/b", "--recipe", "own.toml")
    assert done.returncode == 0, done.stderr
    assert (bench.folder / "own.toml").read_text() == f'{before.rstrip()}\n\n[[withdrawn]]\nid = "own/b"\n'
    assert bench.rocot(*MADE, "--run", "runs/far").returncode == 0
    assert rows(bench, "far") == ["a"]
    assert digests(bench.folder / "runs/far/release") == digests(bench.folder / "runs/own/release")


def test_one_clip_goes_alone_and_a_copy_of_a_video_goes_with_it(bench: Bench) -> None:
    lay(bench)
    shutil.copyfile(bench.folder / "videos" / "a.mp4", bench.folder / "videos" / "c.mp4")
    assert bench.rocot(*MADE).returncode == 0
    clips = sorted(pd.read_parquet(bench.folder / "runs/own/release/data")["clip"])
    assert bench.rocot("withdraw", clips[0]).returncode == 0
    assert sorted(pd.read_parquet(bench.folder / "runs/own/release/data")["clip"]) == clips[1:]
    done = bench.rocot("withdraw", "own/a")
    assert "own/c is the same file, and goes with it" in done.stdout
    assert rows(bench) == ["b"]
    assert bench.rocot(*MADE).returncode == 0
    assert rows(bench) == ["b"]


def test_a_purge_leaves_nothing_of_it_in_the_run_nor_of_its_frames(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    frames = len(list((bench.cache / "frames").rglob("*.jpg")))
    done = bench.rocot("withdraw", "own/a", "--purge")
    assert done.returncode == 0, done.stderr
    assert "deleted: 3 clips, 9 replies" in done.stdout
    with sqlite3.connect(bench.folder / "runs" / "own" / "run.sqlite") as store:
        for table, column in (("clip", "id"), ("attempt", "item"), ("outcome", "item")):
            assert store.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE 'own/a%'").fetchone() == (0,)
    assert len(list((bench.cache / "frames").rglob("*.jpg"))) < frames
    assert rows(bench) == ["b"]
    assert bench.rocot("validate").returncode == 0


def test_copies_in_the_run_are_named_and_go_with_a_purge(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    assert bench.rocot("hydrate", "--config", "all").returncode == 0
    run = bench.folder / "runs" / "own"
    (run / "exports" / "ms-swift").mkdir(parents=True)
    assert (run / "hydrated").is_dir()
    told = bench.rocot("withdraw", "own/a").stdout
    assert "own/hydrated was made before this: make it again (`rocot hydrate`), or delete it" in told
    assert "own/exports was made before this" in told
    told = bench.rocot("withdraw", "own/a", "--purge").stdout
    assert "own/hydrated, which `rocot hydrate` makes again" in told
    assert not (run / "hydrated").exists()
    assert not (run / "exports").exists()
    (bench.folder / "elsewhere").mkdir()
    (run / "hydrated").symlink_to(bench.folder / "elsewhere")
    linked = bench.rocot("withdraw", "own/a", "--purge")
    assert (linked.returncode, "own/hydrated: cannot be deleted" in linked.stderr) == (2, True)


def test_a_release_keeps_its_frames(bench: Bench) -> None:
    lay(bench, 0.5)
    assert bench.rocot(*MADE).returncode == 0
    rights = "we filmed it ourselves"
    assert bench.rocot("export", "--with-frames", "--i-have-the-rights", rights).returncode == 0
    told = bench.rocot("withdraw", "own/b")
    assert told.returncode == 0, told.stderr
    assert manifest(bench)["pixels"] == {"rights": rights, "visibility": "restricted"}
    assert rows(bench) == ["a"]


def test_a_release_whose_frames_are_gone_goes_without(bench: Bench) -> None:
    lay(bench, 0.5)
    assert bench.rocot(*MADE).returncode == 0
    assert bench.rocot("export", "--with-frames", "--i-have-the-rights", "we filmed it").returncode == 0
    shutil.rmtree(bench.cache)
    shutil.rmtree(bench.folder / "videos")
    told = bench.rocot("withdraw", "own/b")
    assert told.returncode == 0, told.stderr
    assert "its frames cannot be had:" in told.stdout
    assert manifest(bench)["pixels"] is None
    assert rows(bench) == ["a"]


def test_a_recipe_of_other_sources_is_left_alone(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    other = bench.folder / "other.toml"
    other.write_text((bench.folder / "own.toml").read_text().replace('name = "own"', 'name = "yard"'))
    before = other.read_text()
    told = bench.rocot("withdraw", "own/a", "--recipe", "other.toml")
    assert told.returncode == 2
    assert "other.toml: has no source of own/a (it has yard); nothing is withdrawn" in told.stderr
    assert (other.read_text(), rows(bench)) == (before, ["a", "b"])


def test_without_a_name_it_is_the_newest_run_and_the_help_says_nothing_else(bench: Bench) -> None:
    lay(bench)
    for run in ("runs/one", "runs/two"):
        assert bench.rocot(*MADE, "--run", run).returncode == 0
    assert bench.rocot("withdraw", "own/a").returncode == 0
    assert (rows(bench, "one"), rows(bench, "two")) == (["a", "b"], ["b"])
    assert bench.rocot("withdraw", "own/a", "--run", "one").returncode == 0
    assert rows(bench, "one") == ["b"]
    told = " ".join(bench.rocot("withdraw", "--help").stdout.split())
    assert "or its name below runs/. [default: the newest run below runs/]" in told
    assert told.count("default:") == 1


def test_a_row_that_is_withdrawn_makes_a_release_invalid(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    path = bench.folder / "runs" / "own" / "release" / "manifest.json"
    told = {name: value for name, value in manifest(bench).items() if name != SEAL}
    path.write_text(sealed({**told, "withdrawn": ["own/a"]}))
    done = bench.rocot("validate")
    assert done.returncode == 1
    assert "withdrawn" in done.stdout


def test_a_split_from_before_is_not_carried_along(bench: Bench) -> None:
    lay(bench)
    text = (bench.folder / "own.toml").read_text()
    more = '\n[[sources]]\nkind = "folder"\nname = "own"\nvideos = "videos"\nsplit = "test"\n'
    (bench.folder / "own.toml").write_text(text + more)
    for split in ("train", "test"):
        assert bench.rocot(*MADE, "--split", split).returncode == 0
    (bench.folder / "own.toml").write_text(text + more + '\n[[withdrawn]]\nid = "own/a"\n')
    done = bench.rocot(*MADE)
    assert "dropped: split test, made before what is withdrawn now" in done.stdout
    splits = manifest(bench)["splits"]
    assert isinstance(splits, dict)
    assert set(splits) == {"train"}


def test_what_the_run_does_not_know_is_refused_with_what_may_be_meant(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    before = digests(bench.folder / "runs" / "own" / "release")
    done = bench.rocot("withdraw", "own/b", "own/aa", "elsewhere")
    assert done.returncode == 2
    assert "has no clip of own/aa (did you mean own/a" in done.stderr
    assert "; elsewhere. Nothing is withdrawn" in done.stderr
    assert digests(bench.folder / "runs" / "own" / "release") == before
    assert bench.rocot("export").returncode == 0
    assert manifest(bench)["withdrawn"] == []


def test_a_whole_video_that_may_be_meant_is_named_once(bench: Bench) -> None:
    lay(bench, length=60)
    assert bench.rocot(*MADE).returncode == 0
    done = bench.rocot("withdraw", "own/aa")
    assert "has no clip of own/aa (did you mean own/a or own/b?)" in done.stderr


def test_what_is_yet_to_come_is_noted_where_that_is_said(bench: Bench) -> None:
    lay(bench)
    assert bench.rocot(*MADE).returncode == 0
    done = bench.rocot("withdraw", "own/c", "--ahead")
    assert (done.returncode, "the run has no clip of own/c: it is left out once it comes" in done.stdout) == (0, True)
    assert manifest(bench)["withdrawn"] == ["own/c"]
    shutil.copyfile(bench.folder / "videos" / "a.mp4", bench.folder / "videos" / "c.mp4")
    with (bench.folder / "videos" / "c.mp4").open("ab") as film:
        film.write(b"\0\0")
    again = bench.rocot(*MADE)
    assert "own: withdrawn" in again.stdout
    assert rows(bench) == ["a", "b"]
    assert bench.rocot("withdraw", "own/c").returncode == 0  # it is known by now, though no clip of it is


def test_what_cannot_be_done_changes_nothing(bench: Bench) -> None:
    lay(bench)
    done = bench.rocot("withdraw", "own/a")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert bench.rocot(*MADE).returncode == 0
    broken = bench.folder / "own.toml"
    broken.write_text(f'withdrawn = [{{ id = "own/x" }}]\n{broken.read_text()}')
    before = broken.read_text()
    done = bench.rocot("withdraw", "own/a", "--recipe", "own.toml")
    assert done.returncode == 2
    assert "add these to it yourself" in done.stderr
    assert broken.read_text() == before
    assert rows(bench) == ["a", "b"]
    done = bench.rocot("withdraw", "own/a", "--reason", "two\nlines")
    assert done.returncode == 2
    assert "one line of at most 500 characters" in done.stderr
