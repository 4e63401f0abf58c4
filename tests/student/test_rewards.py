import pytest

from rocot.core.reward import REWARDS
from rocot.student.rewards import Said, reward
from tests.core.test_reward import CLASSES, RIGHT, WRONG, chain

COLUMNS: dict[str, list[object]] = {
    "task": ["grounding", "grounding", "qa"],
    "classes": [CLASSES, CLASSES, ("a dog", "a fire")],
    "labels": [("Fighting",), ("Normal",), None],
    "spans": [[{"start": 10.0, "end": 20.0}], [], None],
    "choice": [None, None, "a fire"],
    "tiou_floor": [0.5, 0.5, 0.5],
    "prompts": ["", "", ""],  # TRL hands over more than a reward asks for
}
LETTER = "<think>flames</think><answer>B</answer>"


def test_completions_are_taken_in_every_shape_that_trl_hands_over() -> None:
    parts = [{"role": "assistant", "content": [{"type": "text", "text": chain(RIGHT, WRONG)}]}]
    turns = [{"role": "assistant", "content": chain(RIGHT, WRONG)}]
    said: list[Said] = [parts, turns, chain(LETTER, LETTER)]
    assert reward("final_accuracy")(said, **COLUMNS) == [0.0, 1.0, 1.0]
    assert reward("effectiveness")(said, **COLUMNS) == [-0.5, 0.5, 0.5]
    assert reward("final_tiou")(said, **COLUMNS) == [0.0, 1.0, None]


@pytest.mark.parametrize("name", REWARDS)
def test_every_reward_goes_by_its_name_and_gives_a_number_a_completion(name: str) -> None:
    made = reward(name)
    assert made.__name__ == name
    assert len(made([chain(RIGHT, RIGHT)] * 3, **COLUMNS)) == 3


def test_own_tags_are_read_as_the_recipe_has_them() -> None:
    said = chain(RIGHT, RIGHT).replace("glue", "span")
    assert reward("strict_format")([said] * 3, **COLUMNS)[0] == 0.0
    assert reward("strict_format", plain=lambda text: text.replace("span>", "glue>"))([said] * 3, **COLUMNS)[0] == 1.0
