"""The gate: small pure rules that a sample must keep, and how much each of them weighs.

Each rule has a name to count by, a docstring, and a severity that the recipe may change. A row that breaks a rejecting
rule is published and not kept for training; a warning is counted, and costs nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal, TypeAlias

from pydantic import Field

from rocot.core.record import Json, Record
from rocot.core.reflection import Fault
from rocot.core.rules import checked, conclusions, leaks, persons, places, reflecting, texts
from rocot.core.story import SLACK, Limits, Rule, Story

__all__ = ["EDITION", "RULES", "RUN_RULES", "SLACK", "Gate", "Rules", "Story", "Weight", "faults", "faults_of"]

EDITION = 9
"""Part of the judge's identity: raise it when a rule or its default weight changes, and stored samples are judged
again."""

Weight: TypeAlias = Literal["reject", "warn", "off"]
"""What a broken rule does to a sample: keeps it out of training, is counted, is not looked at."""
Severity: TypeAlias = Literal["reject", "warn"]


class Rules(Record):
    """The weight of every rule, by its name with underscores."""

    span_outside_clip: Weight = "reject"
    spans_out_of_order: Weight = "reject"
    unknown_label: Weight = "reject"
    label_contradicts_spans: Weight = "reject"
    evidence_outside_clip: Weight = "reject"
    evidence_unseen: Weight = "reject"
    time_outside_clip: Weight = "reject"
    time_unseen: Weight = "reject"
    silent_change: Weight = "reject"
    tag_in_text: Weight = "reject"
    control_characters: Weight = "reject"
    too_short: Weight = "reject"
    too_long: Weight = "reject"
    other_language: Weight = "reject"
    repetition_loop: Weight = "reject"
    no_op: Weight = "reject"
    label_contradicts_reasoning: Weight = "reject"
    times_contradict_spans: Weight = "reject"
    leak_phrase: Weight = "reject"
    truth_boundary: Weight = "reject"
    native_spelling: Weight = "reject"
    phantom_error: Weight = "reject"
    rubber_stamp: Weight = "reject"
    identifying_text: Weight = "reject"
    unseen: Weight = "warn"
    blind_reanswer_disagrees: Weight = "warn"
    counterfactual_still_abnormal: Weight = "warn"
    critic_finds_no_error: Weight = "reject"
    similar_reflections: Weight = "warn"
    near_duplicate: Weight = "warn"


RUN_RULES = ("similar reflections", "near duplicate")
"""Rules that no sample can be held against by itself: they look at all samples of a split, when it is exported."""


class Gate(Limits):
    """What counts as right, and which rules a sample must keep."""

    tiou: float = Field(default=0.5, ge=0, le=1)
    """The least temporal IoU of a right answer, where spans are known."""
    improved: float = Field(default=0.05, gt=0, le=1)
    """The least gain in temporal IoU, from the first answer to the revised one, that counts as improved."""
    similar: float = Field(default=0.8, ge=0.8, le=1)
    """The likeness (Jaccard index, see `release.likeness`) from which on two reflections are the same."""
    answers: int = Field(default=3, ge=2)
    """Different answers under which a reflection may not stand unchanged."""
    duplicate: float = Field(default=0.9, ge=0.8, le=1)
    """The likeness from which on two samples are near duplicates."""
    rules: Rules = Rules()

    @cached_property
    def looked_at(self) -> tuple[tuple[str, Severity, Rule], ...]:
        """The rules of a sample that are not off, each with its name and its weight."""
        weights: dict[str, Weight] = dict(self.rules)
        named = ((name, weights[name.replace(" ", "_")], rule) for name, rule in RULES.items())
        return tuple((name, weight, rule) for name, weight, rule in named if weight != "off")

    @property
    def own(self) -> dict[str, Json]:
        """The part that judges a sample by itself, weights only where they are others than by default."""
        run = {rule.replace(" ", "_") for rule in RUN_RULES}
        weights = {name: weight for name, weight in self.rules if name not in run and weight != getattr(_RULES, name)}
        said = self.model_dump(mode="json", exclude={"similar", "answers", "duplicate", "rules"})
        return {**said, **({"weights": weights} if weights else {})}


_RULES = Rules()

RULES: dict[str, Rule] = {
    rule.__name__.replace("_", " "): rule
    for rule in (
        places.span_outside_clip,
        places.spans_out_of_order,
        conclusions.unknown_label,
        conclusions.label_contradicts_spans,
        places.evidence_outside_clip,
        places.evidence_unseen,
        places.time_outside_clip,
        places.time_unseen,
        conclusions.silent_change,
        texts.tag_in_text,
        texts.control_characters,
        texts.too_short,
        texts.too_long,
        texts.other_language,
        texts.repetition_loop,
        conclusions.no_op,
        conclusions.label_contradicts_reasoning,
        conclusions.times_contradict_spans,
        leaks.leak_phrase,
        leaks.truth_boundary,
        leaks.native_spelling,
        reflecting.phantom_error,
        reflecting.rubber_stamp,
        persons.identifying_text,
        places.unseen,
        checked.blind_reanswer_disagrees,
        checked.counterfactual_still_abnormal,
        checked.critic_finds_no_error,
    )
}


def faults(story: Story, gate: Gate | None = None) -> tuple[Fault, ...]:
    """Every rule that the sample breaks; without a gate, all of them have the weight that is theirs by default."""
    return faults_of([story], gate or _DEFAULT)[0]


def faults_of(stories: Sequence[Story], gate: Gate) -> list[tuple[Fault, ...]]:
    """As `faults`, of many samples.

    Rule by rule, not sample by sample: what a rule runs through is in the processor's caches from the second sample
    on. Of 16 together each takes a fifth less.
    """
    limited = [one if one.limits is gate else replace(one, limits=gate) for one in stories]
    found: list[list[Fault]] = [[] for _ in stories]
    for name, severity, rule in gate.looked_at:
        for story, here in zip(limited, found, strict=True):
            detail = rule(story)
            if detail is not None:
                here.append(Fault(rule=name, severity=severity, detail=detail))
    return [tuple(here) for here in found]


_DEFAULT = Gate()
