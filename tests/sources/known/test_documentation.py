"""docs/datasets.md says what the TOMLs and the code say, and its worked example works."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rocot.sources.manifest.entry import Entry
from tests.sources.known.tables import PAGE, rewritten

ROOT = Path(__file__).parents[3]
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLE = TEXT.partition("\n## Adding a dataset\n")[2]


def block(language: str) -> str:
    """The one block of that language in the worked example."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", EXAMPLE, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def test_the_tables_say_what_the_tomls_say() -> None:
    assert rewritten(TEXT) == TEXT, "write them again: python -m tests.sources.known.tables"


def test_every_field_of_a_record_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`[a-z0-9_]+`(?:, )?)+) \|", TEXT.partition("\n## A record\n")[2], re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row)]
    assert sorted(told) == sorted(Entry.model_fields)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this one in which somebody has followed the worked example."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("rocot", "data_manifests", "prompts"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "data_manifests" / "sources" / "gate-cams.toml").write_text(block("toml"))
    (root / "rocot" / "sources" / "known" / "datasets" / "gate_cams.py").write_text(block("py"))
    (root / "Gate").mkdir()
    (root / "Gate" / "events.csv").write_text(block("csv"))
    return root


def rocot(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "COLUMNS": "100"}
    command = [sys.executable, "-m", "rocot", *words]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_the_worked_example_imports_what_its_table_says(checkout: Path) -> None:
    done = rocot(checkout, "import", "gate-cams", "--annotations", "Gate/", "--jsonl")
    assert done.returncode == 0, done.stderr
    shown = [line for line in block("console").splitlines()[1:] if not re.search(r" in .*[0-9]", line)]  # time and size
    assert set(shown) <= {line.rstrip() for line in done.stdout.splitlines()}
    records = [json.loads(line) for line in (checkout / "gate-cams.jsonl").read_text().splitlines()]
    assert [(record["id"], record["common"], record["spans"]) for record in records] == [
        ("gate-01", ["Normal"], []),
        ("gate-02", ["Fighting"], None),
        ("gate-03", ["Fighting"], [{"start": 12.4, "end": 20.9}]),
        ("gate-04", ["Normal"], []),
        ("gate-05", ["Stealing"], [{"start": 3.0, "end": 61.5}]),
    ]


def test_the_worked_example_is_listed_with_the_shipped_datasets(checkout: Path) -> None:
    assert "gate-cams" in rocot(checkout, "sources").stdout
    assert "A Year at the Gate" in rocot(checkout, "sources", "gate-cams").stdout


def test_the_worked_example_tells_all_faults_at_once_with_their_lines(checkout: Path, tmp_path: Path) -> None:
    spoilt = {
        "test,gate-06,brawl,9,4": "want seconds",
        "test,gate-06,brawl,nan,inf": "want seconds",
        "test,gate-06,flood,,": "'flood' is no kind",
        "hold,gate-06,calm,,": "'hold' is no split",
        "test,../gate,calm,,": "is no name of a video",
        "test,gate-06,calm": "3 cells under 5 columns",
        "test,gate-05,calm,,": "gate-05 stands there twice",
    }
    (tmp_path / "events.csv").write_text("\n".join([block("csv").strip(), *spoilt]))
    done = rocot(checkout, "import", "gate-cams", "--annotations", str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for line, fault in enumerate(spoilt.values(), 7):
        assert re.search(rf"events\.csv:{line}: .*{fault}", done.stderr), done.stderr
