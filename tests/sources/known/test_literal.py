import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.sources.known.literal import LONGEST, headed


def test_a_dict_of_texts_lists_and_dicts_is_text_with_headings() -> None:
    text = "{'Place': 'a yard', 'Signs': ['haste', \"a man's shout\"], 'Why': {'Causes': ['rain', 'ice'], 'So': 'x'}}"
    assert headed(text) == "### Place: a yard ### Signs: haste; a man's shout ### Why: Causes: rain; ice; So: x"


@pytest.mark.parametrize(
    "text",
    [
        "a yard",
        "{}",
        "{'a': 1}",
        "{'a': ''}",
        "{'a': ['x', 2]}",
        "{1: 'a'}",
        "{'a': b'x'}",
        "{'a'}",
        "{[]: 'x'}",
        "{'a': __import__('os').getcwd()}",
        "{'a': 'unfinished",
        "{" * 1000,
        "{'a': " + "[" * 300 + "'x'" + "]" * 300 + "}",
        "{" + "-" * 50_000 + "1: 'a'}",
        "{'a': 0x" + "f" * 5000 + "}",
        "{'a': 'x\0y'}",
        "{'a': '" + "x" * LONGEST + "'}",
    ],
)
def test_whatever_else_is_left_alone(text: str) -> None:
    assert headed(text) is None


def test_a_backslash_is_no_warning() -> None:
    assert headed("{'a': 'C:\\data'}") == "### a: C:\\data"


@given(st.text(alphabet="{}[]()'\":,ab1-\\ \n", max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    headed("{" + text)


words = st.text(min_size=1, max_size=20)


@given(st.dictionaries(words, words | st.lists(words, min_size=1), min_size=1))
def test_nothing_of_a_dict_of_texts_is_lost(value: dict[str, str | list[str]]) -> None:
    made = headed(repr(value))
    assert made is not None
    for name, part in value.items():
        assert f"### {name}: {part if isinstance(part, str) else '; '.join(part)}" in made
