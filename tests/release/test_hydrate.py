"""A copy of a release with its pictures: bit by bit the recorded ones, whole or not there, and never in silence."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datasets import Image, List, load_dataset

from rocot.core.reflection import Judged
from rocot.errors import ConfigError
from rocot.release.hydrate import (
    Copied,
    Hydration,
    alone,
    begun,
    copy_pictures,
    copy_rows,
    done,
    picture_path,
    write_hydration,
)
from rocot.release.manifest import read_manifest
from rocot.release.parts import Part, parts
from tests.builders import EDITION
from tests.contracts.numbered import film, spelt
from tests.release import filmed

BLANK = Hydration(release="tiny", version="0.1.0", fingerprint=EDITION.fingerprint, nearly=False)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    filmed.films(tmp_path / "videos")
    return tmp_path / "videos"


def items(videos: Path) -> Sequence[Judged]:
    a, b = videos / "a.mp4", videos / "b.mp4"
    return [
        filmed.judged(a, 0),
        filmed.judged(a, 1, rollout=1, closer=True),
        filmed.judged(b, 2, closer=True),
    ]


def everything(run: Path, videos: Path) -> Part:
    (part,) = parts(filmed.released(run, items(videos), filmed.recipe(videos)), ["all"])
    return part


def copied(run: Path, part: Part, *folders: Path, cache: str = "cache", nearly: bool = False) -> Copied:
    heard: list[int] = []
    album = filmed.album(run / cache, filmed.yard(*folders) if folders else {}, nearly=nearly)
    made = copy_rows(run / "release", part, run / "copy", album, heard.append)
    assert sum(heard) == sum(file.rows for file in part.files)
    return made


def digests(run: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (run / "copy" / "data").iterdir()}


def test_every_row_gets_the_recorded_pictures_in_the_order_of_its_chat(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    made = copied(tmp_path, part, videos)
    assert (made.rows, made.frames, made.nearly, made.missing) == (3, 4 + 6 + 6, 0, ())
    (file,) = made.files
    rows = pq.read_table(tmp_path / "copy" / file.path).to_pylist()
    assert [row["id"] for row in rows] == ["yard/a#0", "yard/a#1", "yard/b#0"]
    for row in rows:
        pictures = [image["bytes"] for image in row["images"]]
        recorded = [*row["frame_digests"], *row["relook_digests"]]
        assert [hashlib.sha256(picture).hexdigest() for picture in pictures] == recorded
        assert [spelt(picture) for picture in pictures][:4] == [7, 27, 47, 67]
        assert {image["path"] for image in row["images"]} == {None}
        assert sum(turn["content"].count("<image>") for turn in row["messages"]) == len(pictures)


def test_datasets_opens_the_pictures_by_the_name_of_the_config(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    held = BLANK.model_copy(update={"parts": {part.name: copied(tmp_path, part, videos)}})
    write_hydration(tmp_path / "copy", held, ["train"])
    rows = load_dataset(str(tmp_path / "copy"), "all", split="train", cache_dir=str(tmp_path / "hf"))
    assert rows.features["images"] == List(Image())
    assert [image.size for image in rows[1]["images"]] == [(128, 96)] * 6
    streamed = load_dataset(str(tmp_path / "copy"), "all", split="train", streaming=True)
    assert [len(row["images"]) for row in streamed] == [4, 6, 6]


def test_splits_of_a_copy_are_called_as_the_card_calls_them(tmp_path: Path, videos: Path) -> None:
    """Also where not all are copied. None takes files of another, and one without rows is not listed."""
    rows = {"all": [0], "train": [0, 1], "train-extra": [2], "train_extra": [2], "val": [2]}
    for split, places in rows.items():
        filmed.released(tmp_path, [items(videos)[place] for place in places], filmed.recipe(videos), split)
    about = read_manifest(tmp_path / "release")
    assert about is not None
    made = {part.name: part for part in parts(about, ["all"]) if part.split != "train-extra"}
    copies = {name: copied(tmp_path, part, videos) for name, part in made.items()}
    copies["data/val"] = copied(tmp_path, made["data/val"], cache="empty")
    write_hydration(tmp_path / "copy", BLANK.model_copy(update={"parts": copies}), about.splits)
    found = load_dataset(str(tmp_path / "copy"), "all", cache_dir=str(tmp_path / "hf"))
    assert {name: part.num_rows for name, part in found.items()} == {"all_": 1, "train": 2, "train_extra_": 1}


def test_the_same_rows_give_the_same_bytes_and_a_second_time_no_video(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    copied(tmp_path, part, videos)
    first = digests(tmp_path)
    assert copied(tmp_path, part).missing == (), "the cache has them all"
    assert digests(tmp_path) == first
    copied(tmp_path, part, videos, cache="another")
    assert digests(tmp_path) == first


def test_a_renamed_video_is_found(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    (videos / "a.mp4").rename(videos / "holiday.mkv")
    assert copied(tmp_path, part, videos).missing == ()


def test_rows_without_their_video_are_left_out_and_told(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    (videos / "a.mp4").unlink()
    made = copied(tmp_path, part, videos)
    (missing,) = made.missing
    assert (missing.clip, missing.reason, missing.rows) == ("yard/a", "missing file", 2)
    assert made.rows == 1
    assert [file.rows for file in made.files] == [1]


def test_another_video_under_the_name_is_told_and_never_taken(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    film(videos / "a.mp4", options={"crf": "45"})
    made = copied(tmp_path, part, videos, nearly=True)
    assert [one.reason for one in made.missing] == ["another file"]


def test_without_a_folder_for_the_source_every_row_is_told(tmp_path: Path, videos: Path) -> None:
    made = copied(tmp_path, everything(tmp_path, videos))
    assert (made.rows, sum(one.rows for one in made.missing)) == (0, 3)
    assert pq.read_metadata(tmp_path / "copy" / made.files[0].path).num_rows == 0


def test_pictures_go_into_files_named_by_their_digests_and_damage_is_mended(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    album = filmed.album(tmp_path / "cache", filmed.yard(videos))
    made = copy_pictures(tmp_path / "release", part, tmp_path / "copy", album, lambda _: None)
    assert made.files == ()
    first = next((tmp_path / "copy").rglob("*.jpg"))
    first.write_bytes(bytes(first.stat().st_size))
    assert copy_pictures(tmp_path / "release", part, tmp_path / "copy", album, lambda _: None) == made
    rows = pq.read_table(tmp_path / "release" / part.files[0].path).to_pylist()
    wanted = {digest for row in rows for digest in (*row["frame_digests"], *row["relook_digests"])}
    there = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.jpg")}
    assert there == {picture_path(digest) for digest in wanted}
    for path in there:
        assert hashlib.sha256((tmp_path / "copy" / path).read_bytes()).hexdigest() in path


def test_a_row_whose_digest_is_a_path_names_no_file(tmp_path: Path, videos: Path) -> None:
    """Neither in the cache, nor in the copy, where frames with other bytes than the record says are taken."""
    item = filmed.judged(videos / "a.mp4", 0)
    first, *others = item.frames
    evil = item.model_copy(update={"frames": (first.model_copy(update={"digest": "../../escaped"}), *others)})
    (part,) = parts(filmed.released(tmp_path, [evil], filmed.recipe(videos)), ["all"])
    album = filmed.album(tmp_path / "cache", filmed.yard(videos), nearly=True)
    made = copy_pictures(tmp_path / "release", part, tmp_path / "copy", album, lambda _: None)
    assert [(one.reason, one.detail) for one in made.missing] == [
        ("no digest", "'../../escaped' is no sha256, by which a frame is known")
    ]
    assert not list(tmp_path.rglob("*.jpg"))


def test_what_is_whole_is_not_made_again(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    made = copied(tmp_path, part, videos)
    held = BLANK.model_copy(update={"parts": {part.name: made}})
    write_hydration(tmp_path / "copy", held, ["train"])
    assert begun(tmp_path / "copy", BLANK) == held
    assert done(tmp_path / "copy", part, held) == made
    another = Part(part.folder, part.split, [part.files[0].model_copy(update={"sha256": "0" * 64})])
    assert done(tmp_path / "copy", another, held) is None
    file = tmp_path / "copy" / made.files[0].path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert done(tmp_path / "copy", part, held) is None
    file.unlink()
    assert done(tmp_path / "copy", part, held) is None


def test_what_lacked_a_video_is_made_again(tmp_path: Path, videos: Path) -> None:
    part = everything(tmp_path, videos)
    held = BLANK.model_copy(update={"parts": {part.name: copied(tmp_path, part)}})
    assert done(tmp_path / "copy", part, held) is None


def test_a_folder_of_other_things_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="other things"):
        begun(tmp_path / "mine", BLANK)
    write_hydration(tmp_path / "copy", BLANK, ["train"])
    with pytest.raises(ConfigError, match=r"holds tiny 0\.1\.0"):
        begun(tmp_path / "copy", BLANK.model_copy(update={"version": "0.2.0"}))
    (tmp_path / "copy" / "hydrated.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        begun(tmp_path / "copy", BLANK)


def test_what_an_interrupted_hydration_left_is_no_other_thing(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / ".hydrated.json.7.part").write_text("{")
    assert begun(tmp_path / "copy", BLANK) == BLANK


def test_two_processes_do_not_write_one_copy(tmp_path: Path) -> None:
    with alone(tmp_path / "copy"), pytest.raises(ConfigError, match="another process"), alone(tmp_path / "copy"):
        pass
    with alone(tmp_path / "copy"):
        pass


def test_exact_frames_are_asked_for_again_where_nearly_right_ones_lie(tmp_path: Path) -> None:
    write_hydration(tmp_path / "copy", BLANK.model_copy(update={"nearly": True}), ["train"])
    assert begun(tmp_path / "copy", BLANK) == BLANK


def test_the_copy_says_what_it_is_and_whose(tmp_path: Path) -> None:
    write_hydration(tmp_path, BLANK, ["train"])
    assert "do not pass this folder on" in (tmp_path / "README.md").read_text()
    assert json.loads((tmp_path / "hydrated.json").read_text())["release"] == "tiny"


def test_a_split_or_config_that_is_not_there_is_told(tmp_path: Path, videos: Path) -> None:
    made = filmed.released(tmp_path, items(videos), filmed.recipe(videos))
    with pytest.raises(ConfigError, match="no split 'val'; it has train"):
        parts(made, ["all"], "val")
    with pytest.raises(ConfigError, match="no controls"):
        parts(made, ["controls"])
