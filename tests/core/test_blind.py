import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.blind import Blind, Choice, blind

CHOICES = st.lists(
    st.integers(1, 5).flatmap(
        lambda count: st.builds(
            Choice,
            options=st.lists(st.text(max_size=4), min_size=count, max_size=count).map(tuple),
            answer=st.integers(0, count - 1),
        )
    ),
    min_size=1,
    max_size=12,
)


def test_they_are_counted_by_hand() -> None:
    made = blind(
        [
            Choice(options=("a man runs away", "he sits"), answer=0),
            Choice(options=("he sits", "a man runs away"), answer=0),
            Choice(options=("one", "two", "four", "six"), answer=2),
            Choice(options=("as long", "as this", "so", "it"), answer=1),
        ]
    )
    assert made == Blind(questions=4, chance=0.375, always_first=0.5, commonest=0.5, letter="A", longest=0.5)


def test_without_questions_there_is_nothing_to_say() -> None:
    assert blind([]).longest is None


@given(CHOICES)
def test_no_letter_beats_the_commonest(choices: list[Choice]) -> None:
    made = blind(choices)
    shares = [sum(choice.answer == index for choice in choices) / len(choices) for index in range(5)]
    assert made.commonest == max(shares)
    assert made.letter == "ABCDE"[shares.index(max(shares))]
    assert made.always_first == shares[0]
    assert made.chance == pytest.approx(sum(1 / len(choice.options) for choice in choices) / len(choices))
