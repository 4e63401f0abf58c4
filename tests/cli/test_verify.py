"""`rocot verify`: of a run, of a release that was taken elsewhere, of one that was spoilt, of nothing."""

import json
import shutil

from tests.cli.bench import Bench


def test_a_release_is_verified_wherever_it_lies_and_damage_is_told(bench: Bench) -> None:
    bench.lay(length=0.5)
    assert bench.rocot("generate", "--recipe", "own.toml").returncode == 0
    done = bench.rocot("verify")
    assert done.returncode == 0, done.stderr
    assert "own 0.1.0: " in done.stdout
    assert done.stdout.strip().endswith("all as they were written")

    release = bench.folder / "taken"
    shutil.copytree(bench.folder / "runs" / "own" / "release", release)
    shard = release / "rft" / "train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    done = bench.rocot("verify", "taken", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [problem["where"] for problem in told["damage"]] == ["rft/train-00000-of-00001.parquet"]
    assert told["exit_code"] == 1
    done = bench.rocot("verify", "taken")
    assert "damaged: rft/train-00000-of-00001.parquet: has" in done.stdout
    assert "not all are as they were written" in done.stdout
    assert bench.rocot("verify", "runs/own").returncode == 0

    shutil.rmtree(bench.folder / "runs" / "own" / "release")
    done = bench.rocot("verify", "own")
    assert done.returncode == 2
    assert "cannot be told: runs/own/release: is not there" in done.stdout


def test_where_there_is_no_run_it_is_said(bench: Bench) -> None:
    done = bench.rocot("verify")
    assert done.returncode == 2
    assert "no run below runs/" in done.stderr
