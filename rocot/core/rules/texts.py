"""Rules of form: what no text of a sample may hold."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from operator import eq
from unicodedata import normalize

from rocot.core.reply import clean
from rocot.core.rules.words import WIDE, holds, sentences, words
from rocot.core.story import LONGEST_READ, Story

_TAG = re.compile(
    r"</?\s*(?:think|answer|glue|description|reflection|verdict|reasoning|image|video|tool_call|tool_response)\s*/?>"
    r"|<\|[^|<>\n]{1,40}\|>|<\uff5c[^<>\n]{1,40}\uff5c>|\[/?INST\]|<</?SYS>>"
    r"|</?(?:s|bos|eos|pad|unk|img|start_of_turn|end_of_turn|im_start|im_end|image_soft_token)>"
    r"|```",
    re.IGNORECASE,
)


_MARKS = ("<", "[", "&", "```", "\uff1c", "\ufe64")
"""Every tag holds one of these, however it is spelt."""
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text: a reader sees other words than a trainer."""


def tag_in_text(story: Story) -> str | None:
    """No text holds the tags of a reply, of a chat template or of a block of code.

    A student's parser would take them for its own. Nor spelt so that they become tags on the way: `&lt;think&gt;`, or
    in full-width letters.
    """
    if story.in_full and not holds(story.once, _MARKS):
        return None
    for place, text in story.distinct:
        found = _TAG.search(text) if holds(text, _MARKS) else None
        if found is None and ("&" in text or "\uff1c" in text or "\ufe64" in text):
            found = _TAG.search(normalize("NFKC", unescape(text)))
        if found:
            return f"{place}: {found[0]}"
    return None


def control_characters(story: Story) -> str | None:
    """No text holds control characters but tab and newline, lone surrogates, or what turns the direction of text."""
    if story.in_full and story.once.isascii() and story.once.replace("\n", "").isprintable():
        return None
    for place, text in story.distinct:
        if not (text.isascii() and text.isprintable()) and (clean(text) != text or _TURNING.search(text)):
            return place
    return None


def too_short(story: Story) -> str | None:
    """A reasoning or a critique has the recipe's least number of words."""
    for place, text in story.told:
        if text.count(" ") < 2 * story.limits.least_words and (count := _count(text)) < story.limits.least_words:
            return f"{place}: {count} words, {story.limits.least_words} at least"
    return None


def too_long(story: Story) -> str | None:
    """No text has more words than the recipe allows."""
    if story.in_full and len(story.once) <= story.limits.most_words:
        return None
    for place, text in story.distinct:
        if len(text) > story.limits.most_words and (count := _count(text)) > story.limits.most_words:
            return f"{place}: {count} words, {story.limits.most_words} at most"
    return None


def _count(text: str) -> int:
    return len(words(WIDE.sub(" ", text))) + len(WIDE.findall(text))


_ENGLISH_TEXT = """
    the a an and or of to in on at is are was were be it its they he she his her this that these with by from as no
    not so then after before while into there which but for who one two
"""
_ENGLISH = frozenset(_ENGLISH_TEXT.split())
_FOREIGN_TEXT = """
    und der das den dem des ein eine einen einem einer ist nicht mit auf sich von zu wird sind im nach zwei auch
    aber zum zur dass sie es er bei durch keine les une est dans sur avec qui pas ils elle il et le la un du aux ce
    cette deux que puis par el los las una con por para del se hay esta está en dos como su sus al lo gli che di
    sono della nel non uno os uma não em de het een niet zijn wordt naar
"""
_FOREIGN = frozenset(_FOREIGN_TEXT.split())
_FEW = 6
"""Words (or letters, of another script) that a language can be told from."""


def other_language(story: Story) -> str | None:
    """The texts are in the recipe's language: in Latin letters, and not in the little words of another language."""
    plain = story.once.isascii() and _FOREIGN.isdisjoint(story.vocabulary)
    if plain or story.limits.language == "any":
        return None
    for place, text in (*story.told, ("observations", " ".join(_observed(story)))):
        if text.isascii() and _FOREIGN.isdisjoint(story.vocabulary):
            continue
        letters = [letter for letter in text[:LONGEST_READ] if letter > "\u024f" and letter.isalpha()]
        if len(letters) >= _FEW and len(letters) > 0.3 * sum(map(str.isalpha, text[:LONGEST_READ])):
            return f"{place}: {len(letters)} letters of another script"
        said = words(text[:LONGEST_READ])
        foreign, english = sum(word in _FOREIGN for word in said), sum(word in _ENGLISH for word in said)
        if len(said) >= _FEW and foreign >= max(2, 0.12 * len(said)) and foreign > 2 * english:
            return f"{place}: {text[:60]!r}"
    return None


def _observed(story: Story) -> list[str]:
    return [text for place, text in story.texts if place.endswith("evidence") or place == "check"]


_LONGEST_LOOP = 40
"""Words of a phrase that a stuck teacher says over and over."""


def repetition_loop(story: Story) -> str | None:
    """No phrase follows itself more than three times, no word more than five, no sentence comes five times."""
    for place, text in story.distinct:
        if len(text) > 20 and (phrase := _loop(text[:LONGEST_READ])) is not None:
            return f"{place}: {phrase[:80]!r} over and over"
    return None


def _threes(said: list[str]) -> Iterator[tuple[str, str, str]]:
    return zip(said, said[1:], said[2:], strict=False)


def _loop(text: str) -> str | None:
    said = text.lower().split()
    if len(said) < 6 or len(said) - len({*said}) < 4:  # a run of three words that comes thrice repeats four at least
        return None
    if len(said) - len({*_threes(said)}) < 4 or (most := max(Counter(_threes(said)).values())) < 3:  # two less of them
        return None
    # What comes four times in a row has three words that come four times, but where it has two.
    for period in range(1, min(_LONGEST_LOOP, len(said) // 4) + 1) if most > 3 else (2,):
        enough = 5 if period == 1 else 3 * period
        again = bytes(map(eq, said[period:], said))  # 1 where a word is that of a period before
        start = again.find(b"\1" * enough)
        if start >= 0:
            return " ".join(said[start + enough : start + enough + period])
    often = Counter(part for part in sentences(text.lower()) if part.count(" ") >= 3)
    phrase, count = max(often.items(), key=lambda pair: pair[1], default=("", 0))
    return phrase if count > 4 else None
