"""Recipes that say more about frames than how many, from the films to the rows."""

from collections.abc import Callable

import pandas as pd
import pytest

from tests.cli.bench import Bench
from tests.contracts.numbered import film

SHARD = "runs/own/release/data/train-00000-of-00001.parquet"


def made(bench: Bench, frames: str, *, model: str = "scripted") -> pd.DataFrame:
    """The rows of a run with these settings; they are valid."""
    recipe = bench.folder / "own.toml"
    recipe.write_text(recipe.read_text().replace("count = 4\n", f"{frames}\n").replace('"scripted"', f'"{model}"'))
    done = bench.rocot("generate", "--recipe", "own.toml")
    assert done.returncode == 0, done.stderr
    checked = bench.rocot("validate")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return pd.read_parquet(bench.folder / SHARD)


@pytest.mark.parametrize("model", ["scripted", "embedded"])
def test_a_closer_look_stands_in_the_rows_and_in_their_chats(bench: Bench, model: str) -> None:
    bench.lay(length=0.5)
    rows = made(bench, "count = 4\nrelook = 6", model=model)
    for row in rows.to_dict("records"):
        spans, times = row["initial"]["spans"], row["relook_times"]
        assert bool(len(times)) <= bool(len(spans))
        assert len(row["messages"]) == (4 if len(times) else 2)
        assert not {*times} & {*row["frame_times"]}
    if model == "scripted":
        looked = rows[rows.relook_times.map(len) > 0]
        assert "of a closer look" in bench.rocot("show", looked.id.iloc[0]).stdout


def test_frames_follow_a_rate_and_snap_to_key_frames(bench: Bench) -> None:
    bench.lay()
    rows = made(bench, 'policy = "fps"\nfps = 1.0\nsnap = 0.5')
    assert [list(times) for times in rows.frame_times] == [[0.0, 1.0, 2.0]] * 2  # key frames, half a second off


def test_frames_follow_motion(bench: Bench) -> None:
    bench.lay()
    rows = made(bench, 'policy = "motion"\ncount = 8')
    assert [len(times) for times in rows.frame_times] == [8, 8]


def cut_off(data: bytearray) -> bytearray:
    return data[: len(data) * 3 // 5]


def overwritten(data: bytearray) -> bytearray:
    third = len(data) // 3
    data[third : 2 * third] = bytes(third)
    return data


@pytest.mark.parametrize(("damage", "policy"), [(cut_off, "uniform"), (overwritten, "motion")])
def test_of_a_damaged_film_the_rest_is_used_and_what_is_lost_is_told(
    bench: Bench, damage: Callable[[bytearray], bytearray], policy: str
) -> None:
    bench.lay(films="")
    (bench.folder / "spans.csv").write_text("path,label,start,end\na.mp4,Normal,,\n")
    path = film(bench.folder / "videos" / "a.mp4", muxing={"movflags": "faststart"}).path
    path.write_bytes(damage(bytearray(path.read_bytes())))
    strict = bench.rocot("generate", "--recipe", "own.toml", "--run", "strict")
    assert "damaged" in strict.stdout
    rows = made(bench, f'count = 16\npolicy = "{policy}"\ndamaged = "partial"')
    assert len(rows) == 1
    told = bench.rocot("export")
    assert "1 of them lack frames" in told.stdout
    times, lost = rows.frame_times[0], rows.lost_times[0]
    assert len(lost)
    assert len(times) + len(lost) == 16
