"""Texts of others in a page of Markdown: read by a parser of GitHub's kind, they are text and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rocot.release.markdown import Ready, code, escaped, fenced, linked, plain, template

READER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
PIECES = [
    "`",
    "``",
    "**",
    "_",
    "[x](https://evil.example)",
    "<b>",
    "</td>",
    "|",
    "\\",
    "&lt;",
    "$$",
    "#",
    "!",
    "~~",
    "a b",
    "\n---\n",
    "\n# x\n",
    "\u202e",
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=8).map("".join)


def inline(text: str) -> list[Token]:
    """The tokens of one paragraph."""
    tokens = READER.parse(f"before {text} after")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


@given(HOSTILE)
def test_an_escaped_text_is_read_as_it_was(text: str) -> None:
    tokens = inline(escaped(text))
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == " ".join(
        f"before {plain(text)} after".split(" ")
    ) or not plain(text)


@given(HOSTILE)
def test_a_cell_stays_a_cell(text: str) -> None:
    for made in (escaped(text), code(text)):
        tokens = READER.parse(f"| a | b |\n|---|---|\n| {made} | end |\n")
        assert [token.type for token in tokens].count("td_open") == 2
        assert tokens[-1].type == "table_close"


@given(HOSTILE)
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    tokens = READER.parse(f"{fenced(text, 'bibtex')}\n\nafter\n")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://a.example/) <b>", "//a.example", "", "https://a b"]
)
def test_only_plain_addresses_become_links(address: str) -> None:
    assert linked("x", address) == "x"
    assert linked("x", "https://a.example/b") == "[x](https://a.example/b)"


@pytest.mark.parametrize(
    "text", ["https://evil.example", "www.evil.example", "mailto:a@evil.example", "a@evil.example"]
)
def test_nothing_is_left_to_link_by_itself(text: str) -> None:
    assert text not in escaped(text)


def test_a_template_escapes_what_is_not_ready() -> None:
    made = template("card.md").environment.from_string("{{ a }} {{ b }}")
    assert made.render(a="*x*", b=Ready("*x*")) == r"\*x\* *x*"
