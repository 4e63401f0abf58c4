"""The rules' shortcuts find what the plain way finds: at each character, word by word, without a cheaper look first."""

import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from rocot.core.answer import Answer
from rocot.core.cited import _AT, _CUES, citations
from rocot.core.gate import Gate, Story, faults, faults_of
from rocot.core.rules import conclusions, leaks, persons, reflecting
from rocot.core.rules.texts import _LONGEST_LOOP, _loop
from rocot.core.rules.words import GENERIC, alike, content, holds, sentences, stem, words
from rocot.core.score import scores
from rocot.core.span import Span
from rocot.core.truth import Truth
from tests.builders import answer, fight
from tests.styles import clean_samples

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
    for phrases in (leaks._LEAKS, persons._CLAIMS):
        found = phrases.pattern.search(text)
        assert told(text).find(phrases) == (None if found is None else f"critique: {found[0]!r}")


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


@given(spliced(PARTS) | st.text(), spliced(PARTS) | st.text())
def test_texts_are_alike_where_a_stem_is_in_both(one: str, other: str) -> None:
    assert alike(one, other) == bool(content(one) & content(other))


SAID = (
    *("the", "my", "first", "initial", "earlier", "answer", "reasoning", "I", "had", "wrongly", "said", "was", "is"),
    *("called", "labelled", "named", "label", "Fighting", "robbery", "this", "it", "clearly", "a", "case of", "thus"),
    *("therefore,", "marked", "as", "classified", "the clip", "verdict:", "conclusion =", "hence", "puts", "12.5 s"),
)


@given(spliced(SAID, most=12))
@example("my answer said Fighting")
@example("I had wrongly called it so")
@example("the initial label was robbery")
@example("marked as Fighting")
@example("it is clearly a case of Fighting")
@example("spans")
def test_a_sentence_that_ascribes_a_label_has_the_words_that_are_looked_for(text: str) -> None:
    vocabulary = told(text).vocabulary
    if reflecting._ATTRIBUTED.search(text) is not None:
        assert not vocabulary.isdisjoint(reflecting._SPEAKING)
        assert not vocabulary.isdisjoint(reflecting._TELLERS)
    if reflecting._GIVEN.search(text) is not None:
        assert not vocabulary.isdisjoint(reflecting._FORMER)
    if conclusions._others(("Fighting", "Robbery"), "Normal").naming.search(text) is not None:
        assert holds(text.lower().replace("_", " "), conclusions._SAYING)
    if conclusions._SUBJECT.search(text) is not None:
        assert holds(text.lower(), conclusions._SUBJECTS)


def told(critique: str) -> Story:
    """A sample whose critique is this."""
    story = fight().story()
    return replace(story, reflection=story.reflection.model_copy(update={"critique": critique or "-"}))


def test_a_cue_is_one_of_those_that_a_time_may_have() -> None:
    assert all(_AT.match(cue[::-1]) is not None for cue in _CUES)


@given(st.lists(st.sampled_from(("12.5 s", "3", "at", "1234567 s", "4.25", "-", "to", "5 seconds", "7.", ".5 s", "s"))))
def test_a_number_is_cited_whole_or_not_at_all(parts: list[str]) -> None:
    text = " ".join(parts)
    for cited in citations(text):
        at = text.index(cited.text)
        assert not text[at - 1 : at].isdigit()


def test_many_samples_are_told_what_each_is_told_alone() -> None:
    gate = Gate(most_words=20)
    stories = [sample.story() for _, sample in clean_samples(40)]
    assert faults_of(stories, gate) == [faults(story, gate) for story in stories]
    assert any(faults_of(stories, gate))


@given(st.sampled_from(("Fighting", "Normal", "Unclear", "Robbery")), st.sampled_from(((), ((1.0, 3.0),), None)))
def test_an_answer_that_concludes_the_same_is_graded_the_same(
    label: str, pairs: tuple[tuple[float, float], ...] | None
) -> None:
    spans = None if pairs is None else tuple(Span(start=start, end=end) for start, end in pairs)
    first: Answer = answer().model_copy(update={"label": label, "spans": spans})
    last = first.model_copy(update={"reasoning": "In other words."})
    truth = Truth(labels=("Fighting",), spans=(Span(start=2.0, end=4.0),))
    graded = dict(scores(first, last, truth, 0.5, 0.05, {"Fighting": "Violence", "Robbery": "Theft"}))
    for name, value in graded.items():
        if name.startswith("initial"):
            assert graded[name.replace("initial", "revised")] == value
