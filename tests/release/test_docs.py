import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rocot.core.gate import RULES
from rocot.release.describe import TABLES, columns_table, described
from rocot.release.row_schema import row_schema
from tests.release.test_card import carded

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rows.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_tables_of_columns_are_current() -> None:
    """If not: `python -m rocot.release.describe docs/rows.md`."""
    text = PAGE.read_text(encoding="utf-8")
    assert described(text) == text


def test_every_column_has_its_meaning() -> None:
    lines = [line for kind, base in TABLES.values() for line in columns_table(kind, base).splitlines()]
    assert [line for line in lines if line.endswith("|  |")] == []


def test_the_json_schema_is_current() -> None:
    """If not: `python -m rocot.release.row_schema docs/rows.schema.json`."""
    assert (ROOT / "docs" / "rows.schema.json").read_text(encoding="utf-8") == row_schema()


def test_the_json_schema_takes_a_numbered_column_as_json_and_as_parquet_have_it(tmp_path: Path) -> None:
    carded(tmp_path, count=6)
    (path,) = (tmp_path / "release" / "sft").iterdir()
    numbers = pq.read_table(path)["outcome"].to_pylist()
    names = json.loads(pq.read_schema(path).metadata[b"huggingface"])["info"]["features"]["outcome"]["names"]
    column = json.loads(row_schema())["$defs"]["SftRow"]["properties"]["outcome"]
    assert set(numbers) <= set(column["enum"])
    assert column["enum"] == [*names, *range(len(names))]
    assert "type" not in column


def test_every_rule_is_in_the_table_of_rules() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in RULES if f"`{name}`" not in text] == []


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        described("no table here")


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_page_shows_runs(tmp_path: Path, block: str) -> None:
    carded(tmp_path / "runs" / "scenes", count=6)
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "confirmed" in done.stdout or "<think>" in done.stdout


def test_the_page_shows_how_to_load() -> None:
    assert len(BLOCKS) == 3
