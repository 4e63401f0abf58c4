"""Input that cannot be used: one clear message with what to do, the right exit code, no traceback."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.bench import Bench


def refused(bench: Bench, *words: str, code: int = 2) -> str:
    done = bench.rocot(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_an_empty_folder(bench: Bench) -> None:
    bench.lay(films="")
    assert "no videos in it" in refused(bench, "generate", "--recipe", "own.toml")


def test_a_folder_that_is_not_there(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "own.toml").write_text((bench.folder / "own.toml").read_text().replace('"videos"', '"vidoes"'))
    assert "no such folder" in refused(bench, "generate", "--recipe", "own.toml")


def test_a_recipe_that_is_not_there(bench: Bench) -> None:
    assert "did you mean scenes?" in refused(bench, "generate", "--recipe", "scnes")


@pytest.mark.parametrize(
    "words",
    [
        ("merge", "runs/own-part-1-of-1", "--out", ""),
        ("merge", "", "--out", "runs/own"),
        ("restore", "kept", ""),
        ("generate", "--run", ""),
        ("plan", "--run", ""),
        ("status", ""),
        ("export", ""),
    ],
)
def test_an_empty_path_is_not_the_current_folder(bench: Bench, words: tuple[str, ...]) -> None:
    told = refused(bench, *words)
    assert "it is empty; name a path, and . for the current folder" in told
    assert list(bench.folder.iterdir()) == []


def test_a_text_file_named_mp4(bench: Bench) -> None:
    bench.lay(films="", csv="path,label,start,end\n")
    (bench.folder / "videos" / "a.mp4").write_text("no film")
    assert "own: not a video" in refused(bench, "generate", "--recipe", "own.toml", code=1)


def test_a_film_beside_a_text_file_is_still_made(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "videos" / "c.mp4").write_text("no film")
    done = bench.rocot("generate", "--recipe", "own.toml")
    assert done.returncode == 0, done.stderr
    assert "own: not a video" in done.stdout
    assert "c: not a video" in done.stdout, "the file is named"


def test_a_csv_with_a_start_after_its_end(bench: Bench) -> None:
    bench.lay(csv="path,label,start,end\na.mp4,Fighting,2,1\n")
    told = refused(bench, "generate", "--recipe", "own.toml")
    assert "line 2" in told


def test_a_split_that_no_source_has(bench: Bench) -> None:
    bench.lay()
    assert "there is train" in refused(bench, "generate", "--recipe", "own.toml", "--split", "test")


@pytest.mark.parametrize(
    "option",
    [
        ["--workers", "0"],
        ["--limit", "-1"],
        ["--limit", "9" * 25],
        ["--deadline", "0"],
        ["--deadline", "nan"],
        ["--deadline", "inf"],
        ["--wrokers", "3"],
    ],
)
def test_an_option_that_makes_no_sense(bench: Bench, option: list[str]) -> None:
    assert option[0] in refused(bench, "generate", *option)


def test_an_output_folder_that_cannot_be_made(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "file").write_text("")
    told = refused(bench, "generate", "--recipe", "own.toml", "--run", "file/run")
    assert "choose another run folder" in told


def test_a_run_that_is_not_there(bench: Bench) -> None:
    for command in ("status", "show", "export", "validate"):
        assert "rocot generate" in refused(bench, command), command
    bench.lay()
    bench.rocot("generate", "--recipe", "own.toml")
    assert "did you mean own?" in refused(bench, "status", "owm")


def test_a_prompt_that_replaces_nothing(bench: Bench) -> None:
    bench.lay()
    (bench.folder / "words").mkdir()
    (bench.folder / "words" / "raeson.md").write_text("?")
    with (bench.folder / "own.toml").open("a") as file:
        file.write('[prompts]\nfolder = "words"\n')
    assert "raeson.md" in refused(bench, "plan", "--recipe", "own.toml")


def test_a_reader_of_the_output_that_went_away_is_no_crash(bench: Bench) -> None:
    bench.lay()
    bench.rocot("generate", "--recipe", "own.toml")
    shell = f"{' '.join(bench.command)} show | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=bench.folder, env=bench.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in {"0", "141"}
    assert "Traceback" not in done.stderr


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("mounting a tmpfs takes rights that this user has not got")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_loses_nothing_and_the_run_goes_on_elsewhere(bench: Bench, tiny_disk: Path) -> None:
    bench.lay(length=0.02)
    run = tiny_disk / "run"
    told = refused(bench, "generate", "--recipe", "own.toml", "--run", str(run))
    assert "the disk is full" in told or "No space left" in told
    subprocess.run(["mount", "-o", "remount,size=64m", tiny_disk], check=True)
    done = bench.rocot("generate", "--recipe", "own.toml", "--run", str(run))
    assert done.returncode == 0, done.stderr


def test_a_disk_that_is_full_behind_the_output(bench: Bench) -> None:
    """/dev/full takes nothing; the run itself lies elsewhere, and is whole."""
    bench.lay()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*bench.cold, "generate", "--recipe", "own.toml"],
            cwd=bench.folder,
            env=bench.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "the output cannot be written (No space left on device)" in done.stderr
    assert bench.rocot("validate").returncode == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_streams_that_are_closed(bench: Bench, closed: str) -> None:
    bench.lay()
    line = f'"$@" {closed}'
    words = [*bench.cold, "generate", "--recipe", "own.toml"]
    done = subprocess.run(
        ["sh", "-c", line, "sh", *words],
        cwd=bench.folder,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_a_terminal_that_knows_few_letters(bench: Bench) -> None:
    bench.lay()
    bench.rocot("generate", "--recipe", "own.toml")
    narrow = replace(bench, variables={"PYTHONIOENCODING": "ascii"})
    assert "????" in refused(narrow, "show", code=0)
