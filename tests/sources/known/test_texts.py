from hypothesis import given
from hypothesis import strategies as st

from rocot.core.span import Span
from rocot.sources.known.texts import Texts
from rocot.sources.manifest.entry import Passage


def test_texts_keep_their_order_and_line_feeds() -> None:
    texts = Texts()
    texts.add("caption", "one\ntwo", (1.0, 2.0))
    texts.add("summary", "three")
    assert texts.passages == (
        Passage(kind="caption", text="one\ntwo", span=Span(start=1.0, end=2.0)),
        Passage(kind="summary", text="three"),
    )
    assert texts.corrections == ()


def test_what_no_file_can_hold_is_replaced_and_counted() -> None:
    texts = Texts()
    for text in ("a\tb", "a\x00b", "a\ud800b", "a\u0085b"):
        texts.add("caption", text)
    assert {passage.text for passage in texts.passages} == {"a b"}
    assert texts.corrections == ("4 of the texts: control characters replaced",)


def test_an_empty_text_is_left_out_and_counted() -> None:
    texts = Texts()
    texts.add("caption", " \t ")
    texts.add("caption", "")
    assert texts.passages == ()
    assert "2 of the texts: empty, left out" in texts.corrections


def test_repeats_stay_unless_they_are_asked_to_go() -> None:
    for once, count, told in ((False, 2, ()), (True, 1, ("1 of the texts: repeats of another, left out",))):
        texts = Texts(once=once)
        texts.add("caption", "a")
        texts.add("caption", "a")
        assert (len(texts.passages), texts.corrections) == (count, told)


def test_one_time_that_many_texts_have_is_told_once() -> None:
    texts = Texts(10.0)
    texts.add("caption", "a", (-1.0, 12.0))
    texts.add("caption", "b", (-1.0, 12.0))
    assert texts.corrections == ("a text at -1 to 12 s: cut to the video, 0 to 10 s",)


times = st.floats(-100, 100)


@given(st.floats(0.1, 50), st.lists(st.tuples(st.text(max_size=5), times, times), max_size=6))
def test_no_text_is_lost_without_a_word_and_no_time_leaves_the_video(
    duration: float, given: list[tuple[str, float, float]]
) -> None:
    texts = Texts(duration)
    for text, start, end in given:
        texts.add("caption", text, (start, end))
    if not texts.corrections:
        assert [(passage.text, passage.span) for passage in texts.passages] == [
            (text, Span(start=start, end=end)) for text, start, end in given
        ]
    for passage in texts.passages:
        passage.text.encode()
        assert passage.span is None or passage.span.end <= duration
