"""The source: files in a cache, made once, checked each time."""

import os
import re
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest

from rocot.errors import ConfigError
from rocot.recipe import Played, Scenes
from rocot.sources.protocol import Video, mark_of
from rocot.sources.scenes.script import CLASSES, compose, deal, dealt
from rocot.sources.scenes.source import ScenesSource


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds one clip of each split."""
    folder = tmp_path_factory.mktemp("cache")
    for split in ("train", "test"):
        list(ScenesSource(folder, train=1, test=1).videos(split))
    return folder


def videos(cache: Path, split: str = "train") -> tuple[list[Video], list[tuple[int, int]]]:
    """The split's videos, and the calls of the progress callback."""
    calls: list[tuple[int, int]] = []
    source = ScenesSource(cache, train=1, test=1, progress=lambda done, missing: calls.append((done, missing)))
    return list(source.videos(split)), calls


def test_a_video_carries_its_scripts_truth(cache: Path) -> None:
    (video,), _ = videos(cache, "test")
    script = compose(0, "test", 0)
    assert (video.id, video.source, video.split) == ("scene-test-0000", "scenes", "test")
    assert (video.truth, video.duration, video.classes) == (script.truth, script.duration, CLASSES)
    assert Path(video.path).is_absolute()
    assert video.mark == mark_of(Path(video.path))


def test_names_tell_nothing(cache: Path) -> None:
    names = [path.name for path in cache.rglob("*") if path.is_file()]
    assert names
    assert all(re.fullmatch(r"scene-(train|test)-\d{4}\.(mp4|json)", name) for name in names)


def test_a_whole_file_is_not_rendered_again(cache: Path) -> None:
    assert videos(cache)[1] == []


@pytest.mark.parametrize("damage", ["flip", "no note"])
def test_a_damaged_file_is_rendered_again(cache: Path, damage: str) -> None:
    path = Path(videos(cache)[0][0].path)
    whole = path.read_bytes()
    if damage == "flip":
        path.write_bytes(whole[:900] + bytes([whole[900] ^ 1]) + whole[901:])
    else:
        path.with_suffix(".json").unlink()
    assert videos(cache)[1] == [(1, 1)]
    assert path.read_bytes() == whole


def test_workers_render_what_is_missing_in_order(cache: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    source = ScenesSource(tmp_path, train=3, progress=lambda done, missing: calls.append((done, missing)))
    made = list(source.videos("train"))
    assert [video.id for video in made] == [f"scene-train-{i:04d}" for i in range(3)]
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert made[0].mark == videos(cache)[0][0].mark, "a clip is the same whatever their number"


def test_an_unknown_split_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it has train and test"):
        ScenesSource(tmp_path).videos("validation")


def test_a_cache_that_cannot_be_a_folder_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cache folder"):
        list(ScenesSource(tmp_path / "file", train=1).videos("train"))


def test_importing_the_source_is_light() -> None:
    code = "import sys, rocot.sources.scenes.source; print(*({'numpy', 'PIL', 'av'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == ""


@pytest.mark.skipif(os.cpu_count() == 1, reason="one core renders in one process")
def test_workers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    """They hold its output, which closes once the last of them is gone."""
    code = "import sys; from pathlib import Path; from rocot.sources.scenes.source import ScenesSource\n"
    code += "for video in ScenesSource(Path(sys.argv[1]), train=40, test=1).videos('train'): print('one', flush=True)"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"one\n"
        running.kill()
        running.communicate(timeout=20)


def test_some_anomalies_alone_come_with_as_many_normal_clips(tmp_path: Path) -> None:
    numbers = list(islice(dealt(0, "train", ["Explosion", "Fire"]), 40))
    labels = [deal(0, "train", number)[0] for number in numbers]
    assert Counter(labels) == {"Explosion": 10, "Fire": 10, "Normal": 20}
    assert numbers == sorted(set(numbers))
    assert list(islice(dealt(0, "train", ()), 20)) == list(range(20))
    (video,) = ScenesSource(tmp_path, train=1, anomalies=("Explosion",)).videos("train")
    assert video.id == f"scene-train-{next(dealt(0, 'train', ['Explosion'])):04d}"
    assert video.classes == ("Normal", "Explosion")


def test_a_recipe_names_what_can_be_played_and_otherwise_keeps_its_digest() -> None:
    assert get_args(Played) == CLASSES[1:]
    plain, some = Scenes(kind="scenes"), Scenes(kind="scenes", anomalies=("Fire",))
    assert "anomalies" not in plain.model_dump(mode="json")
    assert some.model_dump(mode="json")["anomalies"] == ["Fire"]
