import numpy as np
from PIL import Image

from rocot.core.chat import ChatTurn
from rocot.student.shown import GREY, bare, context, faded, opened, shortened, spread, thinned
from tests.student.classroom import FIRST, LAST, QUESTION, SAID, picture


def test_frames_are_left_out_evenly_and_with_their_times() -> None:
    made = thinned([ChatTurn.asked([0.5, 1.5, 2.5, 3.5], QUESTION)], 2)
    assert made.kept == (1, 3)
    (turn,) = made.turns
    assert [part.text for part in turn.content if part.type == "text"][:2] == ["<1.50s>", "<3.50s>"]
    assert sum(part.type == "image" for part in turn.content) == 2
    assert "The 2 frames above" in (turn.content[-1].text or "")


def test_few_frames_stay_as_they_are() -> None:
    turn = ChatTurn.asked([0.5, 1.5], QUESTION)
    assert thinned([turn], 2).turns == (turn,)
    assert thinned([turn], None).kept == (0, 1)
    assert spread(32, 16)[:3] == [1, 3, 5]


def test_each_look_is_thinned_by_itself() -> None:
    turns = [ChatTurn.asked([0, 1, 2, 3], "a"), ChatTurn.told("b"), ChatTurn.asked([4, 5, 6, 7], "c")]
    assert thinned(turns, 1).kept == (2, 6)


def test_a_picture_is_made_smaller_and_never_larger() -> None:
    assert opened(picture(9, (320, 240)), 56).size == (75, 56)
    assert opened(picture(9, (32, 24)), 56).size == (32, 24)


def test_what_stands_still_fades_and_a_change_keeps_its_size_and_colour() -> None:
    frames = [np.full((2, 4, 3), 200, np.uint8) for _ in range(5)]
    frames[3][:, 2] = (240, 200, 150)
    made = [np.asarray(one) for one in faded([Image.fromarray(frame) for frame in frames], 0.25)]
    ground = 200 - 0.75 * (200 - GREY)
    assert [frame[0, 0].tolist() for frame in made] == [[int(ground)] * 3] * 5
    assert made[3][0, 2].tolist() == [int(ground + change) for change in (40, 0, -50)]


def test_frames_stay_as_they_are_where_all_is_left_or_nothing_can_be_compared() -> None:
    dark, light, wide = (Image.new("RGB", size, shade) for size, shade in (((4, 2), 9), ((4, 2), 90), ((6, 2), 9)))
    assert faded([dark, light], 1.0) == [dark, light]
    assert faded([dark], 0.0) == [dark]
    assert faded([dark, wide], 0.0) == [dark, wide]
    assert faded([], 0.0) == []


def test_a_wrong_first_attempt_is_context() -> None:
    assert SAID[context(SAID, "reflection", 0, right=False, first="mask_when_wrong") :].startswith("<reflection>")
    assert context(SAID, "reflection", 0, right=True, first="mask_when_wrong") == 0
    assert context(SAID, "reflection", 0, right=None, first="mask_when_wrong") == 0
    assert context(SAID, "reflection", 0, right=True, first="mask") > 0
    assert context(SAID, "reflection", 0, right=False, first="learn") == 0


def test_two_passes_are_cut_at_the_second_and_one_nowhere() -> None:
    both = f"{FIRST}\n{LAST}"
    assert both[context(both, "two_pass", 0, right=False, first="mask_when_wrong") :] == LAST
    assert context(LAST, "plain", 0, right=False, first="mask_when_wrong") == 0


def test_a_turn_that_is_nothing_but_the_first_attempt_is_context_whole() -> None:
    assert context(FIRST, "reflection", 0, right=False, first="mask_when_wrong") == len(FIRST)
    assert context(SAID, "reflection", 1, right=False, first="mask_when_wrong") == 0


def test_a_bare_answer_is_the_label_of_the_final_one() -> None:
    assert bare(SAID) == "<answer>Explosion</answer>"
    assert bare("<think>Nothing.</think>") == ""


def test_thoughts_keep_their_first_lines_and_answers_all_of_theirs() -> None:
    said = (
        "<think>- 1-2 s: a\n- b\nc</think><answer>Fire</answer>\n<reflection>- d\ne</reflection><verdict>keep</verdict>"
    )
    assert shortened(said, None) == said
    assert shortened(said, 2) == said.replace("- b\nc", "- b")
    assert shortened(said, 1) == (
        "<think>- 1-2 s: a</think><answer>Fire</answer>\n<reflection>- d</reflection><verdict>keep</verdict>"
    )
    assert shortened(said, 0) == shortened(said, 1).replace(": a", "")
