"""The rules' shortcuts find what the plain way finds: at each character, word by word, without a cheaper look first."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from rocot.core.rules import leaks, persons
from rocot.core.rules.texts import _LONGEST_LOOP, _loop
from rocot.core.rules.words import GENERIC, content, sentences, stem, words
from tests.builders import fight

PARTS = (
    *("the", "label", "of", "a", "given", "told", "provided", "ground", "truth", "annotation", "answer", "key", "true"),
    *("black", "white", "latin", "Latin", "latinas", "south", "asian", "middle", "eastern", "looking", "man", "woman"),
    *("his", "skin", "color", "skinned", "dark", "blackboard", "descent", "young", "van", "Road_Accident", "Abuse001"),
    *("it's", "rock'", "a--b", "_", "-", "'", "\u017f", "\u212a", "\u00e9", "7", "12.5 s"),
)
JOINTS = (" ", " ", " ", "-", ". ", "\n", "; ", "!\n\n", "  ", "", "\t", "\x1c")


def spliced(parts: tuple[str, ...], most: int = 30) -> st.SearchStrategy[str]:
    """Texts of these parts, with all sorts of joints between them."""
    pieces = st.tuples(st.sampled_from(parts), st.sampled_from(JOINTS))
    return st.lists(pieces, max_size=most).map(lambda found: "".join(part + joint for part, joint in found))


@given(spliced(PARTS) | st.text(alphabet="ab .!?;\n\t_'-"))
@example("a.\n\n b;\nc \n d.")
def test_sentences_are_those_of_a_split(text: str) -> None:
    assert sentences(text) == [part for part in re.split(r"(?<=[.!?;])\s+|\n+", text) if part]


@given(spliced(PARTS) | st.text())
def test_what_tells_a_text_is_told_word_by_word(text: str) -> None:
    parts = [part for word in words(text) for part in word.split("-")]
    assert content(text) == frozenset(stem(one) for one in parts if len(one) > 3 and not one[0].isdigit()) - GENERIC


@given(spliced(PARTS))
@example("a black van, latinas descent")
@example("a latin\nwoman")
@example("the middle-eastern man")
def test_phrases_are_found_where_a_search_finds_them(text: str) -> None:
    story = fight().story()
    for phrases in (leaks._LEAKS, persons._CLAIMS):
        told = story.model_copy(update={"reflection": story.reflection.model_copy(update={"critique": text or "-"})})
        found = phrases.pattern.search(text)
        assert told.find(phrases) == (None if found is None else f"critique: {found[0]!r}")


def plain_loop(said: list[str]) -> str | None:
    """The shortest phrase that comes four times in a row, a word six times."""
    for period in range(1, min(_LONGEST_LOOP, len(said) // 4) + 1):
        run, enough = 0, 5 if period == 1 else 3 * period
        for index in range(period, len(said)):
            run = run + 1 if said[index] == said[index - period] else 0
            if run >= enough:
                return " ".join(said[index - period + 1 : index + 1])
    return None


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).flatmap(
    lambda phrase: st.integers(1, 7).map(lambda times: phrase * times)), max_size=6))  # fmt: skip
def test_a_loop_is_found_as_by_comparing_word_by_word(runs: list[list[str]]) -> None:
    said = [word for run in runs for word in run]
    assert _loop(" ".join(said)) == plain_loop(said)
