"""`rocot check-leaks`: what it prints, and how it ends."""

from pathlib import Path

import pytest

from rocot.sources.manifest.file import write
from tests.cli.bench import Bench
from tests.sources.manifest.toys import entry, manifest

HASHES = tuple(f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(1, 17))
OTHERS = tuple(f"{number * 0xD1B54A32D192ED03 % 2**64:016x}" for number in range(1, 17))


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Manifests that leak in each way, and one that does not."""
    test = [entry("one/a", "held out", "test"), entry("one/b", "held out", "test")]
    measured = entry("one/c", "held out", "test", sha256="1" * 64, hashes=HASHES)
    own = [entry("two/x"), entry("two/x", "dev", "val")]
    copy = entry("two/copy of c", sha256="2" * 64, hashes=HASHES)
    other = entry("two/other", sha256="3" * 64, hashes=OTHERS)
    write(bench.folder / "one.parquet", manifest("one", entry("one/z"), *test, measured))
    write(bench.folder / "two.parquet", manifest("two", entry("one/a"), entry("one/b"), *own, copy, other))
    write(bench.folder / "three.parquet", manifest("three", entry("ucf-crime/Abuse028_x264")))
    return bench


def test_leaks_are_counted_and_named(written: Bench) -> None:
    done = written.rocot("check-leaks", "one.parquet", "two.parquet")
    assert (done.returncode, done.stderr) == (1, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "official test two train one held out 2" in lines
    assert "same content two train one held out 1" in lines
    assert "two splits two train two dev 1" in lines
    assert [line for line in lines if line.startswith(("one/", "two/"))] == [
        "one/a",
        "one/b",
        "two/copy of c is one/c (16 of 16 frames agree)",
        "two/x",
    ]
    assert "one 4 1 held out" in lines


def test_the_shipped_lists_are_known(written: Bench) -> None:
    done = written.rocot("check-leaks", "three.parquet")
    assert done.returncode == 1
    assert "ucf-crime/Abuse028_x264" in done.stdout
    assert "ucf-crime test" in done.stdout


def test_without_a_leak_it_ends_well(written: Bench) -> None:
    done = written.rocot("check-leaks", "one.parquet")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no leak")


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no more", b"text"])
def test_what_is_no_manifest_is_told_without_a_traceback(bench: Bench, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "bad.parquet").write_bytes(content)
    done = bench.rocot("check-leaks", "bad.parquet")
    assert done.returncode == 2
    assert "bad.parquet" in done.stderr
    assert "Traceback" not in done.stderr
