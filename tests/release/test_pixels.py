"""Frames in a release: of every row for training or of none, with a manifest that says on what ground."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datasets import Image, List, load_dataset

from rocot.arrow import columns_digest
from rocot.core.reflection import Judged
from rocot.errors import ConfigError
from rocot.release.export import Exported, export
from rocot.release.manifest import Manifest, read_manifest
from rocot.release.pixels import Pixels
from rocot.release.places import Places
from rocot.release.rights import Shipped
from tests.builders import EDITION
from tests.release import filmed
from tests.release.test_export import samples

OURS = Shipped(visibility="public")
SAID = Shipped(visibility="restricted", rights="licence 12 of the yard's owner")


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    filmed.films(tmp_path / "videos")
    return tmp_path / "videos"


def items(videos: Path, split: str = "train") -> Sequence[Judged]:
    made = filmed.judged(videos / "a.mp4", 0), filmed.judged(videos / "b.mp4", 1, closer=True)
    return [one.model_copy(update={"split": split}) for one in made]


def exported(
    run: Path,
    videos: Path,
    *,
    ground: Shipped | None = OURS,
    places: dict[str, Places] | None = None,
    split: str = "train",
) -> Exported:
    album = filmed.album(run / "cache", filmed.yard(videos) if places is None else places)
    pixels = None if ground is None else Pixels(album, ground)
    given = samples(items(videos, split), split)
    return export(run, filmed.recipe(videos), EDITION.fingerprint, given, controls=True, pixels=pixels)


def manifest(run: Path) -> Manifest:
    made = read_manifest(run / "release")
    assert made is not None
    return made


def digests(run: Path) -> dict[str, str]:
    return {file.path: file.sha256 for file in manifest(run).listed}


def test_the_configs_for_training_hold_the_recorded_pictures(tmp_path: Path, videos: Path) -> None:
    entry = exported(tmp_path, videos).entry
    assert entry.controls is not None
    for file in (*entry.sft, *entry.rft, *entry.controls.plain.files, *entry.controls.two_pass.files):
        path = tmp_path / "release" / file.path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        rows = pq.read_table(path).to_pylist()
        assert len(rows) == file.rows > 0
        for row in rows:
            asked = [part for turn in row["prompt"] for part in turn["content"] if part["type"] == "image"]
            shown = [*row["frame_digests"], *row.get("relook_digests", ())]
            assert [hashlib.sha256(image["bytes"]).hexdigest() for image in row["images"]] == shown
            assert len(asked) == len(shown)
    assert "images" not in pq.read_schema(tmp_path / "release" / entry.files[0].path).names


def test_datasets_opens_them(tmp_path: Path, videos: Path) -> None:
    (file,) = exported(tmp_path, videos).entry.sft
    rows = load_dataset(
        "parquet", data_files=str(tmp_path / "release" / file.path), split="train", cache_dir=str(tmp_path / "hf")
    )
    assert rows.features["images"] == List(Image())
    assert [len(row["images"]) for row in rows] == [4, 4, 6]


def test_the_manifest_says_on_what_ground_and_which_columns(tmp_path: Path, videos: Path) -> None:
    entry = exported(tmp_path, videos, ground=SAID).entry
    told = manifest(tmp_path)
    assert told.pixels == SAID
    assert [source.name for source in told.sources] == ["yard"]
    for config, file in (("all", entry.files[0]), ("sft", entry.sft[0]), ("rft", entry.rft[0])):
        found = columns_digest(pq.read_schema(tmp_path / "release" / file.path))
        assert found == getattr(told.columns, config), config
    exported(tmp_path, videos, ground=None)
    assert manifest(tmp_path).pixels is None


def test_equal_runs_give_equal_bytes(tmp_path: Path, videos: Path) -> None:
    exported(tmp_path / "one", videos)
    exported(tmp_path / "two", videos)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_where_one_frame_is_missing_the_old_release_stands(tmp_path: Path, videos: Path) -> None:
    exported(tmp_path, videos, ground=None)
    before = digests(tmp_path)
    with pytest.raises(ConfigError, match="frames of 2 clips cannot be had") as caught:
        exported(tmp_path, videos, places={})
    assert "yard/a: missing file" in str(caught.value)
    assert digests(tmp_path) == before


def test_splits_with_and_without_frames_make_no_one_release(tmp_path: Path, videos: Path) -> None:
    exported(tmp_path, videos)
    assert exported(tmp_path, videos, split="test").carried == ("train",)
    (dropped, other) = exported(tmp_path, videos, ground=None, split="val").dropped
    assert {dropped.split, other.split} == {"train", "test"}
    assert dropped.why == "has frames in it where the new one has none"
    (dropped,) = exported(tmp_path, videos).dropped
    assert (dropped.split, dropped.why) == ("val", "has no frames in it where the new one has some")


def test_splits_whose_frames_are_there_on_other_grounds_make_no_one_release(tmp_path: Path, videos: Path) -> None:
    exported(tmp_path, videos)
    (dropped,) = exported(tmp_path, videos, ground=SAID, split="test").dropped
    told = "the sources' terms, where the new one has \"licence 12 of the yard's owner\""
    assert (dropped.split, dropped.why) == ("train", f"has its frames on another ground: {told}")
