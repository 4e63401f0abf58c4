from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.student.recipe import Tags, load_training, shipped, warnings


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_recipe_loads_under_its_own_name(name: str) -> None:
    recipe = load_training(name)
    assert recipe.name == name
    assert recipe.grpo.batch * recipe.grpo.accumulate % recipe.grpo.generations == 0
    assert warnings(recipe) == []


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\n[data]\nform = "reflexion"\nframe = 3\n[data.tags]\nthink = "a b"\n[grpo.rewards]\nsrp = 1.0\n'
    )
    with pytest.raises(ConfigError) as told:
        load_training(str(path))
    text = str(told.value)
    assert "own.toml: 4 things to fix" in text
    assert "data.form: must be reflection, two_pass or plain" in text.replace("'", "")
    assert "data.frame: no such setting (got 3); did you mean frames?" in text
    assert "data.tags.think: must be the name of a tag" in text
    assert "did you mean srpo?" in text


def test_an_unknown_recipe_is_told_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="did you mean tiny"):
        load_training("tinny")


def test_tags_are_renamed_and_read_back() -> None:
    tags = Tags(think="answer", answer="think", reflection="check")
    text = "<think>a</think><answer>b</answer><reflection>c</reflection>"
    assert tags.worded(text) == "<answer>a</answer><think>b</think><check>c</check>"
    assert tags.plain(tags.worded(text)) == text


def test_two_tags_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[data.tags]\nthink = "answer"\n')
    with pytest.raises(ConfigError, match="a name of its own"):
        load_training(str(path))


def test_rewards_that_pay_a_wrong_first_answer_are_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[grpo.rewards]\nsrpo = 1.0\n')
    assert any("for comparison" in line for line in warnings(load_training(str(path))))
    path.write_text('name = "own"\n[grpo.rewards]\nfinal_accuracy = 1.0\nfirst_right = -1.0\n')
    (grounding, others) = warnings(load_training(str(path)))
    assert "rewards, grounding: a first answer that is wrong" in grounding
    assert "rewards, other tasks" in others
