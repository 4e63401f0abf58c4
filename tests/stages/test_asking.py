import pytest

from rocot.assets import load_prompts
from rocot.core.gate import Gate, Rules, Weight
from rocot.core.reflection import Judged
from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.engine.stage import Rejected
from rocot.sources.shuffled import Shuffled
from rocot.stages.judge import Judge
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.revise import Revise
from tests.stages.stubs import ANSWER, FRAMED, REFLECTION, REVISED, Known, Listed, spoken

PROMPTS = load_prompts()
FIGHT = Truth(labels=("Fighting",), spans=(Span(start=4, end=8),))


async def judged(teacher: Listed, *, guided: bool = False) -> Judged:
    truth = Known(yard__one=FIGHT)
    reasoned = await Reason(PROMPTS, teacher)(FRAMED)
    reflected = await Reflect(PROMPTS, teacher, truth if guided else None)(reasoned)
    revised = await Revise(PROMPTS, teacher)(reflected)
    item = await Judge(Gate(), truth)(revised)
    assert not isinstance(item, Rejected)
    return item


@pytest.mark.parametrize("guided", [False, True])
async def test_the_three_asks_share_one_prefix_and_the_revision_forks_from_the_first_answer(guided: bool) -> None:
    teacher = Listed([ANSWER, REFLECTION, REVISED])
    await judged(teacher, guided=guided)
    reason, reflect, revise = teacher.asked
    assert reflect.turns[:2] == reason.turns
    assert revise.turns[:3] == reflect.turns[:3]
    assert [turn.role for turn in revise.turns] == ["system", "user", "assistant", "user"]
    assert reflect.shape == "reflection"
    assert "They still talk." in spoken(revise)


async def test_truth_is_in_no_ask_of_a_blind_recipe_and_in_one_turn_of_a_guided_one() -> None:
    blind, guided = Listed([ANSWER, REFLECTION, REVISED]), Listed([ANSWER, REFLECTION, REVISED])
    await judged(blind)
    await judged(guided, guided=True)
    told = "Fighting, at 4.00-8.00 s"
    assert all(told not in spoken(ask) for ask in blind.asked)
    assert [told in spoken(ask) for ask in guided.asked] == [False, True, False]


async def test_no_ask_holds_a_name_of_a_file_or_clip() -> None:
    teacher = Listed([ANSWER, REFLECTION, REVISED])
    await judged(teacher)
    for ask in teacher.asked:
        assert "fighting-0001" not in ask.model_dump_json()
        assert "yard" not in ask.model_dump_json()


async def test_the_judge_grades_both_answers() -> None:
    item = await judged(Listed([ANSWER, REFLECTION, REVISED]))
    assert item.outcome == "confirmed"
    assert item.scores.initial_tiou == pytest.approx(3.5 / 5)
    assert item.scores.revised_tiou == pytest.approx(3.5 / 4)
    assert item.path == FRAMED.path
    assert "path" not in item.model_dump()


async def test_only_the_truth_changes_what_the_judge_hangs_on() -> None:
    item = await judged(Listed([ANSWER, REFLECTION, REVISED]))
    first, second = Judge(Gate(), Known(yard__one=FIGHT)), Judge(Gate(), Known(yard__one=Truth()))
    assert first.identity == second.identity
    assert first.context(item) != second.context(item)
    assert Reason(PROMPTS, Listed([])).context(FRAMED) is None


async def test_a_guided_reflection_hangs_on_the_truth_and_a_blind_one_does_not() -> None:
    item = await Reason(PROMPTS, Listed([ANSWER]))(FRAMED)
    truth = Known(yard__one=FIGHT)
    assert Reflect(PROMPTS, Listed([])).context(item) is None
    assert Reflect(PROMPTS, Listed([]), truth).context(item) == FIGHT.model_dump(mode="json")
    assert Reflect(PROMPTS, Listed([])).identity != Reflect(PROMPTS, Listed([]), truth).identity


async def test_a_control_tells_another_clips_truth_is_another_flow_and_says_whose_it_was() -> None:
    reasoned = await Reason(PROMPTS, Listed([ANSWER]))(FRAMED)
    other = FRAMED.model_copy(update={"id": "yard/two", "video": "two"})
    shuffled = Shuffled()
    shuffled.learn(FRAMED, FIGHT)
    shuffled.learn(other, Truth(labels=("Robbery",), spans=(Span(start=1, end=2),)))
    teacher = Listed([REFLECTION])
    control = Reflect(PROMPTS, teacher, shuffled, donor=shuffled.donor)
    made = await control(reasoned)
    assert made.handed == "yard/two"
    assert "Robbery, at 1.00-2.00 s" in spoken(teacher.asked[0])
    assert "Fighting, at 4.00-8.00 s" not in spoken(teacher.asked[0])
    assert control.identity != Reflect(PROMPTS, Listed([]), shuffled).identity
    assert "handed" not in (await Reflect(PROMPTS, Listed([REFLECTION]), shuffled)(reasoned)).model_dump()


def test_the_weight_of_a_rule_is_part_of_the_judge_and_rules_of_whole_splits_are_not() -> None:
    def identity(**weights: Weight) -> object:
        return Judge(Gate(rules=Rules(**weights)), Known()).identity

    assert identity(silent_change="warn") != identity()
    assert identity(near_duplicate="reject", similar_reflections="off") == identity(unseen="warn") == identity()
    assert Judge(Gate(duplicate=0.95, similar=0.9, answers=7), Known()).identity == identity()
