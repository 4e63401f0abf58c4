import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from rocot.core.chat import answer_text, messages, reflection_text
from rocot.core.gate import faults
from rocot.core.reflection import Frame
from rocot.core.reply import clean, parse_answer, parse_reflection
from rocot.core.row import Row
from tests.builders import CLASSES, EDITION, answer, corrected, corrupted, fight, reflection

GOLDEN = Path(__file__).parents[1] / "golden" / "row.json"


def test_the_row_is_the_golden_row() -> None:
    """Others depend on it: a change here is a change of the public schema."""
    row = Row.of(corrected("door").judged(), EDITION)
    assert json.loads(row.model_dump_json()) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_what_differs_between_equal_runs_is_not_in_the_row() -> None:
    item = fight().judged()
    moved = item.model_copy(update={"path": "/elsewhere/v0.mp4"})
    assert Row.of(moved, EDITION) == Row.of(item, EDITION)
    assert "/videos/" not in Row.of(item, EDITION).model_dump_json()


def test_only_clean_rows_with_a_wanted_outcome_are_kept() -> None:
    faulty = fight().but(initial=answer(()))  # the reflection says keep
    assert Row.of(fight().judged(), EDITION).kept
    assert Row.of(corrected().judged(), EDITION).kept
    assert not Row.of(corrupted().judged(), EDITION).kept
    assert not Row.of(faulty.judged(), EDITION).kept


def test_the_row_tells_the_gate_the_same_story_as_the_item() -> None:
    for sample in (fight(), corrected(), fight().but(initial=answer([(4, 30)]))):
        item = sample.judged()
        assert faults(Row.of(item, EDITION).story()) == item.faults


def test_text_that_parquet_cannot_hold_is_cleaned() -> None:
    item = fight().but(revised=answer(label="a \ud800 lone\x00 surrogate\x1b[31m")).judged()
    assert Row.of(item, EDITION).revised.label == "a ? lone surrogate[31m"


@given(st.text(st.sampled_from('nbfrut0\\"\n\r\t\b\f\x00\x1f\x7f\x9f \u00a0\u00e9\u2028\ud800'), min_size=1))
@example("\x7f")
@example("\\n\x7f")
@example("\\\\r \\b")
@example("\u00e9\x9f")
@example("\n\r")
def test_every_text_of_a_row_is_cleaned(text: str) -> None:
    """Whatever its JSON lets the short cuts believe."""
    row, spelt = Row.spelt(fight().but(revised=answer(label=f"so{text}")).judged(), EDITION)
    assert row.revised.label == f"so{clean(text)}"
    assert spelt == row.model_dump_json()


def test_each_frame_stands_in_the_chat_with_its_time() -> None:
    item = fight().judged()
    asked, told = Row.of(item, EDITION).messages
    assert (asked.role, told.role) == ("user", "assistant")
    assert asked.content.startswith("<1.00s><image><3.00s><image>")
    assert asked.content.count("<image>") == len(item.frames)


def test_the_frames_of_a_closer_look_have_a_turn_of_their_own() -> None:
    closer = tuple(Frame(time=time, digest=f"{time:064.2f}", width=320, height=240) for time in (4.5, 6.5))
    row = Row.of(corrected().but(relook=closer).judged(), EDITION)
    asked, first, again, second = row.messages
    assert [turn.role for turn in row.messages] == ["user", "assistant", "user", "assistant"]
    assert again.content.startswith("<4.50s><image><6.50s><image>\n")
    assert asked.content.count("<image>") == len(row.frame_times)
    assert first.content == answer_text(row.initial)
    assert second.content == f"{reflection_text(row.reflection)}\n{answer_text(row.revised)}"
    assert (row.relook_times, len(row.relook_digests)) == ((4.5, 6.5), 2)


def test_frames_that_a_damaged_file_has_lost_stand_in_the_row() -> None:
    sample = fight()
    item = sample.but(framed=sample.framed.model_copy(update={"lost": (3.0, 9.0)})).judged()
    item = item.model_copy(update={"relook_lost": (5.0,)})
    assert Row.of(item, EDITION).lost_times == (3, 5, 9)
    assert Row.of(sample.judged(), EDITION).lost_times == ()


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="<>{`\x7f", exclude_categories=["Cc"])).map(str.strip)


@given(PLAIN.filter(bool), st.lists(st.integers(0, 1599), max_size=6, unique=True))
def test_the_chat_reads_back_as_what_was_said(reasoning: str, edges: list[int]) -> None:
    edges = sorted(edges)[: len(edges) // 2 * 2]
    pairs = [(low / 100, high / 100) for low, high in zip(edges[::2], edges[1::2], strict=True)]
    said = answer(pairs, reasoning=reasoning).model_copy(update={"evidence": ()})
    assert parse_answer(answer_text(said), "grounding", CLASSES) == said


def test_the_reflection_reads_back_as_text() -> None:
    assert parse_reflection(reflection_text(reflection("revise"))).verdict == "revise"


def test_the_first_and_the_last_word_are_the_answers() -> None:
    sample = corrected()
    _, told = messages((1.0,), "?", sample.initial, (), sample.reflection, sample.revised)
    assert told.content.startswith(answer_text(sample.initial))
    assert told.content.endswith(answer_text(sample.revised))
