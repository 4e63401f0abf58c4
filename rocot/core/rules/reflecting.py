"""Rules of what a reflection has to do with the answer that it reflects on."""

import re
from collections.abc import Iterable

from rocot.core.answer import Answer
from rocot.core.rules.words import STEM, WIDE, alike, holds, spaced, spaced_label, words
from rocot.core.story import LONGEST_READ, Story

_ATTRIBUTED = re.compile(
    r"\b(?:(?:first|initial|previous|earlier|original|my|the) (?:answer|reasoning|response|analysis|conclusion)"
    r"(?:['\u2019]s \w+)?|I|you) (?:had )?(?:\w+ly |first |earlier )?(?:said|says|claimed|claims|stated|states|"
    r"asserted|asserts|reported|reports|called|calls|labell?ed|labels|named|names|put|puts|placed|places|chose|gave|gives|cited|cites|"
    r"mentioned|mentions|described|describes|concluded|concludes)\b(?P<what>.*)",
    re.IGNORECASE | re.DOTALL,
)
_GIVEN = re.compile(
    r"\b(?:first|initial|previous|earlier|original) (?:answer|label|conclusion|verdict|classification|response)"
    r" (?:was|is) (?:wrongly |incorrectly )?[ '\"\u201c*]*(?P<what>[^.,;:!?\n]{2,60})",
    re.IGNORECASE,
)
_ENDED = re.compile(r"$|[^\w\s-]|\s+(?:when|while|which|although|though|but|and|because|since|at|from)\b")
"""What may follow a label that is meant as one: `was Abuse`, and not `was normal at that`."""
_SPEAKING = frozenset(["answer", "reasoning", "response", "analysis", "conclusion", "i", "you"])
_TELLERS_TEXT = """
    said says claimed claims stated states asserted asserts reported reports called calls labelled labeled labels named
    names put puts placed places chose gave gives cited cites mentioned mentions described describes concluded concludes
"""
_TELLERS = frozenset(_TELLERS_TEXT.split())
"""Every match of `_ATTRIBUTED` has a word of both sets, among those in ASCII, every one of `_GIVEN` one of the next."""
_FORMER = frozenset(["first", "initial", "previous", "earlier", "original"])
_SPEAKERS = ("answer", "reasoning", "response", "analysis", "conclusion", "i ", "you ")
_DENIED = re.compile(
    r"\b(?:not|no|nothing|never|without|should|instead|rather|when|where|while|whereas|but|although|though|yet)\b|n't\b|[,:\u2014]"
)
MOST_CHECKS = 200
"""Of a reflection, that are looked at: many times what a teacher writes."""
LEAST_COPIED = 40
"""Characters of a critique: some seven words may come twice by chance."""
_SUPPOSED = re.compile(
    r"\b(?:could|may|might|perhaps|possib\w+|rival|alternativ\w*|or|if|whether|than|like|another|nor|neither|rule[sd]?)\b",
    re.IGNORECASE,
)
"""A claim with one of these weighs a label, and says of nobody that he gave it."""
_QUOTED = re.compile(r"[\"\u201c]([^\"\u201c\u201d\n]{8,300})[\"\u201d]")


def phantom_error(story: Story) -> str | None:
    """What the reflection says that the first answer said, it did say: its label, its times, its words in quotes."""
    claimed = _claimed(story)
    said = [found["what"] for text in claimed if _may_attribute(text) for part in story.sentences(text)
            if _may_attribute(part) and (found := _ATTRIBUTED.search(part)) is not None
            ] if _may_hold(story, _SPEAKING, _TELLERS) else []  # fmt: skip
    for what in said[:MOST_CHECKS]:
        clause = _DENIED.split(what, maxsplit=1)[0]
        if (fault := _label_not_said(story, what) or _time_not_said(story, clause)) is not None:
            return fault
    if (fault := _label_not_given(story)) is not None:
        return fault
    for check in story.reflection.checks[:MOST_CHECKS]:
        fault = _time_not_said(story, check.claim) or (None if check.holds else _label_not_said(story, check.claim))
        if fault is not None:
            return fault
    return _quote_not_said(story, claimed)


def _may_attribute(said: str) -> bool:
    """Whether a text holds a word that every match of `_ATTRIBUTED` has, among those in ASCII."""
    return not said.isascii() or holds(said.lower(), _SPEAKERS)


def _may_hold(story: Story, *sets: frozenset[str]) -> bool:
    """Whether the texts have a word of each set, or could: beyond ASCII letters match that are spelt otherwise."""
    return not story.once.isascii() or not any(map(story.vocabulary.isdisjoint, sets))


def _label_not_given(story: Story) -> str | None:
    """A label that the first answer is said to have been, and is not."""
    for text in _claimed(story) if _may_hold(story, _FORMER) else ():
        for found in _GIVEN.finditer(text) if " was " in text or " is " in text else ():
            given = found["what"].casefold().replace("_", " ")
            for label in story.classes:
                spelt = label.casefold().replace("_", " ")
                if given.startswith(spelt) and _ENDED.match(given, len(spelt)) is not None:
                    fault = _label_not_said(story, label)
                    if fault is not None:
                        return fault
    return None


def _label_not_said(story: Story, claim: str) -> str | None:
    """A label that a claim ascribes to the first answer, which has another and does not speak of this one."""
    told = spaced(claim)
    labels = [(label, spelt) for label in story.classes if (spelt := spaced_label(label)) in told]
    if not labels or _SUPPOSED.search(claim[:LONGEST_READ]) is not None:
        return None
    clause = _DENIED.split(claim, maxsplit=1)[0]
    spoken = spaced(clause[:LONGEST_READ])
    for label, spelt in labels:
        if label == story.initial.label or spelt not in spoken or not re.search(rf"\b{re.escape(spelt)}\b", spoken):
            continue
        own = f"{_initial_text(story.initial)} {story.initial.label}".lower().replace("_", " ")
        if spelt not in own and not {word[:STEM] for word in words(spelt)} <= {word[:STEM] for word in words(own)}:
            return f"{clause.strip()[:80]!r}: the first answer says {story.initial.label}"
    return None


def _time_not_said(story: Story, clause: str) -> str | None:
    cited = story.citations(clause)
    own = story.first_times if cited else []
    for time in cited:
        slack = story.interval + time.slack
        if own and not any(start - slack <= time.start <= end + slack for start, end in own):
            return f"{clause.strip()[:80]!r}: the first answer names no such time"
    return None


def _quote_not_said(story: Story, claimed: Iterable[str]) -> str | None:
    """A quote of four words or more whose words the first answer does not have, all but a half."""
    own: set[str] | None = None
    for text in claimed:
        for quote in _QUOTED.findall(text) if '"' in text or "\u201c" in text else ():
            own = own or {word[:STEM] for word in words(_initial_text(story.initial))}
            stems = {word[:STEM] for word in words(quote)}
            if len(words(quote)) >= 4 and len(stems & own) < len(stems) / 2:
                return f"{quote[:80]!r} is quoted, and the first answer does not say it"
    return None


def rubber_stamp(story: Story) -> str | None:
    """A reflection names something of the answer it reflects on: a time, the label, a word that tells.

    Of a first answer that finds nothing there is little to name: what the revised answer finds will do.
    """
    if _copied(story.reflection.critique, story.initial.reasoning):
        return "repeats the first reasoning word for word"
    told = " ".join(_reflected(story))
    if not told.isascii() and WIDE.search(told) is not None:
        return None
    if story.reflection.verdict == "keep" and (fault := _of_another(story)) is not None:
        return fault
    if _names(story, told, story.initial, initial=True):
        return None
    changed = story.reflection.verdict == "revise" and not story.initial.spans
    if changed and _names(story, told, story.revised, initial=False):
        return None
    return "names no time, no label and no word of the first answer"


def _copied(critique: str, reasoning: str) -> bool:
    """Whether a critique is nothing but a stretch of the reasoning that it is about."""
    return len(critique) >= LEAST_COPIED and " ".join(critique.split()) in " ".join(reasoning.split())


def _names(story: Story, told: str, answer: Answer, *, initial: bool) -> bool:
    if not answer.normal and spaced_label(answer.label) in spaced(told):
        return True
    own = story.first_times if initial else _revised_times(story)
    if any(_meets(pair, own, story.interval) for pair in story.reflected_times):
        return True
    chosen = answer.label if story.task == "qa" else ""
    return alike(told, f"{_initial_text(answer)} {chosen}")


def _of_another(story: Story) -> str | None:
    """Why a reflection that keeps an answer must have been written on another one.

    What a normal answer passed over may lie anywhere; what an abnormal one says does not.
    """
    own, told = story.first_times, story.reflected_times
    if story.initial.spans and told and not any(_meets(pair, own, story.interval) for pair in told):
        return "its times lie at none of those that the first answer names"
    upheld = (_label_not_said(story, check.claim) for check in story.reflection.checks[:MOST_CHECKS] if check.holds)
    return next((fault for fault in upheld if fault is not None), None)


def _meets(pair: tuple[float, float], others: list[tuple[float, float]], slack: float) -> bool:
    return any(pair[0] <= end + slack and pair[1] >= start - slack for start, end in others)


def _reflected(story: Story) -> list[str]:
    checks = story.reflection.checks[:MOST_CHECKS]
    return [story.reflection.critique[:LONGEST_READ], *(f"{check.claim} {check.finding}" for check in checks)]


def _claimed(story: Story) -> list[str]:
    checks = story.reflection.checks[:MOST_CHECKS]
    return [story.reflection.critique[:LONGEST_READ], *(check.claim[:LONGEST_READ] for check in checks)]


def _initial_text(answer: Answer) -> str:
    told = (answer.reasoning[:LONGEST_READ], answer.description or "", *(part.observation for part in answer.evidence))
    return " ".join(told)[:LONGEST_READ]


def _revised_times(story: Story) -> list[tuple[float, float]]:
    """Of the revised answer: its spans, and where none are asked for what it saw and cites."""
    if story.revised.spans is not None:
        return [(span.start, span.end) for span in story.revised.spans]
    cited = [(time.start, time.end) for place, time in story.cited if place.startswith("revised")]
    return cited + [(part.start, part.end) for part in story.revised.evidence]
