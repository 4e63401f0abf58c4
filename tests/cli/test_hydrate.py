"""`rocot hydrate` and `rocot export --format`, as a user runs them."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.bench import Bench
from tests.contracts.numbered import film


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A run of two films of 3 s, cut into short clips so that some rows are kept."""
    folder = tmp_path_factory.mktemp("hydrate")
    bench = Bench(folder, folder / "cache")
    bench.lay(length=0.5)
    film(folder / "videos" / "b.mp4", options={"g": "10"})  # not the same film again
    done = bench.rocot("generate", "--recipe", "own.toml", timeout=300)
    assert done.returncode == 0, done.stderr
    return bench


@pytest.fixture
def elsewhere(made: Bench, tmp_path: Path) -> Bench:
    """Another machine: the release and the videos, the latter under other names; no run and no cache."""
    shutil.copytree(made.folder / "runs/own/release", tmp_path / "downloaded")
    (tmp_path / "films" / "deep").mkdir(parents=True)
    shutil.copy(made.folder / "videos/a.mp4", tmp_path / "films/deep/first.mp4")
    shutil.copy(made.folder / "videos/b.mp4", tmp_path / "films/b.mkv")
    return Bench(tmp_path, tmp_path / "cache")


def images(path: Path) -> pd.Series:
    return pd.concat([pd.read_parquet(one) for one in sorted(path.glob("*.parquet"))]).images


def test_a_run_is_hydrated_from_the_folders_of_its_recipe(made: Bench) -> None:
    done = made.rocot("hydrate", "own", "--config", "all", timeout=300)
    assert done.returncode == 0, done.stderr
    assert "own 0.1.0 with frames, in runs/own/hydrated" in done.stdout
    assert 'datasets.load_dataset("runs/own/hydrated", "all")' in done.stdout
    assert all(len(row) == 4 for row in images(made.folder / "runs/own/hydrated/data"))
    again = made.rocot("hydrate", "own", "--config", "all")
    assert "there already: data/train" in again.stdout
    checked = made.rocot("validate", "own")
    assert checked.returncode == 0, checked.stdout


def test_what_is_to_be_learnt_and_asked_is_hydrated_unless_another_config_is_named(made: Bench) -> None:
    done = made.rocot("hydrate", "own", "--to", "both", timeout=300)
    assert done.returncode == 0, done.stderr
    for config in ("sft", "rft"):
        assert all(len(row) == 4 for row in images(made.folder / "both" / config))


def test_no_config_without_rows_is_named_as_the_next_to_load(bench: Bench) -> None:
    bench.lay()
    recipe = bench.folder / "own.toml"
    recipe.write_text(recipe.read_text().replace('annotations = "spans.csv"', 'classes = ["Fighting"]'))
    made = bench.rocot("generate", "--recipe", "own.toml", timeout=300)
    assert made.returncode == 0, made.stderr
    done = bench.rocot("hydrate", "own", timeout=300)
    assert (done.returncode, "load_dataset" in done.stdout) == (0, False), done.stdout + done.stderr
    done = bench.rocot("hydrate", "own", "--config", "all", "--config", "sft", timeout=300)
    assert 'datasets.load_dataset("runs/own/hydrated", "all")' in done.stdout


def test_a_downloaded_release_is_hydrated_from_ones_own_videos(elsewhere: Bench) -> None:
    done = elsewhere.rocot("hydrate", "downloaded", "--videos", "films", "--to", "copy", "--config", "all", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(len(row) == 4 for row in images(elsewhere.folder / "copy/data"))


def test_what_is_missing_is_told_and_made_when_it_is_there(elsewhere: Bench) -> None:
    words = ("hydrate", "downloaded", "--videos", "own=films", "--config", "all")
    (elsewhere.folder / "films/b.mkv").rename(elsewhere.folder / "b.mkv")
    done = elsewhere.rocot(*words, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "missing file" in done.stdout
    assert "own/b@" in done.stdout
    (elsewhere.folder / "b.mkv").rename(elsewhere.folder / "films/b.mkv")
    assert elsewhere.rocot(*words, timeout=300).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hydrate", "downloaded", "--videos", "nowhere"), "nowhere: no such folder"),
        (("hydrate", "downloaded", "--videos", "xd=films"), "'xd' is no source of the release; it has own"),
        (("hydrate", "downloaded", "--videos", "s3://me:secret@videos"), "--videos: holds a password"),
        (("hydrate", "downloaded", "--split", "test"), "no split 'test'; it has train"),
        (("hydrate", "downloaded", "--to", "downloaded/copy"), "not to be touched"),
        (("hydrate", "films"), "no release"),
        (("hydrate", "gone"), "is not there"),
        (("export", "downloaded", "--format", "verl", "--controls"), "write the release, which --format reads"),
        (("export", "downloaded", "--to", "x"), "go with --format"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(elsewhere: Bench, words: tuple[str, ...], said: str) -> None:
    done = elsewhere.rocot(*words)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (elsewhere.folder / "hydrated").exists()


def test_a_damaged_release_is_not_hydrated(elsewhere: Bench) -> None:
    (shard,) = (elsewhere.folder / "downloaded/data").iterdir()
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = elsewhere.rocot("hydrate", "downloaded", "--videos", "films", "--config", "all")
    assert done.returncode == 2
    assert "is not the file that was exported" in done.stderr


def test_a_release_is_handed_to_another_trainer(elsewhere: Bench) -> None:
    done = elsewhere.rocot("export", "downloaded", "--format", "ms-swift", "--videos", "films", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for form in ("sft", "rft"):
        text = (elsewhere.folder / "exports/ms-swift" / form / "train.jsonl").read_text()
        assert all(Path(path).is_file() for line in text.splitlines() for path in json.loads(line)["images"])


def test_scenes_are_rendered_for_whoever_has_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tmp_path / "cache")
    (tmp_path / "tiny.toml").write_text(
        '[release]\nname = "tiny"\n[[sources]]\nkind = "scenes"\ntrain = 1\n[frames]\ncount = 4\n'
        '[teacher]\nmodel = "scripted"\n'
    )
    assert bench.rocot("generate", "--recipe", "tiny.toml", timeout=300).returncode == 0
    shutil.move(tmp_path / "runs/tiny/release", tmp_path / "downloaded")
    shutil.rmtree(tmp_path / "cache")
    done = bench.rocot("hydrate", "downloaded", "--config", "all", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(len(row) == 4 for row in images(tmp_path / "hydrated/data"))
    for videos, said in (("nowhere", "nowhere: no such folder"), ("xd=.", "'xd' is no source of the release")):
        for to in ("hydrated", "fresh"):
            refused = bench.rocot("hydrate", "downloaded", "--config", "all", "--to", to, "--videos", videos)
            assert refused.returncode == 2, "also what nobody needs, and where all is done"
            assert said in refused.stderr
    assert not (tmp_path / "fresh").exists()


def test_a_split_that_is_exported_next_is_not_to_be_exported_again(bench: Bench) -> None:
    bench.lay()
    recipe = bench.folder / "own.toml"
    more = '[[sources]]\nkind = "folder"\nname = "more"\nvideos = "videos"\nsplit = "train-extra"\n'
    recipe.write_text(recipe.read_text().replace("[windows]", f"{more}[windows]"))
    for split in ("train", "train-extra"):
        done = bench.rocot("generate", "--recipe", "own.toml", "--split", split, timeout=300)
        assert done.returncode == 0, done.stderr
    words = ("export", "own", "--with-frames", "--i-have-the-rights")
    done = bench.rocot(*words, "A", timeout=300)
    assert done.returncode == 0, done.stderr
    assert "dropped: split train-extra, has no frames in it where the new one has some; it comes next" in done.stdout
    assert "export it again" not in done.stdout
    done = bench.rocot(*words, "B", "--split", "train", timeout=300)
    assert 'another ground: "A", where the new one has "B"; export it again' in done.stdout


def test_frames_go_into_a_release_on_a_written_word_alone(made: Bench) -> None:
    refused = made.rocot("export", "own", "--with-frames")
    assert refused.returncode == 2
    assert "own: none stated" in refused.stderr
    said = made.rocot("export", "own", "--with-frames", "--i-have-the-rights", "filmed by us", timeout=300)
    assert said.returncode == 0, said.stderr
    assert "only a private or gated repository takes it" in said.stdout
    told = json.loads((made.folder / "runs/own/release/manifest.json").read_text())
    assert told["pixels"] == {"rights": "filmed by us", "visibility": "restricted"}
    assert made.rocot("validate", "own").returncode == 0
    assert made.rocot("export", "own").returncode == 0, "and they are gone again"
    assert json.loads((made.folder / "runs/own/release/manifest.json").read_text())["pixels"] is None
