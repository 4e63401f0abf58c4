"""Releases by their name on the Hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rocot.cli.fetching import local
from tests.cli.bench import Bench
from tests.cli.test_push import leading_to
from tests.release.pushing import NAME, laid
from tests.servers.hub import HubServer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A folder from which a Hub is seen that holds a release, and its first version by a tag."""
    folder = tmp_path_factory.mktemp("hub")
    with HubServer() as server:
        made = Bench(folder, folder / "cache", leading_to(server, folder / "hf"))
        for version in ("0.1.0", "0.2.0"):
            laid(folder / version, version, ("train", "test"))
            done = made.rocot("push", NAME, version, timeout=300)
            assert done.returncode == 0, done.stderr
        yield made


def test_a_release_is_measured_by_its_name(bench: Bench) -> None:
    words = ("--on", "release:train", "--json")
    here = bench.rocot("evaluate", "--predictions", "0.1.0", *words)
    named = bench.rocot("evaluate", "--predictions", f"hub:{NAME}@v0.1.0", *words, timeout=300)
    assert named.returncode == 0, named.stderr
    assert named.stdout == here.stdout
    assert "tiny 0.1.0" in named.stderr
    newest = bench.rocot("evaluate", "--predictions", NAME, *words, timeout=300)
    assert json.loads(newest.stdout)["title"] == "tiny 0.2.0, train"
    again = bench.rocot("evaluate", "--predictions", NAME, *words, timeout=300)
    assert "of which 0 B fetched" in again.stderr


def test_a_release_is_trained_on_by_its_name_and_looked_through_for_test_data(bench: Bench) -> None:
    done = bench.rocot("train", "sft", f"hub:{NAME}", "--model", "tiny", "--split", "dev", timeout=300)
    assert done.returncode == 2
    assert "no split 'dev'; it has" in done.stderr
    done = bench.rocot("train", "sft", f"hub:{NAME}", "--model", "tiny", timeout=300)
    assert "videos that are test data: none" in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [("hub:lab/none", "lab/none"), (f"hub:{NAME}@v9.9.9", "v9.9.9"), ("hub:lab", "want hub:ORG/NAME")],
)
def test_a_name_that_leads_nowhere_is_told(bench: Bench, name: str, said: str) -> None:
    done = bench.rocot("evaluate", "--predictions", name, "--on", "release:train", timeout=300)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["runs", "runs/none", "here/none", "mine.jsonl", "gone/mine.jsonl", "../lab/x"])
def test_a_path_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("here", "runs"):
        (tmp_path / folder).mkdir()
    assert local(Path(name), tmp_path / "cache") == Path(name)
