"""Two runs of one recipe, made in other ways, and every file of their releases beside the other's."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.bench import Bench

FILMS = "abcd"
CSV = "path,label,start,end\na.mp4,Fighting,1,2\nb.mp4,Normal,,\nc.mp4,Fire,0.5,2.5\nd.mp4,Fighting,0,1\n"
MORE = """rollouts = 2

[mix]
keep = ["confirmed", "corrected", "unresolved", "corrupted"]
per_video = 9

[[sources]]
kind = "folder"
name = "far"
videos = "far"
annotations = "spans.csv"
split = "test"
"""
BESIDE = {"usage", "left_out"}


def lay(folder: Path, cache: Path, **variables: str) -> Bench:
    """Films of two splits, one of them no film at all, and their recipe."""
    folder.mkdir()
    bench = Bench(folder, cache, variables)
    bench.lay(length=0.75, csv=CSV, films=FILMS)
    recipe = folder / "own.toml"
    recipe.write_text(recipe.read_text() + MORE)
    (folder / "far").mkdir()
    for number, film in enumerate(sorted((folder / "videos").iterdir())):
        content = film.read_bytes()
        film.write_bytes(content + b"\0" * number)  # each a file of its own
        (folder / "far" / film.name).write_bytes(content + b"\0" * (number + 9))
    (folder / "videos" / "f.mp4").write_bytes(b"no film")
    return bench


def digests(bench: Bench) -> dict[str, str]:
    """sha256 of every file of the release but those beside it, which tell of one run alone."""
    release = bench.folder / "runs" / "own" / "release"
    files = {path.relative_to(release): path for path in sorted(release.rglob("*")) if path.is_file()}
    return {
        place.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for place, path in files.items()
        if place.parts[0] not in BESIDE
    }


def did(bench: Bench, *words: str) -> str:
    done = bench.rocot(*words, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(900)  # nine interpreters, each of its own: their hash seeds are what is looked at
def test_other_workers_hash_seeds_and_orders_of_insertion_change_no_byte_of_any_file(tmp_path: Path) -> None:
    made = ("generate", "--recipe", "own.toml")
    one = lay(tmp_path / "one", tmp_path / "cache", PYTHONHASHSEED="0")
    for split in ("train", "test"):
        did(one, *made, "--split", split, "--workers", "1", "--decoders", "1")
    did(one, "export", "--controls")

    two = lay(tmp_path / "two", tmp_path / "other cache", PYTHONHASHSEED="4242")
    away = two.folder / "away"
    away.mkdir()
    for name in "abd":
        (two.folder / "videos" / f"{name}.mp4").rename(away / f"{name}.mp4")
    did(two, *made, "--split", "train", "--workers", "16", "--decoders", "4")
    for film in away.iterdir():
        film.rename(two.folder / "videos" / film.name)
    for split in ("test", "train"):
        did(two, *made, "--split", split, "--workers", "16", "--decoders", "4")
    did(two, "export", "--controls", "--split", "train")
    did(two, "export", "--controls", "--split", "test")

    first, second = digests(one), digests(two)
    kinds = {name.split("/")[0] for name in first}
    assert kinds == {"README.md", "manifest.json", "data", "sft", "rft", "controls", "plots"}
    counts = json.loads((one.folder / "runs" / "own" / "release" / "manifest.json").read_text())["splits"]
    assert all(entry["rows"] > 20 and entry["kept"] > 4 for entry in counts.values())
    assert first == second
