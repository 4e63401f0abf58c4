"""`rocot diff`: two releases of one run, before and after."""

import json
import shutil

from tests.cli.bench import Bench


def test_what_changed_and_what_version_it_asks_for(bench: Bench) -> None:
    bench.lay(length=1)
    with (bench.folder / "videos" / "b.mp4").open("ab") as film:
        film.write(b"\0")  # else it is the same film as the other, and goes with it
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    shutil.copytree(bench.folder / "runs" / "own" / "release", bench.folder / "v1")
    done = bench.rocot("diff", "v1", "own")
    assert done.returncode == 0, done.stderr
    assert "Nothing changed: the version may stay." in done.stdout

    assert bench.rocot("withdraw", "own/a").returncode == 0
    done = bench.rocot("diff", "v1", "own")
    assert done.returncode == 0, done.stderr
    assert "of the removed: withdrawn" in done.stdout
    assert "version 0.2.0 or above. It says 0.1.0: raise release.version." in done.stdout
    told = json.loads(bench.rocot("diff", "v1", "runs/own", "--json").stdout)
    assert (told["removed"]["count"], told["part"], told["least"]) == (3, "major", "0.2.0")
    assert told["measures"][0]["before"]["value"] is not None


def test_what_is_no_release_has_one_line(bench: Bench) -> None:
    bench.lay()
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    for words in (("own", "nowhere"), ("nowhere", "own")):
        done = bench.rocot("diff", *words)
        assert done.returncode == 2
        assert "nowhere" in done.stderr
        assert len(done.stderr.splitlines()) == 1
