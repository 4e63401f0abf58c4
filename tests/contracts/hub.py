"""What must hold of a push and a pull at any Hub, by the real command line, and by those who read the dataset."""

import json
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rocot.release.manifest import read_manifest
from tests.cli.bench import Bench

READER = """
import sys, json, pathlib
import datasets
from huggingface_hub import hf_hub_download
name, revision, folder = sys.argv[1:]
def get(path):
    return hf_hub_download(name, path, repo_type="dataset", revision=revision, cache_dir=folder + "/cache")
loaded = datasets.load_dataset(name, revision=revision, cache_dir=folder + "/loaded")
streamed = datasets.load_dataset(name, revision=revision, streaming=True)
manifest = json.loads(pathlib.Path(get("manifest.json")).read_text())
shards = {file["path"]: get(file["path"]) for entry in manifest["splits"].values() for file in entry["files"]}
print(json.dumps({
    "loaded": {split: rows.to_list() for split, rows in loaded.items()},
    "streamed": {split: list(rows) for split, rows in streamed.items()},
    "shards": shards,
}))
"""


class HubContract(ABC):
    """Inherited once for each kind of Hub."""

    @pytest.fixture
    @abstractmethod
    def variables(self, tmp_path: Path) -> Mapping[str, str] | Iterator[Mapping[str, str]]:
        """The environment that leads to it, with a token."""

    @pytest.fixture
    @abstractmethod
    def name(self) -> str | Iterator[str]:
        """A dataset that is not there yet."""

    @pytest.mark.timeout(600)  # five commands, and two readers that import `datasets`
    def test_a_release_comes_back_equal_by_every_way(
        self, variables: Mapping[str, str], name: str, releases: Mapping[str, Path], tmp_path: Path
    ) -> None:
        bench = Bench(tmp_path, tmp_path / "frames", variables)
        for version, run in releases.items():
            shutil.copytree(run, tmp_path / "runs" / version)
        done = bench.rocot("push", name, "runs/0.1.0", "--private", timeout=300)
        assert done.returncode == 0, done.stderr
        done = bench.rocot("push", name, "runs/0.2.0", timeout=300)
        assert done.returncode == 0, done.stderr
        assert "against v0.1.0" in done.stdout
        assert "This release is there, and tagged." in bench.rocot("push", name, "runs/0.2.0").stdout
        for version in releases:
            self.read_back(bench, name, version)
        for told in (done.stdout, done.stderr):
            assert variables["HF_TOKEN"] not in told

    def read_back(self, bench: Bench, name: str, version: str) -> None:
        """By `datasets`, whole and streaming, by single files, and by a pull."""
        release = bench.folder / "runs" / version / "release"
        reader = subprocess.run(
            [sys.executable, "-c", READER, name, f"v{version}", str(bench.folder / f"read {version}")],
            env=bench.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert reader.returncode == 0, reader.stderr
        read = json.loads(reader.stdout.splitlines()[-1])
        manifest = read_manifest(release)
        assert manifest is not None
        for split, entry in manifest.splits.items():
            rows = [row for file in entry.files for row in pq.read_table(release / file.path).to_pylist()]
            assert read["loaded"][split] == read["streamed"][split] == json.loads(json.dumps(rows))
        for path, got in read["shards"].items():
            assert Path(got).read_bytes() == (release / path).read_bytes()
        done = bench.rocot("pull", name, "--revision", f"v{version}", "--to", f"pulled {version}", timeout=300)
        assert done.returncode == 0, done.stderr
        for file in (file for entry in manifest.splits.values() for file in entry.files):
            assert (bench.folder / f"pulled {version}" / file.path).read_bytes() == (release / file.path).read_bytes()
