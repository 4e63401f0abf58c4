"""Rules of what an answer concludes, and of how the revised answer follows from the reflection."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import digits

from rocot.core.answer import Answer
from rocot.core.cited import citations
from rocot.core.rules.words import holds, spaced
from rocot.core.story import LONGEST_READ, SLACK, Story
from rocot.core.task import letter, letters
from rocot.core.truth import NORMAL, UNCLEAR


def unknown_label(story: Story) -> str | None:
    """A label is one of the clip's classes, of a question one of its options, or leaves it open."""
    known = {*story.classes, UNCLEAR} if story.task == "qa" else {*story.classes, NORMAL, UNCLEAR}
    for name, answer in story.answers:
        if answer.label not in known:
            return f"{name} label {answer.label[:60]!r} is none of {', '.join(story.classes)}"
    return None


def label_contradicts_spans(story: Story) -> str | None:
    """A normal answer has no span, nor has one that leaves it open; an abnormal one has at least one."""
    for name, answer in story.answers:
        if answer.spans is not None and (answer.normal or answer.abstained) == bool(answer.spans):
            return f"{name} answer says {answer.label} with {len(answer.spans)} spans"
    return None


def silent_change(story: Story) -> str | None:
    """A reflection that says keep leaves the answer as it was."""
    if story.reflection.verdict == "keep" and not story.initial.same_as(story.revised):
        return "the reflection says keep, the revised answer differs"
    return None


def no_op(story: Story) -> str | None:
    """A reflection that says revise leads to another answer: another conclusion, or other things said to happen."""
    told = story.initial.description == story.revised.description
    if story.reflection.verdict == "revise" and told and _all_but_same(story.initial, story.revised):
        return "the reflection says revise, the answer is as before"
    return None


def _all_but_same(first: Answer, last: Answer) -> bool:
    """Whether two answers conclude the same, times that differ by a rounding taken for one."""
    if first.label != last.label or first.spans is None or last.spans is None:
        return first.same_as(last)
    return len(first.spans) == len(last.spans) and all(
        abs(one.start - other.start) < SLACK and abs(one.end - other.end) < SLACK
        for one, other in zip(first.spans, last.spans, strict=True)
    )


_CALM = re.compile(
    r"\b(?:there (?:is|are|was|were) (?:clearly )?no (?:signs? of (?:an |any )?)?(?:anomal|abnormal)\w*"
    r"|no anomal(?:y|ies|ous \w+) (?:is|are|was|were|can be|occurs?|appears?|happens?|takes? place)"
    r"|(?:contains?|shows?) no (?:anomal|abnormal)\w*"
    r"|(?:clip|video|footage|everything) (?:is|appears|looks|seems|remains|stays)(?: to be)?"
    r"(?: entirely| completely| perfectly| quite| all| simply)? normal"
    r"|(?:clip|video|footage) (?:shows|contains|depicts) (?:only |just |nothing but )?"
    r"(?:normal|ordinary|routine) (?:activity|activities|behaviou?r|traffic|scenes?|life)"
    r"|nothing (?:abnormal|anomalous|unusual|out of the ordinary) (?:happens|occurs|is|takes place|can be seen)"
    r"|(?:so|therefore|hence|thus),? (?:it|this|the (?:clip|video|footage|scene)) is normal)\b",
    re.IGNORECASE,
)
"""Says of the whole clip that it is normal."""
_ALARM = re.compile(
    r"\b(?:(?:this|it|that|the (?:clip|video|footage|scene|event)) (?:clearly |plainly |definitely |therefore )?"
    r"(?:is|shows|contains|depicts) (?:clearly |definitely )?an? (?:clear |obvious |serious )?(?:anomal\w+|abnormal\w*)"
    r"|(?:clip|video|footage) is (?:clearly |plainly |therefore )?(?:abnormal|anomalous)"
    r"|the anomal\w+ (?:starts|begins|occurs|lasts|spans|runs|happens|takes place|is (?:visible|seen|clear)))\b",
    re.IGNORECASE,
)
"""Says of the clip that it is not."""
_GUARDED = re.compile(
    r"\b(?:before|after|until|till|outside|elsewhere|rest|first|initial\w*|earlier|previous\w*|otherwise|apart|except|"
    r"besides|but|however|although|though|while|if|unless|would|could|might|may|must|not|cannot|hardly|later|then|start|"
    r"beginning|remaining|other|opposite|adjacent|oncoming|neighbou?ring|next|"
    r"most|claim\w*|said|instead|rather|than|nor|never|neither|without|whether|again|so far|"
    r"up to|point|moment|background|foreground|on the (?:left|right)|glance|yet|"
    r"(?:possible|alternative|tentative|candidate|apparent|rival) (?:labels?|class\w*|category|conclusion))"
    r"\b|n't\b|\?",
    re.IGNORECASE,
)
"""A sentence with one of these may speak of a part, of another answer, of what was ruled out: no conclusion."""

_TELLING = ("normal", "anomal", "unusual", "out of the ordinary", "ordinary ", "routine ")
"""What a reasoning must hold for one of these to be there."""


_SAYING = (
    *("label", "class", "category", "verdict", "conclusion", "answer", "mark"),
    *("this is ", "it is ", "hence", "therefore", "thus"),
)
"""What a sentence of ASCII must hold to say of a label that it is the clip's: see `_naming`."""


def label_contradicts_reasoning(story: Story) -> str | None:
    """No reasoning concludes, of the whole clip and without reserve, another label than its answer has."""
    if story.task == "qa":
        return _letter_contradicts_reasoning(story)
    twice = story.initial.label == story.revised.label and story.initial.reasoning == story.revised.reasoning
    for name, answer in story.answers[:1] if twice else story.answers:
        others = _others(story.classes, answer.label)
        reasoning = answer.reasoning[:LONGEST_READ]
        lowered = spaced(reasoning)
        if not holds(lowered, _TELLING) and not holds(lowered, others.spelt):
            continue
        other = _ALARM if answer.normal else _CALM
        for said in story.sentences(reasoning):
            spelt = spaced(said) if said.isascii() else None
            named_here = spelt is None or (holds(spelt, others.spelt) and holds(spelt, _SAYING))
            found = others.naming.search(said) if named_here else None
            if found is None and (spelt is None or holds(spelt, _TELLING)):
                numbered = _DIGIT.search(said) if said.isascii() else any(map(str.isdigit, said))
                found = None if numbered else other.search(said)
            if found is not None and not _GUARDED.search(said):
                return f"{name} reasoning: {found[0]!r}, label {answer.label}"
    return None


_LETTER = re.compile(
    r"\b(?i:(?:the |my )?(?:(?:correct|right|best|final) )?(?:answer|choice|option)(?: is|:| =)"
    r"|(?:I|we) (?:choose|pick|select|go with)|(?:hence|therefore|thus)(?P<drawn>),?)"
    r"[ *]*(?i:(?:option|choice|answer) )?[*'\"(]*(?P<letter>[A-Z])\b(?!['\u2019]| [a-z]|[*'\")]*[,/] ?[*'\"(]*[A-Z]\b)"
    r"(?(drawn)(?![*'\")]+ [a-z]))",
)
"""Says in so many words which option is chosen."""
_LETTER_RIGHT = re.compile(
    r"(?<![\w'\u2019-])(?<!\bor )(?<!\band )(?<!erson )(?<!amera )[*'\"(]*(?P<letter>[A-Z])[*'\")]* is "
    r"(?:clearly |therefore |thus )?(?:the )?(?:correct|right|best)(?: (?:answer|option|choice|one))?"
    r"(?=[*\"')]*(?:[.,;!]|$)| (?:as|because|since)\b)"
)
"""The same, the letter first: `Thus C is correct.`"""


def _letter_contradicts_reasoning(story: Story) -> str | None:
    """The same of a question: the letter that a reasoning concludes with is that of its answer."""
    known = letters(story.classes)
    for name, answer in story.answers:
        own = letter(story.classes.index(answer.label)) if answer.label in story.classes else UNCLEAR
        for said in story.sentences(answer.reasoning):
            found = _LETTER.search(said) or (_LETTER_RIGHT.search(said) if " is " in said else None)
            if found is not None and found["letter"] in known and found["letter"] != own and not _GUARDED.search(said):
                return f"{name} reasoning: {found[0]!r}, the answer is {own}"
    return None


@dataclass(frozen=True)
class _Others:
    """The labels that an answer has not."""

    spelt: tuple[str, ...]
    naming: re.Pattern[str]
    """Says in so many words that the label is one of these."""


@lru_cache(maxsize=10_000)
def _others(classes: tuple[str, ...], own: str) -> _Others:
    labels = tuple(label for label in (*classes, NORMAL) if label != own)
    return _Others(tuple(map(spaced, labels)), _naming(labels))


def _naming(labels: tuple[str, ...]) -> re.Pattern[str]:
    spelt = "|".join(
        re.escape(label).replace("_", "[ _]") for label in sorted({*labels}, key=lambda label: (-len(label), label))
    )
    return re.compile(
        r"\b(?:(?:the |my )?(?:label|class|classification|category|verdict|conclusion|answer)(?: is|:| =)"
        r"|(?:classif\w+|label+ed|label|marked?) (?:it|this|the (?:clip|video|footage|scene)|is)?(?: clearly)? ?as"
        r"|(?:this|it) is (?:clearly |plainly |therefore )?(?:an? )?(?:clear |plain |obvious )?(?:case of )?"
        r"|(?:hence|therefore|thus),? )"
        rf"[ '\"*]*(?:{spelt})(?![\w-]| [a-z])",
        re.IGNORECASE,
    )


_DIGIT = re.compile(r"\d")
_SUBJECT = re.compile(r"\b(?:anomal\w*|incident|span|spans|event)\b", re.IGNORECASE)

_SUBJECTS = ("anomal", "incident", "span", "event")
"""What a sentence of ASCII must hold for that."""


def times_contradict_spans(story: Story) -> str | None:
    """What an answer sees and cites lies, some of it, near a span of it; and so does what it says the anomaly takes."""
    for name, answer in story.answers:
        if not answer.spans:
            continue
        there = f"{name} reasoning"
        named = [(part.start, part.end) for part in answer.evidence]
        named += [(time.start, time.end) for place, time in story.cited if place == there]
        far = _apart(named, answer, story.interval)
        if not far:
            continue
        certain = len(named) > 1 or any(end > start for start, end in named)
        if certain and len(far) == len(named):
            return f"{name} answer: times lie at {_listed(named)}, spans at {_listed(_pairs(answer))}"
        for pair in _concluded(story, answer):
            return f"{name} reasoning: {_listed([pair])}, spans at {_listed(_pairs(answer))}"
    return None


def _concluded(story: Story, answer: Answer) -> Iterator[tuple[float, float]]:
    """Stretches that the reasoning says the anomaly takes, and that no span is near."""
    for said in story.sentences(answer.reasoning):
        lowered = said.lower()
        if not holds(lowered, digits) and (said.isascii() or _DIGIT.search(said) is None):
            continue
        subject = (holds(lowered, _SUBJECTS) or not said.isascii()) and _SUBJECT.search(said) is not None
        if not subject and answer.label[:5].lower() not in lowered:
            continue
        stretches = [(time.start, time.end) for time in citations(said) if time.end > time.start]
        far = _apart(stretches, answer, story.interval)
        if far and not _GUARDED.search(said):
            yield from far


def _apart(pairs: list[tuple[float, float]], answer: Answer, interval: float) -> list[tuple[float, float]]:
    """The stretches that lie near no span of the answer."""
    far = pairs
    for span in answer.spans or ():
        low, high = span.start - interval, span.end + interval
        far = [(start, end) for start, end in far if end < low or start > high]
    return far


def _pairs(answer: Answer) -> list[tuple[float, float]]:
    return [(span.start, span.end) for span in answer.spans or ()]


def _listed(pairs: list[tuple[float, float]]) -> str:
    return ", ".join(f"{start:g}-{end:g}" for start, end in pairs[:4]) + " s"
