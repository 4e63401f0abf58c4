import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.cited import citations


def cited(text: str) -> list[tuple[float, float]]:
    return [(one.start, one.end) for one in citations(text)]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("A man falls at 12.5 s.", [(12.5, 12.5)]),
        ("A man falls at about 12 seconds.", [(12, 12)]),
        ("At 12.50s he runs.", [(12.5, 12.5)]),
        ("In frame <12.50s> he runs.", [(12.5, 12.5)]),
        ("From <3.20s> to <4.50s> they strike.", [(3.2, 3.2), (4.5, 4.5)]),
        ("Between <3.2-4.5s> they strike.", [(3.2, 4.5)]),
        ("They strike during 3.2-4.5 s.", [(3.2, 4.5)]),
        ("They strike during 3.2\u20134.5 s.", [(3.2, 4.5)]),
        ("They strike from 3 to 5 seconds.", [(3, 5)]),
        ("They strike between 3 and 5 s.", [(3, 5)]),
        ("They strike from 3.2 s to 4.5 s.", [(3.2, 4.5)]),
        ("The anomaly (3.2 s - 4.5 s) is brief.", [(3.2, 4.5)]),
        ("Blows at 3, 5 and 7 s.", [(3, 3), (5, 5), (7, 7)]),
        ("Blows at 3 s and 5 s.", [(3, 3), (5, 5)]),
        ("- 3.20-4.50 s: two figures meet", [(3.2, 4.5)]),
        ("- 12 s: two figures meet", [(12, 12)]),
        ("1) 12 s: two figures meet", [(12, 12)]),
        ("It begins at 00:12.", [(12, 12)]),
        ("It begins at 1:05 and goes on.", [(65, 65)]),
        ("It lasts from 00:12 to 00:15.", [(12, 15)]),
        ("(00:12-00:15) smoke rises.", [(12, 15)]),
        ("At 0:01:05 it ends.", [(65, 65)]),
        ("Around 95 s, a man falls.", [(95, 95)]),
        ("The 12.5 s frame shows smoke.", [(12.5, 12.5)]),
        ("The frame at 12.5 s shows smoke.", [(12.5, 12.5)]),
        ("Smoke until 14 sec.", [(14, 14)]),
        ("At second 12 he turns.", [(12, 12)]),
        ("From seconds 3 to 5 he turns.", [(3, 5)]),
        ("At t = 7.5 s he turns.", [(7.5, 7.5)]),
        ("At t=7.5s he turns.", [(7.5, 7.5)]),
        ("Before 12 s the yard is empty.", [(12, 12)]),
    ],
)
def test_positions_are_cited(text: str, times: list[tuple[float, float]]) -> None:
    assert cited(text) == times


@pytest.mark.parametrize(
    "text",
    [
        "The fight lasts 3 s.",
        "They struggle for 3.0 s.",
        "They struggle for about 3 seconds.",
        "It lasts 3-5 s.",
        "He waits for 3.2-4.5 s.",
        "A pause of 2.5 s follows.",
        "2 s later he falls.",
        "At 2 s intervals the light blinks.",
        "About 3 s.",
        "After 3 s he leaves.",
        "Within 2-3 seconds he is gone.",
        "It takes 2 to 3 seconds.",
        "A 3-second pause.",
        "A 12 second clip.",
        "The frames are 1.25 s apart.",
        "He stays at least 3 s.",
        "Every 2.5 s the lamp flickers.",
        "The span shrinks from 5 s to 3 s.",
        "The start moves by 0.40 s.",
        "The start moves 0.40 s earlier.",
        "The end is 0.3-0.5 s late.",
        "A man in his 20s.",
        "Two people in their 20s-30s.",
        "Music of the 1970s.",
        "It looks like the 1990s.",
        "12 people and 3 cars at 5 m.",
        "At 12 he turns.",
        "At 3.5 times the speed.",
        "Moves at 30 km/h.",
        "Score 2:1, ratio 16:9.",
        "The camera clock reads 00:12.",
        "The overlay shows 09:15.",
        "At 14:32 by the clock.",
        "At 09:15:22.",
        "On 2012-03-04 14:32:05.",
        "At 9:15 am.",
        "At [3.5, 7.25].",
        "In the first 3 s nothing moves.",
        "Two seconds pass.",
        "He has 5's and 3's.",
        "More than 3-4 s pass.",
    ],
)
def test_durations_and_bare_numbers_are_not(text: str) -> None:
    assert cited(text) == []


@pytest.mark.parametrize(
    ("text", "slack"), [("at 12 s", 1.0), ("at 12.5 s", 0.1), ("at 12.50 s", 0.01), ("from 3.2 s to 4 s", 1.0)]
)
def test_the_spelling_says_how_exact_it_is(text: str, slack: float) -> None:
    assert [one.slack for one in citations(text)] == [pytest.approx(slack)]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    list(citations(text))


def test_a_hostile_text_takes_no_time() -> None:
    for piece in ("1 s, ", "1-", "at 1 s to ", "<1", "1:", " \t" * 50, "about "):
        list(citations(piece * 4000))
