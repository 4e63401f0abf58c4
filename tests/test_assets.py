from pathlib import Path

import pytest

from rocot.assets import TASKS, load_prompts
from rocot.core.task import Task
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


@pytest.mark.parametrize(
    ("task", "name", "missing"),
    [
        ("grounding", "grounding/reason.md", r"\$classes"),
        ("classification", "classification/reason.md", r"\$classes"),
        ("qa", "qa/reason.md", r"\$options, \$question"),
        ("qa", "qa/guided.md", r"\$truth"),
        ("grounding", "revise.md", r"\$reflection"),
        ("grounding", "repair.md", r"\$fault"),
        ("grounding", "blind.md", r"\$classes"),
        ("grounding", "critic.md", r"\$answer, \$question, \$reflection"),
    ],
)
def test_a_prompt_of_ones_own_that_leaves_a_value_out_is_told(
    tmp_path: Path, task: Task, name: str, missing: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("Look closely, for $$5.", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{name}: {missing} is missing"):
        load_prompts(tmp_path, task)


def test_numbers_may_be_left_out_as_each_frame_tells_its_time(tmp_path: Path) -> None:
    (tmp_path / "grounding").mkdir()
    (tmp_path / "grounding" / "reason.md").write_text("One of $classes?", encoding="utf-8")
    (tmp_path / "relook.md").write_text("Closer:", encoding="utf-8")
    assert load_prompts(tmp_path).relook.text == "Closer:"


def test_all_faults_of_all_prompts_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "qa").mkdir()
    for name, text in {"qa/reason.md": "$question", "revise.md": "Again, $who.", "repair.md": ""}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_prompts(tmp_path, "qa")
    told = str(caught.value)
    assert told.startswith(f"prompts.folder: {tmp_path}: 4 things to fix")
    for fault in ("$options is missing", "$reflection is missing", "$who stands for nothing", "must not be empty"):
        assert fault in told
