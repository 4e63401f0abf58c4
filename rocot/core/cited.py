"""The times that a text cites: positions in the video, told apart from durations.

A rule that rejects a sample must not misread one, so what could be either is no citation: `12.5 s` alone, `after 3 s`,
`about 3 s`, `lasts 3-5 s`. A number without a unit is no time.
"""

import re
from collections.abc import Iterable, Iterator
from string import digits
from typing import NamedTuple

from rocot.core.rules.words import holds


class Cited(NamedTuple):
    """A time, or a stretch of time, that a text points at."""

    start: float
    """Seconds of the source video."""
    end: float
    """Seconds of the source video; equal to `start` for an instant."""
    slack: float
    """Seconds that its spelling leaves open: one unit of its last digit."""
    text: str
    """As it is written."""


_NUMBER = r"\d{1,6}+(?:\.\d{1,6}+)?+"
"""Possessive: what follows it begins with no digit and no point, so that no shorter number would do."""
_UNIT = r"[ \t]?(?:s|secs?|seconds?)(?![\w'\u2019])"
_DASH = r"[ \t]?[-\u2010-\u2015~][ \t]?"
_WORD = r"[ \t](?:to|until|till|through|and|or)[ \t]"
_COMMA = r",[ \t](?:and[ \t]|or[ \t])?"
_JOIN = rf"(?:{_DASH}|{_WORD}|{_COMMA})"
_QUANTITY = re.compile(
    rf"(?<![\w.,:/$€+-])(?P<lead>(?:{_NUMBER}(?:{_UNIT})?{_JOIN}){{0,8}})(?P<last>{_NUMBER}){_UNIT}", re.IGNORECASE
)
_PIECE = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>{_UNIT})?(?P<join>{_JOIN})?", re.IGNORECASE)
_STAMP = re.compile(rf"<\s*(?P<start>{_NUMBER})\s*(?:s\s*)?(?:[-\u2010-\u2015]\s*(?P<end>{_NUMBER})\s*)?s\s*>")
_UNIT_FIRST = re.compile(
    rf"\b(?:at|from|around|between|by|until|since|before|near)[ \t]seconds?[ \t]"
    rf"(?P<start>{_NUMBER})(?:[ \t]?(?:[-\u2010-\u2015]|to|and|until)[ \t]?(?P<end>{_NUMBER}))?"
    r"(?![\w.]|[ \t]?(?:s|m|h)\b)",
    re.IGNORECASE,
)
_MARK = re.compile(rf"(?<![\w.,:/$€+-])(?P<start>{_NUMBER})-seconds? mark\b", re.IGNORECASE)
_CLOCK_TIME = r"(?:0{1,2}:)?0?\d:[0-5]\d(?:\.\d{1,3})?"
_CLOCK = re.compile(
    rf"(?<![\w.:/-])(?P<start>{_CLOCK_TIME})(?:{_DASH}|[ \t]to[ \t]|[ \t]and[ \t])?"
    rf"(?P<end>(?<=[-\u2010-\u2015~ \t]){_CLOCK_TIME})?"
    r"(?![\w:/]|\.\d|[ \t]?[ap]\.?m\b)",
    re.IGNORECASE,
)
"""mm:ss under ten minutes only: more is more likely the clock that the camera burnt into the picture."""


def _back(words: str) -> str:
    """Each of the words from its end to its start, as alternatives."""
    return "|".join(word[::-1] for word in words.split())


# What stands before a quantity is read backwards, from the quantity on: forwards, each of 36 characters is tried.
_ROUGHLY = (
    rf"(?:[ \t]?(?:{_back('about around approximately approx roughly nearly almost exactly precisely just t time the')}"
    r"|\.xorppa|[~≈=]))*"
)
_AT = re.compile(
    rf"\n?[(\[]?{_ROUGHLY}[ \t]?(?:(?:{_back('at from until till since between before near time times timestamp')}"
    rf"|{_back('timestamps t')}|(?:(?:{_back('at from of')})[ \t])?s?emarf)\b|[@=])",
    re.IGNORECASE,
)
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?;:\n][ \t]*)(?:[-*•(\[][ \t]?)?(?:around|about|by|near)[ \t]$", re.IGNORECASE)
_LINE_HEAD = re.compile(r"[ \t]*(?:[-*•][ \t]?|\d+[.)][ \t])?[(\[]?")
_LASTING_TEXT = """
    for last lasts lasted lasting take takes taking took within every than least most a an another extra only by over
    after his her their its early mid late aged about around approximately roughly nearly almost some of per duration
    gap pause delay interval
"""
_LASTING = re.compile(rf"\n?[(\[]?{_ROUGHLY}[ \t]+(?:{_back(_LASTING_TEXT)})\b", re.IGNORECASE)
_LASTS = re.compile(
    r"[ \t)\]-]*(?:late|early|later|earlier|apart|long|longer|shorter|before|after|ago|intervals|spacing|steps?|gaps?|"
    r"intervals?[ \t]between|pauses?|delay|each|per|of|in[ \t](?:length|duration|all|total)|wide|durations?|or[ \t]so|"
    r"more|less|away|into|worth|window)\b",
    re.IGNORECASE,
)
_SHOWS_CLOCK = re.compile(
    r"\b(?:clock|overlay|watch|date|time[ -]of[ -]day|shows|reads|displays)\b[^.\n]*$", re.IGNORECASE
)
_BETWEEN = re.compile(rf"\n?[ \t]+(?:{_back('between')})\b", re.IGNORECASE)
_CUES = tuple(f" {word} " for word in ["at", "from", "until", "since", "between", "before", "near"])
"""How a head most often ends that `_AT` matches: to look for these takes a tenth of the time."""
_FRAME = re.compile(r"[ \t](?:frames?|marks?)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_CLOCK_LIKE = re.compile(r":[0-5]\d")
_GOES_ON = frozenset(" \t)]-")
"""What may stand between a quantity and a word of `_LASTS`: after a unit no word goes on."""
_HEAD = 36
"""Characters before a quantity that are looked at."""
_TAIL = 24
"""Characters behind it that are looked at."""
_SLACKS = tuple(10.0**-places for places in range(7))


def citations(text: str) -> Iterator[Cited]:
    """Every time that the text points at: `<12.50s>`, `at 12.5 s`, `3.2-4.5 s`, `from 3 to 5 seconds`, `at 00:12`."""
    digit = None if text.isascii() and not holds(text, digits) else _DIGIT.search(text)
    if digit is None:
        return
    for found in _STAMP.finditer(text) if "<" in text else ():
        yield _between(found, found["start"], found["end"])
    lowered = text.lower()
    for found in _UNIT_FIRST.finditer(text) if "second" in lowered else ():
        yield _between(found, found["start"], found["end"])
    for found in _MARK.finditer(text) if "mark" in lowered else ():
        yield _between(found, found["start"], None)
    while digit is not None:  # as `_QUANTITY.finditer`, which tries every character; it can only begin at a digit
        quantity = _QUANTITY.match(text, digit.start())
        if quantity is not None:
            yield from _quantity(text, quantity)
        digit = _DIGIT.search(text, digit.end() if quantity is None else quantity.end())
    for found in _CLOCK.finditer(text) if ":" in text and _CLOCK_LIKE.search(text) is not None else ():
        head = text[max(0, found.start() - _HEAD) : found.start()]
        cued = _AT.match(head[::-1]) or _opens_line(head) or head.endswith(("(", "[", "<"))
        if (cued or found["end"]) and not _SHOWS_CLOCK.search(head):
            yield _between(found, found["start"], found["end"])


def _quantity(text: str, found: re.Match[str]) -> Iterable[Cited]:
    """One run of numbers that ends with a unit of seconds: an instant, a range, or a list of instants."""
    start, end = found.span()
    head, mark = text[max(0, start - _HEAD) : start], text[end : end + 1]
    if head[-1:] == "<" or (mark in _GOES_ON and _LASTS.match(text, end, end + _TAIL)):
        return ()  # a stamp, a duration
    opens = (mark == "," and _OPENS_SENTENCE.search(head)) or (mark == ":" and _opens_line(head))
    cued = bool(opens or head.endswith(_CUES) or _AT.match(head[::-1]))
    framed = not cued and mark in _GOES_ON and _FRAME.match(text, end, end + _TAIL) is not None
    if found["lead"] == "":
        return (_between(found, found["last"], None),) if cued or framed else ()
    return _run(found, head[::-1], cued=cued, framed=framed)


def _run(found: re.Match[str], backwards: str, *, cued: bool, framed: bool) -> Iterator[Cited]:
    """Several numbers; `framed` says that what follows calls the last one a frame's."""
    pieces = list(_PIECE.finditer(found[0]))
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        between = index == 0 and after is not None and _BETWEEN.match(backwards) is not None
        if after is not None and _is_range(piece["join"], between=between):
            if cued or (_stands_alone(piece, after) and not _LASTING.match(backwards)):
                yield from _ascending(found, piece["number"], after["number"])
            index += 2
        else:
            if cued or (after is None and framed):
                yield _between(found, piece["number"], None)
            index += 1


def _opens_line(head: str) -> bool:
    return _LINE_HEAD.fullmatch(head[head.rfind("\n") + 1 :]) is not None


def _is_range(join: str | None, *, between: bool) -> bool:
    word = (join or "").strip().lower()
    return (
        word in {"to", "until", "till", "through"}
        or (bool(word) and not word[0].isalpha() and word[0] != ",")
        or (between and word == "and")
    )


def _stands_alone(start: re.Match[str], end: re.Match[str]) -> bool:
    """Whether a range is one of positions without a word that says so: `3.2-4.5 s`, `3 s to 5 s`; not `3-5 s`."""
    return start["unit"] is not None or ("." in start["number"] and "." in end["number"])


def _ascending(found: re.Match[str], start: str, end: str) -> Iterator[Cited]:
    """A range of positions ascends; `from 5 s to 3 s` tells how long something became."""
    if _seconds(start) <= _seconds(end):
        yield _between(found, start, end)


def _between(found: re.Match[str], start: str, end: str | None) -> Cited:
    low, slack = _seconds(start), _slack(start)
    if end is None:
        return Cited(low, low, slack, found[0].strip())
    return Cited(low, _seconds(end), max(slack, _slack(end)), found[0].strip())


def _slack(spelt: str) -> float:
    return _SLACKS[len(spelt.partition(".")[2])]


def _seconds(spelt: str) -> float:
    if ":" not in spelt:
        return float(spelt)
    total = 0.0
    for part in spelt.split(":"):
        total = total * 60 + float(part)
    return total
