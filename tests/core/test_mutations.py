"""Every way to spoil a clean sample is told, under its name."""

from collections import Counter

import pytest

from rocot.core.answer import Reflection
from rocot.core.gate import RULES, faults
from rocot.core.story import Story
from tests.builders import Sample
from tests.mutations import MUTATIONS, Mutation, like


def story(sample: Sample) -> Story:
    """Not by way of a row, which would clean the texts."""
    return Story(
        start=sample.framed.start,
        end=sample.framed.end,
        frame_times=tuple(frame.time for frame in sample.framed.frames),
        classes=sample.framed.classes,
        initial=sample.initial,
        reflection=Reflection.model_validate(sample.reflection.model_dump()),
        revised=sample.revised,
        truth=sample.truth,
        reanswer=None if sample.reanswer is None else sample.reanswer.opinion,
        counterfactual=None if sample.counterfactual is None else sample.counterfactual.opinion,
        review=None if sample.critic is None else sample.critic.review,
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_spoilt_sample_is_told_under_the_right_name(mutation: Mutation) -> None:
    clean = like(mutation.of)
    assert clean
    for sample in clean[:8]:
        assert mutation.rule in {fault.rule for fault in faults(story(mutation.spoil(sample)))}


def test_every_rule_has_two_mutations() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 30
    counts = Counter(mutation.rule for mutation in MUTATIONS)
    assert {rule: counts[rule] for rule in RULES if counts[rule] < 2} == {}
    assert set(counts) == set(RULES)
