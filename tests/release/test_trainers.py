"""The files that other trainers are given: their documented shapes, with media that are there."""

import hashlib
import json
from pathlib import Path

import pytest
from datasets import Image, List, load_dataset

from rocot.errors import ConfigError
from rocot.release.lines import add_entry, growing_lines
from rocot.release.media import Films
from rocot.release.parts import Part, parts
from rocot.release.trainers import Given, Handing, Trainer
from tests.builders import corrupted
from tests.contracts.numbered import film, spelt
from tests.release import filmed
from tests.release.formats import documented


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    filmed.films(tmp_path / "videos")
    return tmp_path / "videos"


@pytest.fixture
def part(tmp_path: Path, videos: Path) -> Part:
    """Two kept rows, the second with a closer look, and one that is not kept."""
    items = [
        filmed.judged(videos / "a.mp4", 0),
        filmed.judged(videos / "b.mp4", 1, closer=True),
        corrupted("z").judged(),
    ]
    (part,) = parts(filmed.released(tmp_path, items, filmed.recipe(videos)), ["all"])
    return part


def given(trainer: Trainer, part: Part, run: Path, videos: Path, *, films: bool = False) -> Given:
    found = filmed.yard(videos)
    handing = Handing(run / "release", run / "out", filmed.album(run / "cache", found), Films(found) if films else None)
    heard: list[int] = []
    made = handing.give(trainer, part, "tiny-train", heard.append)
    assert made.rows + made.left_out.total() == sum(heard) == 2, "no kept row disappears"
    return made


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def shown(paths: object) -> list[int]:
    """The numbers that the pictures at these paths spell."""
    assert isinstance(paths, list)
    assert all(Path(path).is_absolute() for path in paths)
    return [spelt(Path(path).read_bytes()) for path in paths]


def test_ms_swift_gets_lines_to_learn_and_to_answer(part: Part, tmp_path: Path, videos: Path) -> None:
    given("ms-swift", part, tmp_path, videos)
    sft, rft = (lines(tmp_path / "out" / form / "train.jsonl") for form in ("sft", "rft"))
    for line in sft:
        documented.check_swift(line, grpo=False)
    for line in rft:
        documented.check_swift(line, grpo=True)
    assert [line["id"] for line in sft] == [line["id"] for line in rft] == ["yard/a#0", "yard/b#0"]
    assert shown(sft[1]["images"]) == [7, 27, 47, 67, 32, 37]
    assert shown(rft[1]["images"]) == [7, 27, 47, 67]
    assert load_dataset("json", data_files=str(tmp_path / "out/rft/train.jsonl"), cache_dir=str(tmp_path / "hf"))


def test_a_damaged_picture_of_the_same_size_is_mended(part: Part, tmp_path: Path, videos: Path) -> None:
    given("ms-swift", part, tmp_path, videos)
    pictures = sorted((tmp_path / "out" / "frames").rglob("*.jpg"))
    pictures[0].write_bytes(bytes(pictures[0].stat().st_size))
    given("ms-swift", part, tmp_path, videos)
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures] == [path.stem for path in pictures]


def test_llama_factory_gets_a_dataset_by_name(part: Part, tmp_path: Path, videos: Path) -> None:
    add_entry(tmp_path / "out" / "dataset_info.json", "mine", {"file_name": "mine.json"})
    given("llama-factory", part, tmp_path, videos)
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert set(info) == {"mine", "tiny-train"}
    made = lines(tmp_path / "out" / info["tiny-train"]["file_name"])
    assert len(made) == 2
    for line in made:
        documented.check_factory(line, info["tiny-train"])
    assert not (tmp_path / "out" / "rft").exists()


def test_verl_gets_the_pictures_themselves(part: Part, tmp_path: Path, videos: Path) -> None:
    made = given("verl", part, tmp_path, videos)
    rows = load_dataset(
        "parquet", data_files=[str(path) for path in made.files], split="train", cache_dir=str(tmp_path / "hf")
    )
    assert rows.features["images"] == List(Image())
    raw = rows.cast_column("images", List(Image(decode=False)))
    for index, row in enumerate(raw):
        documented.check_verl(row)
        assert row["extra_info"]["index"] == index
        assert [spelt(image["bytes"]) for image in row["images"]] == [7, 27, 47, 67]
    assert not (tmp_path / "out" / "frames").exists()


@pytest.mark.parametrize("trainer", ["ms-swift", "llama-factory", "verl"])
def test_whole_videos_go_for_rows_that_they_can_stand_for(
    trainer: Trainer, part: Part, tmp_path: Path, videos: Path
) -> None:
    made = given(trainer, part, tmp_path, videos, films=True)
    assert (made.rows, dict(made.left_out)) == (1, {"closer look": 1})
    assert not (tmp_path / "out" / "frames").exists()
    path = str(videos / "a.mp4")
    if trainer == "verl":
        (row,) = load_dataset("parquet", data_files=str(made.files[0]), split="train", cache_dir=str(tmp_path / "hf"))
        documented.check_verl(row)
        assert row["videos"] == [{"type": "video", "video": f"file://{path}"}]
    else:
        (line,) = lines(made.files[0])
        assert line["videos"] == [path]


def test_what_has_no_media_is_counted_and_told(part: Part, tmp_path: Path, videos: Path) -> None:
    (videos / "a.mp4").unlink()
    made = given("ms-swift", part, tmp_path, videos)
    assert (made.rows, dict(made.left_out)) == (1, {"missing file": 1})
    assert made.missing["yard/a"].startswith("missing file")
    made = given("verl", part, tmp_path, videos, films=True)
    assert dict(made.left_out) == {"missing file": 1, "closer look": 1}
    film(videos / "a.mp4", options={"crf": "45"})
    made = given("ms-swift", part, tmp_path, videos, films=True)
    assert dict(made.left_out) == {"another file": 1, "closer look": 1}


def test_the_same_release_gives_the_same_bytes(part: Part, tmp_path: Path, videos: Path) -> None:
    def digests() -> dict[str, str]:
        out = tmp_path / "out"
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in out.rglob("*") if path.is_file()}

    given("verl", part, tmp_path, videos)
    given("ms-swift", part, tmp_path, videos)
    first = digests()
    given("verl", part, tmp_path, videos)
    given("ms-swift", part, tmp_path, videos)
    assert digests() == first


def test_lines_that_are_not_finished_leave_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with growing_lines(path) as add:
        add({"old": True})
    with pytest.raises(TypeError), growing_lines(path) as add:
        add({"new": b"no JSON"})
    assert lines(path) == [{"old": True}]
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_list_of_datasets_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset_info.json").write_text(text)
    with pytest.raises(ConfigError, match="mend it"):
        add_entry(tmp_path / "dataset_info.json", "mine", {})
