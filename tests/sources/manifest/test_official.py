"""The shipped test lists are those of the official files, and give no name away."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.assets import ASSETS
from rocot.sources.manifest.file import write
from rocot.sources.manifest.official import digest, listing, official_test, shipped
from tests.sources.manifest.toys import entry, manifest

LISTS = ASSETS / "data_manifests" / "official"


def test_the_lists_of_four_datasets_are_shipped() -> None:
    assert shipped() == ("ecva", "shanghaitech", "ucf-crime", "xd-violence")


@pytest.mark.parametrize(
    ("dataset", "count"), [("ucf-crime", 290), ("xd-violence", 800), ("ecva", 438), ("shanghaitech", 107)]
)
def test_a_list_has_one_digest_for_each_official_test_video_and_no_name(dataset: str, count: int) -> None:
    lines = (LISTS / f"{dataset}.txt").read_text().splitlines()
    digests = [line for line in lines if not line.startswith("#")]
    assert len(set(digests)) == count
    assert digests == sorted(digests)
    assert {len(line) for line in digests} == {16}
    assert f"{count} official test videos of {dataset}" in lines[0]


def test_a_video_is_in_an_official_test_by_its_identity() -> None:
    assert official_test("ucf-crime/Abuse028_x264") == "ucf-crime"
    assert official_test("ucf-crime/Abuse001_x264") is None
    assert official_test("uca/Abuse028_x264") is None
    assert official_test("ecva/1953") == "ecva"
    assert official_test("shanghaitech/01_0014") == "shanghaitech"
    assert official_test("shanghaitech/01_001") is None


def _ucf(data: Path) -> set[str]:
    lines = (data / "Anomaly_Test.txt").read_text().split()
    return {f"ucf-crime/{Path(line).stem}" for line in lines}


def _xd(data: Path) -> set[str]:
    lines = (data / "audio_test.list").read_text().split()
    return {f"xd-violence/{Path(line).name.removesuffix('__vggish.npy')}" for line in lines}


def _ecva(data: Path) -> set[str]:
    with (data / "test_ecva.csv").open(encoding="utf-8") as file:
        return {f"ecva/{Path(row['Video Name']).stem}" for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("dataset", "folder", "names"),
    [("ucf-crime", "ucf-crime", _ucf), ("xd-violence", "xd-violence", _xd), ("ecva", "vau-bench", _ecva)],
)
def test_the_lists_are_those_of_the_official_files(
    shared: Callable[[str], Path], dataset: str, folder: str, names: Callable[[Path], set[str]]
) -> None:
    assert (LISTS / f"{dataset}.txt").read_text() == listing(dataset, names(shared(folder)))


def test_a_list_is_printed_from_a_manifest(tmp_path: Path) -> None:
    tests = [entry("toy/a", "test", "test"), entry("toy/b", "test", "test"), entry("other/c", "test", "test")]
    write(tmp_path / "toy.parquet", manifest("toy", entry("toy/z"), *tests))
    command = [sys.executable, "-m", "rocot.sources.manifest.official", str(tmp_path / "toy.parquet"), "toy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[3:] == sorted([digest("toy/a"), digest("toy/b")])
    assert lines[0].startswith("# The 2 official test videos of toy")
