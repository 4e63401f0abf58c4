from pathlib import Path

import pytest

from rocot.assets import load_prompts
from rocot.errors import ConfigError


def test_a_prompt_of_ones_own_replaces_the_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("Look.\n", encoding="utf-8")
    mine, shipped = load_prompts(tmp_path), load_prompts()
    assert mine.system.text == "Look."
    assert mine.reason == shipped.reason


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("reason.md", b" \n", "must not be empty"),
        ("reason.md", b"\xff\xfe", "cannot be read as UTF-8"),
        ("raeson.md", b"x", "replaces nothing"),
        ("reason.md", None, "cannot be read"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    if content is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        load_prompts(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        load_prompts(tmp_path / "nowhere")
