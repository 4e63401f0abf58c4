from pathlib import Path

import pytest

from rocot.assets import TASKS, load_prompts
from rocot.errors import ConfigError


def test_a_prompt_of_ones_own_replaces_the_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text("Look.\n", encoding="utf-8")
    mine, shipped = load_prompts(tmp_path), load_prompts()
    assert mine.system.text == "Look."
    assert mine.reason == shipped.reason


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("grounding/reason.md", b" \n", "must not be empty"),
        ("qa/reason.md", b"\xff\xfe", "cannot be read as UTF-8"),
        ("raeson.md", b"x", "replaces nothing"),
        ("reason.md", b"x", "replaces nothing"),
        ("qa/raeson.md", b"x", "replaces nothing"),
        ("qa/reason.md", b"$truth?", r"\$truth stands for nothing; known are \$classes"),
        ("revise.md", b"It costs 5$.", "a lone . stands for nothing"),
        ("system.md", None, "cannot be read"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    if content is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        load_prompts(tmp_path, "qa" if name.startswith("qa") else "grounding")


def test_each_task_has_prompts_of_its_own_and_shares_the_others(tmp_path: Path) -> None:
    (tmp_path / "qa").mkdir()
    (tmp_path / "qa" / "reason.md").write_text("$question\n$options", encoding="utf-8")
    loaded = {task: load_prompts(tmp_path, task) for task in TASKS}
    assert len({prompts.reason.digest for prompts in loaded.values()}) == len(TASKS)
    assert len({prompts.reflect.digest for prompts in loaded.values()}) == len(TASKS)
    assert len({prompts.system.digest for prompts in loaded.values()}) == 1
    assert loaded["qa"].reason.text == "$question\n$options"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        load_prompts(tmp_path / "nowhere")
