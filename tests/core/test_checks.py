"""What the checks come to, and the rules that look at it."""

import pytest

from rocot.core.checks import Finding, Opinion, countered, reanswered, reviewed
from rocot.core.gate import Gate, Rules, faults
from rocot.core.reflection import Looked, Reviewed
from rocot.core.row import Row
from tests.builders import EDITION, Sample, answer, corrected, criticised, fight, seen


def opinion(label: str | None) -> Opinion:
    return Opinion(evidence=(), reasoning="They push each other.", label=label)


@pytest.mark.parametrize(
    ("label", "of_the_fight", "of_nothing", "of_the_rest"),
    [
        ("Fighting", "agrees", "disagrees", "disagrees"),
        ("Robbery", "in part", "disagrees", "disagrees"),
        ("Normal", "disagrees", "agrees", "agrees"),
        (None, "abstains", "abstains", "abstains"),
    ],
)
def test_an_opinion_comes_to(
    label: str | None, of_the_fight: Finding, of_nothing: Finding, of_the_rest: Finding
) -> None:
    assert reanswered(opinion(label), answer()) == of_the_fight
    assert reanswered(opinion(label), answer(())) == of_nothing
    assert countered(opinion(label)) == of_the_rest


@pytest.mark.parametrize(
    ("verdicts", "finding"),
    [
        (("real",), "agrees"),
        (("real", "cannot tell"), "agrees"),
        (("real", "not real"), "in part"),
        (("not real", "cannot tell"), "disagrees"),
        (("cannot tell", "cannot tell"), "abstains"),
        ((), "abstains"),
    ],
)
def test_a_review_comes_to(verdicts: tuple[str, ...], finding: Finding) -> None:
    assert reviewed(criticised(*verdicts).review) == finding


def test_where_nobody_was_asked_nothing_is_found() -> None:
    assert {reanswered(None, answer()), countered(None), reviewed(None)} == {"unchecked"}


def broken(sample: Sample) -> set[str]:
    return {fault.rule for fault in sample.judged().faults}


@pytest.mark.parametrize(
    "sample",
    [
        fight(),
        fight().but(reanswer=seen("Fighting"), counterfactual=seen("Normal")),
        fight().but(reanswer=seen("Robbery")),
        fight().but(reanswer=seen(None), counterfactual=seen(None)),
        fight().but(reanswer=Looked(unchecked="no frame there"), counterfactual=Looked(unchecked="no frame left")),
        fight().but(critic=Reviewed(unchecked="no error named")),
        corrected().but(critic=criticised("real", "not real")),
        corrected().but(critic=criticised("cannot tell")),
        corrected().but(critic=criticised()),
    ],
)
def test_agreement_abstention_and_silence_break_no_rule(sample: Sample) -> None:
    assert broken(sample) == set()


def test_a_critic_that_finds_no_error_rejects_and_blind_looks_warn_unless_the_recipe_says_otherwise() -> None:
    doubted = fight().but(reanswer=seen("Normal"), counterfactual=seen("Robbery"))
    unreal = corrected().but(critic=criticised("not real"))
    assert broken(doubted) == {"blind reanswer disagrees", "counterfactual still abnormal"}
    assert Row.of(doubted.judged(), EDITION).kept
    assert not Row.of(unreal.judged(), EDITION).kept
    strict = Gate(rules=Rules(blind_reanswer_disagrees="reject", critic_finds_no_error="off"))
    assert not Row.of(doubted.but(gate=strict).judged(), EDITION).kept
    assert Row.of(unreal.but(gate=strict).judged(), EDITION).kept


def test_the_row_tells_the_gate_what_the_checks_said() -> None:
    sample = corrected().but(reanswer=seen("Normal"), counterfactual=seen("Fighting"), critic=criticised("not real"))
    item = sample.judged()
    row = Row.of(item, EDITION)
    assert len(item.faults) == 3
    assert faults(row.story()) == item.faults
    assert row.reanswer is not None
    assert (row.reanswer.finding, row.reanswer.frame_times) == ("disagrees", (5.0, 7.0))
    assert row.provenance.critic is not None
    assert row.provenance.critic.model == "scripted"


def test_a_check_that_had_nothing_to_look_at_stands_in_the_row_with_its_reason() -> None:
    row = Row.of(fight().but(critic=Reviewed(unchecked="no error named")).judged(), EDITION)
    assert row.critic is not None
    assert (row.critic.finding, row.critic.unchecked, row.critic.review) == ("unchecked", "no error named", None)
    assert (row.provenance.critic, row.reanswer, row.counterfactual) == (None, None, None)
