"""Tasks: what a teacher is asked about a clip, and a question with options as it was put."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import Field

from rocot.core.record import Record, digest

Task: TypeAlias = Literal["grounding", "classification", "qa", "reasoning"]
"""Grounding: label and spans. Classification: a label. QA: one of several options. Reasoning: what happens and why it
is or is not an anomaly, in prose, and a label."""


class Question(Record):
    """A multiple-choice question about a video, as its dataset has it."""

    text: str
    options: tuple[str, ...]
    answer: int | None = Field(default=None, ge=0)
    """Index of the right option; None where the dataset does not say."""


class Posed(Record):
    """A multiple-choice question about a clip. Its options, as they were shown, are the clip's classes."""

    number: int = Field(ge=0)
    """Which of the questions about the video it is, from 0, in the dataset's order."""
    text: str
    """The question, without its options."""
    order: tuple[int, ...]
    """For each option as shown, its place among the dataset's: [2, 0, 1] shows the third first."""
    seed: int = Field(ge=0)
    """What the order was drawn with; see `shuffled`."""


def shuffled(count: int, seed: int, name: str) -> tuple[int, ...]:
    """An order of `count` options that looks random and is the same everywhere, drawn for each clip by its id.

    Indices sorted by sha256 over seed, name and index: no random generator of some version takes part. VAU-Bench's
    right answers are A or B in 88 to 94 % of its questions, which a student learns instead of looking.
    """
    return tuple(sorted(range(count), key=lambda index: digest([seed, name, index])))


def letter(index: int) -> str:
    """A, B, ... of an option; its number where there are more than letters."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def letters(options: Sequence[str]) -> tuple[str, ...]:
    """The letters of options as shown."""
    return tuple(letter(index) for index in range(len(options)))


def lettered(options: Sequence[str]) -> str:
    """Options as they stand in a question, one a line: `A. ...`."""
    return "\n".join(f"{letter(index)}. {option}" for index, option in enumerate(options))
