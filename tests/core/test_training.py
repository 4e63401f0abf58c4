"""Rows for training are made of what was shown and said, in the form that TRL takes, and of nothing else."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from rocot.core.answer import Answer, Reflection
from rocot.core.chat import CLOSER, ChatTurn
from rocot.core.reflection import Frame
from rocot.core.row import Row
from rocot.core.training import RftRow, SftRow
from rocot.core.truth import Truth
from tests.builders import EDITION, Sample, answer, corrected, fight, framed

GOLDEN = Path(__file__).parents[1] / "golden"
LOOK = tuple(Frame(time=time, digest=f"{time:064.2f}", width=320, height=240) for time in (4.5, 6.5))


def row(sample: Sample) -> Row:
    return Row.of(sample.judged(), EDITION)


def sft(sample: Sample) -> list[SftRow]:
    return list(SftRow.all_of(row(sample)))


def rft(sample: Sample) -> RftRow:
    (found,) = RftRow.all_of(row(sample))
    return found


def text(turns: tuple[ChatTurn, ...]) -> str:
    """Turns as `messages` spells them."""
    return "".join("<image>" if part.type == "image" else part.text or "" for turn in turns for part in turn.content)


def test_the_rows_for_training_look_as_they_did() -> None:
    """Others depend on them: a change here is a change of the public schema."""
    looked = corrected("door").but(relook=LOOK)
    for name, made in (("sft", [*sft(corrected("door")), *sft(looked)]), ("rft", [rft(looked)])):
        found = [one.model_dump(mode="json") for one in made]
        assert found == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", [fight(), corrected(), corrected().but(relook=LOOK)])
def test_what_is_learnt_is_the_chat_word_for_word(sample: Sample) -> None:
    turns, chat = sft(sample), row(sample).messages
    said = [text(one.completion) for one in turns]
    assert said == [message.content for message in chat if message.role == "assistant"]
    assert text(turns[-1].prompt) + said[-1] == "".join(message.content for message in chat)
    assert text(rft(sample).prompt) == chat[0].content


def test_a_sample_is_one_turn_to_learn_and_two_where_there_was_a_closer_look() -> None:
    (only,) = sft(corrected())
    first, second = sft(corrected().but(relook=LOOK))
    assert (only.turn, first.turn, second.turn) == (0, 0, 1)
    assert [turn.role for turn in second.prompt] == ["user", "assistant", "user"]
    assert text(second.prompt[1:2]) == text(first.completion)
    assert second.prompt[2].content[-1].text == f"\n{CLOSER}"
    assert "<reflection>" not in text(first.completion)
    assert text(second.completion).startswith("<reflection>")


@pytest.mark.parametrize("sample", [fight(), corrected().but(relook=LOOK)])
def test_every_image_of_a_prompt_has_its_time_before_it_and_its_digest_in_the_row(sample: Sample) -> None:
    made: list[SftRow | RftRow] = [*sft(sample), rft(sample)]
    for one in made:
        again = (one.relook_times, one.relook_digests) if isinstance(one, SftRow) else ((), ())
        times, digests = (*one.frame_times, *again[0]), (*one.frame_digests, *again[1])
        parts = [part for turn in one.prompt for part in turn.content]
        before = [earlier.text for earlier, part in pairwise(parts) if part.type == "image"]
        assert before == [f"<{time:.2f}s>" for time in times]
        assert len(digests) == len(times)


def test_no_completion_holds_an_image() -> None:
    """TRL's collator fills images into prompts alone, and refuses a place for one in a completion."""
    for one in [*sft(fight()), *sft(corrected().but(relook=LOOK))]:
        assert [(turn.role, [part.type for part in turn.content]) for turn in one.completion] == [
            ("assistant", ["text"])
        ]


def test_parts_have_a_type_and_a_text_and_nothing_else() -> None:
    for turn in sft(fight())[0].prompt:
        assert all(part.model_dump().keys() == {"type", "text"} for part in turn.content)


def test_what_is_asked_holds_the_truth_and_nothing_that_a_teacher_said() -> None:
    first = answer((), reasoning="Nothing moves but a marmot.")
    last = answer(reasoning="The marmot fights a crow.")
    sample = corrected().but(initial=first, revised=last)
    told = rft(sample)
    assert (told.labels, told.spans, told.outcome) == (("Fighting",), last.spans, "corrected")
    dumped = told.model_dump_json()
    for words in _texts(first, last, sample.reflection):
        assert words not in dumped


def _texts(*said: Answer | Reflection) -> list[str]:
    found: list[str] = []
    for one in said:
        if isinstance(one, Answer):
            found += [one.reasoning, *(part.observation for part in one.evidence)]
        else:
            found += [one.critique, *(word for check in one.checks for word in (check.claim, check.finding))]
    return found


def test_a_question_with_options_is_learnt_by_its_letter_and_graded_on_its_text() -> None:
    asked = framed().model_copy(update={"task": "qa", "classes": ("a dog", "a fight")})
    chosen = answer((), label="a fight").model_copy(update={"spans": None})
    sample = fight().but(framed=asked, initial=chosen, revised=chosen, truth=Truth(choice="a fight"))
    assert "<answer>B</answer>" in text(sft(sample)[0].completion)
    assert (rft(sample).classes, rft(sample).choice) == (("a dog", "a fight"), "a fight")


def test_whether_the_first_answer_was_right_is_told_of_both_turns() -> None:
    assert [one.first_right for one in sft(corrected().but(relook=LOOK))] == [False, False]
    assert sft(fight())[0].first_right
    assert sft(fight().but(truth=Truth()))[0].first_right is None
