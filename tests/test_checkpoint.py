"""What a checkpoint is called by: its files, and not where they lie."""

import json
import shutil
from pathlib import Path

import pytest

from rocot.checkpoint import digest_of, named
from rocot.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "first"
    (made / "base").mkdir(parents=True)
    (made / "steps/checkpoint-1").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "base/model.safetensors", "run.json"):
        (made / name).write_text(name)
    return made


def test_a_checkpoint_that_was_moved_is_the_same(folder: Path, tmp_path: Path) -> None:
    before = digest_of(folder)
    shutil.move(folder, tmp_path / "elsewhere")
    assert digest_of(tmp_path / "elsewhere") == before
    assert named(tmp_path / "elsewhere", before) == f"elsewhere@{before[:16]}"


@pytest.mark.parametrize("name", ["model.safetensors", "base/model.safetensors", "run.json", "config.json", "new.json"])
def test_a_file_that_changes_what_it_says_makes_another(folder: Path, name: str) -> None:
    before = digest_of(folder)
    (folder / name).write_text("other")
    assert digest_of(folder) != before


@pytest.mark.parametrize("name", ["README.md", "log.jsonl", ".lock", "steps/checkpoint-1/model.safetensors"])
def test_what_says_how_it_was_trained_changes_nothing(folder: Path, name: str) -> None:
    before = digest_of(folder)
    (folder / name).write_text("other")
    assert digest_of(folder) == before


def test_the_weights_below_an_adapter_count(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))
    before = digest_of(adapter)
    (folder / "model.safetensors").write_text("other")
    assert digest_of(adapter) != before


def test_another_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no checkpoint"):
        digest_of(tmp_path)
    (tmp_path / "adapter_config.json").write_text("no JSON")
    with pytest.raises(ConfigError, match="cannot be read"):
        digest_of(tmp_path)
