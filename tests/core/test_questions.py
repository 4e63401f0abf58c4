"""What the parser and the gate make of answers to questions with options."""

import json

import pytest

from rocot.core.gate import Story, faults
from rocot.core.reply import parse_answer
from rocot.core.truth import Truth
from rocot.errors import ReplyError
from tests.builders import answer, reflection

OPTIONS = ("A man falls", "Two men shake hands", "Nothing happens, all is normal")


def choice(text: str) -> str:
    said = json.dumps({"evidence": [], "reasoning": "Seen at 4 s.", "choice": text})
    return parse_answer(said, "qa", OPTIONS).label


@pytest.mark.parametrize(
    "text",
    ["B", "b", " B ", "(B)", "B.", "B)", "option B", "Choice (b)", "B. Two men shake hands", "B: two men SHAKE hands",
     "Two men shake hands", "B. as seen at 4 s"],
)  # fmt: skip
def test_an_option_is_told_by_its_letter_or_its_text(text: str) -> None:
    assert choice(text) == OPTIONS[1]


@pytest.mark.parametrize("text", ["unclear", "Unclear", " UNCLEAR "])
def test_a_question_may_be_left_open(text: str) -> None:
    assert choice(text) == "Unclear"


@pytest.mark.parametrize("text", ["D", "", "AB", "Normal", "A or B", "B. A man falls", "a woman"])
def test_what_names_no_option_or_two_is_refused(text: str) -> None:
    with pytest.raises(ReplyError) as caught:
        choice(text)
    assert caught.value.reason == "unknown label"


def story(reasoning: str, label: str = OPTIONS[1]) -> Story:
    said = answer((), label=label, reasoning=reasoning).model_copy(update={"spans": None})
    return Story(
        start=0,
        end=16,
        frame_times=(1, 3, 5, 7, 9, 11, 13, 15),
        classes=OPTIONS,
        task="qa",
        initial=said,
        reflection=reflection(critique="Their hands meet at 5 s and part at 7 s, as it says.", pairs=()),
        revised=said,
        truth=Truth(choice=OPTIONS[1]),
    )


def broken(reasoning: str, label: str = OPTIONS[1]) -> set[str]:
    return {fault.rule for fault in faults(story(reasoning, label))}


CLEAN = (
    "At 5 s their hands meet. So the answer is B.",
    "Their hands meet at 5 s; option A would need somebody on the ground. The answer is not A.",
    "Hands meet at 5 s. If he had fallen, the answer would be A.",
    "Hands meet at 5 s. I choose B, since nobody falls. The clip is normal otherwise.",
    "Hands meet at 5 s. I choose a handshake over a fall.",
    "Hands meet at 5 s. Therefore, A and C are out.",
    "Hands meet at 5 s. Therefore, A, C are excluded.",
    "Hands meet at 5 s. Thus (A) is eliminated.",
    "Hands meet at 5 s. Hence A/C can be ruled out.",
    "Hands meet at 5 s. Thus, **A** is wrong.",
    "Hands meet at 5 s. The correct answer given the evidence is B.",
    "Hands meet at 5 s. The provided answer options differ in that.",
    "Hands meet at 5 s. Thus B is correct.",
    "Hands meet at 5 s. Neither A nor C is correct.",
    "Hands meet at 5 s. A or C is right only where somebody falls.",
    "Hands meet at 5 s. Person A is right of the door.",
    "Hands meet at 5 s, as person A is correct.",
    "Hands meet at 5 s. Whoever said that A is correct has not looked.",
)


@pytest.mark.parametrize("reasoning", CLEAN)
def test_a_reasoning_that_concludes_with_its_own_letter_is_clean(reasoning: str) -> None:
    assert broken(reasoning) == set()


@pytest.mark.parametrize(
    "reasoning",
    [
        "At 5 s their hands meet. So the answer is A.",
        "Hands meet at 5 s. The correct answer is (C).",
        "Hands meet at 5 s. I choose option A.",
        "Hands meet at 5 s. Therefore, C.",
        "Hands meet at 5 s. Therefore, the correct option is C.",
        "Hands meet at 5 s. **Answer:** C",
        "Hands meet at 5 s. Thus C is correct.",
        "Hands meet at 5 s, so option C is the best choice.",
        "Hands meet at 5 s. **C** is clearly the right answer, since all is calm.",
        "Hands meet at 5 s. (A) is correct because somebody falls.",
    ],
)
def test_a_reasoning_that_concludes_with_another_letter_is_caught(reasoning: str) -> None:
    assert broken(reasoning) == {"label contradicts reasoning"}


def test_an_option_may_speak_of_normal_footage() -> None:
    assert broken("People walk at 5 s. The clip is normal.", OPTIONS[2]) == set()


def test_an_answer_that_is_no_option_is_caught() -> None:
    assert "unknown label" in broken("Hands meet at 5 s.", "Normal")
