"""The flow: which stages a recipe has, and what a change of it asks again."""

from itertools import product

import pytest

from rocot.core.clip import Clip
from rocot.core.gate import EDITION, Gate, Rules
from rocot.core.record import digest
from rocot.core.reflection import Judged
from rocot.core.truth import Truth
from rocot.engine.stage import Plan, start
from rocot.engine.walk import erased
from rocot.flow import reflection
from rocot.recipe import Recipe
from rocot.sources.shuffled import Shuffled
from rocot.stages.judge import Judge
from rocot.stages.reason import Reason
from rocot.stages.reflect import Reflect
from rocot.stages.revise import Revise
from rocot.stages.sample_frames import SampleFrames
from rocot.tools.described import described
from tests.builders import clip, fight, spans
from tests.test_tools import recipe

ALL = {"reanswer": True, "counterfactual": True, "critic": "frames"}


def plan(chosen: Recipe) -> Plan[Judged]:
    return reflection(chosen, (), described(chosen))


def prints(chosen: Recipe) -> dict[str, str]:
    return {step.stage.name: step.fingerprint for step in plan(chosen)}


@pytest.mark.parametrize("more", [{}, {"checks": {"frames": 3}}, {"checker": {"model": "openai:other"}}])
def test_without_checks_the_flow_is_what_it_was_before_there_were_any(more: dict[str, dict[str, object]]) -> None:
    chosen = recipe()
    tools = described(chosen)
    before = (
        start(())
        .then(SampleFrames(chosen.frames, tools.frames))
        .fan_out(1)
        .then(Reason(tools.prompts, tools.teacher))
        .then(Reflect(tools.prompts, tools.reflector))
        .then(Revise(tools.prompts, tools.reviser))
        .then(Judge(chosen.gate, tools.truth))
    )
    assert prints(recipe("scripted", **more)) == {step.stage.name: step.fingerprint for step in before}


def test_the_judge_of_a_plain_gate_is_what_it_was_before_rules_had_weights() -> None:
    told = Judge(Gate(), described(recipe()).truth).identity
    assert told == {
        "least_words": 3, "most_words": 2000, "language": "en", "tiou": 0.5, "improved": 0.05, "rules": EDITION,
    }  # fmt: skip


def test_a_rule_of_another_weight_judges_again_and_asks_nothing_again() -> None:
    before = prints(recipe())
    after = prints(recipe(gate=Gate(rules=Rules(no_op="off"))))
    assert {name for name in before if before[name] != after[name]} == {"judge"}


def test_checks_stand_between_revision_and_judge_and_ask_nothing_before_them_again() -> None:
    before, after = prints(recipe()), prints(recipe(checks=ALL))
    assert list(after) == [
        "sample frames", "reason", "reflect", "revise", "reanswer", "counterfactual", "critic", "judge",
    ]  # fmt: skip
    assert {name for name in before if before[name] != after[name]} == {"judge"}


@pytest.mark.parametrize(
    ("checks", "changed"),
    [
        (ALL | {"frames": 4}, "reanswer"),
        (ALL | {"critic": "text"}, "critic"),
        (ALL, ""),
    ],
)
def test_a_change_of_a_check_asks_from_there_on(checks: dict[str, object], changed: str) -> None:
    before, after = prints(recipe(checks=ALL)), prints(recipe(checks=checks))
    assert next((name for name in before if before[name] != after[name]), "") == changed


def test_another_checker_asks_the_checks_again_and_nothing_else() -> None:
    before, after = prints(recipe(checks=ALL)), prints(recipe(checks=ALL, checker={"model": "openai:other"}))
    assert {name for name in before if before[name] != after[name]} == {
        "reanswer", "counterfactual", "critic", "judge",
    }  # fmt: skip


def test_a_critic_that_only_measures_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"checks\.critic: embedded measures frames .* name a \[checker\]"):
        recipe("embedded", checks={"critic": "text"})
    with pytest.raises(ValueError, match=r"checks\.critic"):
        recipe(checks={"critic": "frames"}, checker={"model": "embedded"})
    assert recipe("embedded", checks={"critic": "text"}, checker={"model": "scripted"}).asked["checker"].model
    assert recipe("embedded", checks={"reanswer": True, "counterfactual": True}).checks.on


def test_the_checker_is_the_teacher_where_none_is_named_and_nobody_where_nothing_is_checked() -> None:
    assert "checker" not in recipe(checker={"model": "openai:other"}).asked
    assert recipe(checks=ALL).asked["checker"] == recipe().teacher
    assert recipe(checks=ALL, checker={"model": "openai:other"}).asked["checker"].model == "openai:other"


@pytest.mark.parametrize("check", ["reanswer", "counterfactual"])
def test_a_check_of_spans_is_refused_for_tasks_that_have_none(check: str) -> None:
    with pytest.raises(ValueError, match='which the task grounding alone has \\(got "classification"\\)'):
        recipe(task={"kind": "classification"}, checks={check: True})
    assert recipe(task={"kind": "classification"}, checks={"critic": "frames"}).checks.on


GUIDED: tuple[object, ...] = (False, True, "shuffled")
KNOWN = (Truth(), Truth(labels=("Normal",), spans=()), Truth(labels=("Fighting",), spans=spans([(4, 8)])))


def chain() -> tuple[Clip, ...]:
    """One sample as the stages meet it, from the listed clip to the judged item."""
    sample = fight()
    return Clip(**{name: getattr(sample.framed, name) for name in Clip.model_fields}), sample.framed, sample.judged()


@pytest.mark.parametrize("checks", [{}, ALL])
@pytest.mark.parametrize("relook", [0, 4])
def test_whether_a_stage_has_a_context_hangs_on_its_identity_and_on_no_item(
    checks: dict[str, object], relook: int
) -> None:
    """Pages of a resumed run take up what is stored by this rule, without making the item."""
    has: dict[tuple[str, str], set[bool]] = {}
    for guided, truth, learnt in product(GUIDED, KNOWN, (False, True)):
        chosen = recipe(teacher={"model": "scripted", "guided": guided}, checks=checks, frames={"relook": relook})
        others = Shuffled()
        others.learn(chain()[0], truth)
        for number in range(3 * learnt):
            others.learn(clip(f"other{number}"), truth)
        for step in reflection(chosen, (), described(chosen, lambda _, truth=truth: truth, others)):
            told = [erased(step).context(item) for item in chain()]
            assert all(one == told[0] for one in told), f"{step.stage.name} says the same of all items of a chain"
            has.setdefault((step.stage.name, digest(step.stage.identity)), set()).add(told[0] is not None)
    assert {name for (name, _), told in has.items() if told == {True}} == {"reflect", "judge"}
    assert all(len(told) == 1 for told in has.values()), "the same of whatever item, truth and recipe"
    assert {bool(told) for (name, _), (told,) in has.items() if name == "reflect"} == {False, True}
