"""Rules of decency: no text identifies a person, or claims what a person is."""

import re

from rocot.core.rules.words import spaced_label
from rocot.core.story import Phrases, Story

_KIND = (
    r"(?:m[ae]n|wom[ae]n|(?:fe)?males?|persons?|people|guys?|boys?|girls?|youths?|suspects?|teen(?:ager)?s?|individuals?|"
    r"lady|ladies|gentlem[ae]n|attackers?|robbers?|offenders?|victims?|child|children|kids?)"
)
_ORIGIN = (
    r"(?:black|white|brown|(?:south |east )?asian|(?:north |west )?african(?:[ -]american)?|arab(?:ic)?|latin[oax]|"
    r"hispanic|caucasian|indian|pakistani|chinese|japanese|korean|mexican|russian|turkish|middle[ -]eastern|european|"
    r"muslim|jewish|hindu|(?:dark|light|fair|brown)[ -]skinned|foreign[ -]looking|immigrant|romani)"
)
_CLAIMED = re.compile(
    rf"\b{_ORIGIN}(?:[ -]looking)? (?:young |old |older |elderly |adult |middle-aged |teenage )?{_KIND}\b"
    r"(?![-'\u2019]| (?:carrier|mover|vehicle|car|van|door|object|shape|silhouette|outline|seats?|safety|stroller|"
    r"bike|bicycle|helmet|jacket|shirt|mannequins?|statues?|dolls?))"
    r"|\b(?:african|asian|arab|european|indian|latin\w*|hispanic|middle[ -]eastern|chinese|turkish|caucasian) "
    r"(?:descent|origin|ethnicity|appearance|heritage|background)\b"
    r"|\bethnic(?:ity|ally)\b|\b(?:dark|light|fair|brown)[ -]skinned\b|\bcaucasians?\b"
    r"|\bafrican[ -]american\b|\bhispanics?\b"
    r"|\b(?:his|her|their) (?:skin colou?r|religion|nationality|race (?:is|was|seems|appears|or|and))\b"
    r"|\b(?:thugs?|scum|savages|gyps(?:y|ies))\b",
    re.IGNORECASE,
)
_NAME = r"[A-Z][a-z]+(?: [A-Z][a-z]+)?"
_PLACE = (
    r"(?:[Ss]treet|[Rr]oad|[Aa]venue|[Ll]ane|[Dd]rive|[Ss]quare|[Pp]lace|[Bb]oulevard|[Ww]ay|[Bb]ridge|[Pp]ark|[Ss]chool|"
    r"[Ss]tation|[Hh]ospital|[Cc]linic|[Pp]harmacy|[Ss]urgery|[Pp]ractice|[Bb]akery|[Cc]af[e\u00e9]|[Ss]hop|[Ss]tore)"
)
"""What may be called by a person's name, and is none."""
_NAMED = re.compile(
    rf"\b(?:Officer|Sergeant|Detective|Inspector) (?!(?:[A-Z][a-z]+ ){{1,2}}{_PLACE}\b)[A-Z][a-z]+ [A-Z][a-z]+\b"
    rf"|\b(?:Mr|Mrs|Ms|Miss|Dr)\.? (?!(?:[A-Z][a-z]+ ){{1,2}}{_PLACE}\b){_NAME}\b|\bnamed {_NAME}\b"
    r"|\b(?:identified|recogni[sz]ed|known) as [A-Z][a-z]+ [A-Z][a-z]+\b"
    rf"|\b{_KIND},? (?:is |was |who is )?(?:called|known as|identified as|recogni[sz]ed as) {_NAME}\b"
    r"|\b(?:his|her|their|whose) (?:sur|first |last )?name is [A-Z]"
    r"|\b[Ii] (?:can )?recogni[sz]e (?:him|her|them|"
    r"the face|the m[ae]n|the wom[ae]n|this (?:man|woman|person)|(?:his|her|their) face)\b"
    r"|\b(?:face|facial features) (?:match|matches|belongs? to|is that of|is known)\b|\bfacial recognition\b"
    r"|\b(?:looks like|resembles) (?:the )?(?:actor|actress|president|singer|celebrity|politician|footballer)\b"
    r"|\b(?:[Ll]icen[cs]e|[Nn]umber|[Rr]egistration) plate (?:reads?|is|number|says|shows|of) ['\"]?"
    r"(?=[A-Z0-9 -]*\d)[A-Z0-9]"
    r"|\b(?:[Ll]icen[cs]e |[Nn]umber |[Rr]egistration )?plate (?:number (?:is|reads) )?['\"]?"
    r"(?=[A-Z0-9 -]{4,}\b)(?=[0-9 -]*[A-Z])(?=[A-Z -]*\d)[A-Z0-9]"
    r"|\bname ?(?:tag|badge|plate) (?:says|reads|shows) ['\"]?[A-Z]"
)

_FULL_NAME = re.compile(r"[A-Z](?<!\w[A-Z])[a-z]+ [A-Z][a-z]+\b")
"""With a set of letters at its head, which is looked for five times as fast as a boundary of words."""
_FULL_SHAPE = re.compile(b"Aa+ Aa")
"""Of the texts that have one, see `Story.shape`."""
_INTRODUCED = re.compile(rf"\b(?:{_KIND}(?:,| is| was|, probably|, likely)?|the (?:actor|actress|politician|singer)) $")
_HEADS_TEXT = """
    black white brown arab arabic latino latina latinx latin hispanic hispanics caucasian caucasians indian pakistani
    chinese japanese korean mexican russian turkish european muslim jewish hindu foreign immigrant romani ethnicity
    ethnically thug thugs scum savages gypsy gypsies
"""
_CLAIMS = Phrases(
    _CLAIMED,
    keys=frozenset({"asian", "african", "eastern", "skinned", "skin", "race", "religion", "nationality"}),
    heads=frozenset(_HEADS_TEXT.split()),
    stems=frozenset({"latin"}),
)
_NAMING_TEXT = """
    mr mrs ms miss dr named identified recognised recognized recognise recognize known called name surname face
    facial looks resembles plate tag badge nametag nameplate officer sergeant detective inspector
"""
_NAMING = frozenset(_NAMING_TEXT.split())


def identifying_text(story: Story) -> str | None:
    """No text names a person, claims to know a face, reads a number plate, or claims an origin or a faith."""
    told = story.find(_CLAIMS)
    if told is not None:
        return told
    for found in _FULL_NAME.finditer(story.whole) if _FULL_SHAPE.search(story.shape) is not None else ():
        if found[0].lower() in {spaced_label(label) for label in story.classes}:
            continue
        if _INTRODUCED.search(story.whole[max(0, found.start() - 40) : found.start()]) is not None:
            return f"{found[0]!r}"
    if _NAMING.isdisjoint(story.vocabulary):
        return None
    for place, text in story.distinct:
        for found in _NAMED.finditer(text):
            if found[0].rsplit(" ", 1)[-1] not in {part for label in story.classes for part in label.split()}:
                return f"{place}: {found[0]!r}"
    return None
