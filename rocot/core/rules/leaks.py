"""Rules against leaks: nothing in a sample comes from the answer sheet."""

import re
from itertools import pairwise

from rocot.core.story import SLACK, Phrases, Story

_CHOSEN = r"(?<!\bof the )(?<!\bamong the )(?<!\bfrom the )(?<!\bbetween the )"
"""Not what was chosen from: `of the provided labels` are the classes of the question."""
_PHRASE = re.compile(
    r"\bground[- ]?truths?\b"
    r"|\bgt (?:labels?|spans?|intervals?|answers?|annotations?)\b"
    r"|\b(?<!screen )annotators?\b|\bannotated (?:spans?|intervals?|labels?|times?|start|end|boundar\w+|class|event)\b"
    r"|\blabell?ed (?:spans?|intervals?|boundar\w+)\b"
    r"|\b(?:the|an|this|given|official|provided|dataset|reference|human|its|per) annotations?\b"
    r"(?! (?:on|in|at|overlay|burnt|text))"
    rf"|\b{_CHOSEN}(?:provided|supplied) (?:labels|answers)\b|\b{_CHOSEN}(?:labels|answers) (?:provided|supplied)\b"
    r"|\b(?:provided|supplied) (?:label|answer(?! (?:option|choice)s?\b)|spans?|intervals?|class|boundar\w+|truth)\b"
    r"|\b(?:label|answer|spans?) (?:provided|supplied)\b"
    r"|\b(?:reference|gold|golden|official|dataset)(?: |['\u2019]s )(?:labels?|answers?|spans?|"
    r"intervals?|class|boundar\w+|truth)\b"
    r"|\btrue label\b|\bcorrect (?:answer|label) (?:that )?(?:was |is |I was )?(?:provided|supplied|known|"
    r"given(?! (?:the|this|these|that|what|all)\b))\b"
    r"|\b(?:actual|true|correct|real) (?:label|answer) (?:is|was) (?:already )?(?:given|known|provided|supplied)\b"
    r"(?! (?:by|in|from|the|this|these|that|what|all)\b)"
    r"|\bucf[- ]?crime\b|\bxd[- ]?violence\b"
    r"|\bknown (?:answer|label|span)s?\b"
    r"|\b(?:label|answer|spans?) (?:(?:that )?(?:was|were|is|are) )?(?:provided|given|supplied|known) to me\b"
    r"|\b(?:label|answer|spans?) (?:that )?I was (?:given|told|shown|handed)\b"
    r"|\b(?:given|told|shown) the (?:true|correct|right|real|actual) "
    r"(?:labels?|answers?|spans?|intervals?|times?|class)\b"
    r"|\b(?:according to|(?:as )?per) the (?:given |true |native )?labels?\b(?! on)"
    r"|\b(?:answer|solution) (?:key|sheet)s?\b|\bfile ?names?\b|\b(?:video|clip)(?:['\u2019]s)? title\b"
    r"|\b(?<!overlay )(?<!overlaid )(?<!on-screen )(?<!onscreen )(?<!burnt-in )(?<!burned-in )metadata\b"
    r"|\b(?:I was|I am|I have been|we were|we are|having been) (?:told|given|informed|shown|handed) (?:that |of )?"
    r"the (?:label|answer|truth|correct|solution)"
    r"|\bas (?:labell?ed|annotated) (?:in|by)\b"
    r"|\bthe (?:dataset|truth|reference) (?:says?|states?|tells?|indicates?|marks?|confirms?|specifies|gives?)\b",
    re.IGNORECASE,
)

_KEYS_TEXT = """
    truth truths groundtruth groundtruths annotation annotations annotator annotators annotated provided supplied
    reference gold golden official dataset true correct key keys sheet sheets filename filenames file title metadata
    told given informed shown handed known gt per according labeled labelled
    actual real ucf ucfcrime xd xdviolence
"""
_LEAKS = Phrases(_PHRASE, frozenset(_KEYS_TEXT.split()))


def leak_phrase(story: Story) -> str | None:
    """No text speaks of a ground truth, an annotation, an answer key, or of what only its makers know."""
    return story.find(_LEAKS)


_EXACT = 0.006
"""Seconds: two spellings of one time with two decimals."""


def truth_boundary(story: Story) -> str | None:
    """No text hits a true boundary to the last digit where nothing that was seen could give it.

    What can be given: frames (to a decimal), the middles between two, the clip's ends, whole and half seconds. One hit
    counts where the boundary has hundredths; of one with tenths, which chance hits more often, both ends of a span.
    """
    if not story.truth.spans:
        return None
    times = {time for _, cited in story.cited for time in (cited.start, cited.end) if cited.slack <= 0.1 + _EXACT}
    for span in story.truth.spans if times else ():
        hits = [edge for edge in (span.start, span.end) if _near(edge, times, _EXACT)]
        known = _derivable(story) if hits else []
        hits = [edge for edge in hits if not _given(edge, known)]
        if len(hits) == 2 or any(abs(edge * 10 - round(edge * 10)) > 0.05 for edge in hits):
            return "cites the true " + " and ".join(f"{edge:g}" for edge in hits) + " s, which no frame shows"
    return None


def _derivable(story: Story) -> list[float]:
    seen = sorted({*story.frame_times, *story.relook_times})
    return [*seen, *((first + second) / 2 for first, second in pairwise(seen)), story.start, story.end]


def _given(edge: float, known: list[float]) -> bool:
    return abs(edge * 2 - round(edge * 2)) < _EXACT or _near(edge, known, SLACK + _EXACT)


def _near(edge: float, times: "set[float] | list[float]", slack: float) -> bool:
    return any(abs(edge - time) <= slack for time in times)


_JOINED = re.compile(b"[aA]_[aA]")
_ODD = re.compile(
    r"(?<![\w/.])(?:(?:[A-Za-z]+_[A-Za-z_]*[A-Za-z]|[A-Za-z]+[a-z][A-Z][a-z]+)(?:_?\d{2,4}(?:_x264)?)?"
    r"|[A-Z][a-z]+_?\d{3}(?:_x264)?)(?!\w)"
)
_NATIVE = frozenset({
    "roadaccident", "trafficaccident", "objectfalling", "peoplefalling", "waterincident", "caraccident", "foodsafety",
    "medicalabnormality", "naturalhazard", "facilitiesfailure", "peoplefall", "normalvideo",
})  # fmt: skip
"""How the datasets that rocot imports spell their labels, folded."""


def native_spelling(story: Story) -> str | None:
    """No text spells a label as only an annotation file does (`RoadAccidents`), where the question does not."""
    shape = story.shape
    humped = b"aA" in shape or b"a000" in shape or b"a_000" in shape
    if not humped and (b"_" not in shape or _JOINED.search(shape) is None):
        return None
    shown = {label.lower() for label in story.classes}
    odd = " ".join({part for part in story.once.split() if "_" in part or (humped and not part.islower())})
    found = {token for token in _ODD.findall(odd) if token.lower() not in shown}
    if not found:
        return None
    labels = {_folded(label) for label in (*story.classes, *(story.truth.labels or ()))} | _NATIVE
    native = sorted(token for token in found if _folded(token) in labels)
    return f"{native[0]!r}, which the question does not spell so" if native else None


def _folded(label: str) -> str:
    return re.sub(r"[\W_]|\d+(?:_x264)?$", "", re.sub(r"\d{2,4}(?:_x264)?$", "", label)).lower().removesuffix("s")
