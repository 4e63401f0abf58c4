"""From the text of a reply to an answer or a reflection: pure, so that a better parser never pays again."""

import json
import re
from functools import cache
from typing import Literal, TypeAlias, TypeVar

from pydantic import Field, ValidationError

from rocot.core.answer import Answer, Evidence, Reflection
from rocot.core.checks import Opinion, Review
from rocot.core.rating import AXES, Rating
from rocot.core.record import Json, Record
from rocot.core.span import Span, union
from rocot.core.task import Task, letters
from rocot.core.truth import NORMAL, UNCLEAR
from rocot.errors import ReplyError

Shape: TypeAlias = Task | Literal["reflection", "opinion", "review", "rating"]
"""What a reply has to hold: an answer to the task, a reflection on one, what a check asks for, or a judge's rating."""
Dialect: TypeAlias = Literal["json", "tagged"]

LONGEST_TEXT = 4000
"""Characters. Schemas without bounds may never end under constrained decoding."""
MOST_PARTS = 16

R = TypeVar("R", bound=Record)


@cache
def schema_of(shape: Shape, classes: tuple[str, ...]) -> dict[str, Json]:
    """The JSON Schema of a reply, bounded, every key required, so that strict servers take it.

    `classes` are the words that its conclusion may be, besides `Unclear`: labels, or the letters of a question's
    options. Keys stand in the order in which they are to be written: what was seen first, what is concluded last.
    """
    seconds: Json = {"type": "number", "minimum": 0}
    text: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
    line: Json = {"type": "string", "minLength": 1, "maxLength": 400}

    def table(**columns: Json) -> Json:
        return {"type": "object", "properties": columns, "required": list(columns), "additionalProperties": False}

    def several(row: Json) -> Json:
        return {"type": "array", "items": row, "maxItems": MOST_PARTS}

    evidence = several(table(start=seconds, end=seconds, observation=line))
    one: Json = {"type": "string", "enum": [*classes, UNCLEAR]}
    spans = several(table(start=seconds, end=seconds))
    reflection = table(
        checks=several(
            table(claim=line, finding=line, start=seconds, end=seconds, holds={"type": "boolean"}),
        ),
        critique=text,
        verdict={"type": "string", "enum": ["keep", "revise"]},
    )
    verdict: Json = {"type": "string", "enum": ["real", "not real", "cannot tell"]}
    shapes: dict[Shape, Json] = {
        "grounding": table(evidence=evidence, reasoning=text, label=one, spans=spans),
        "classification": table(evidence=evidence, reasoning=text, label=one),
        "qa": table(evidence=evidence, reasoning=text, choice=one),
        "reasoning": table(evidence=evidence, description=text, reasoning=text, label=one),
        "reflection": reflection,
        "opinion": table(evidence=evidence, reasoning=text, label=one),
        "review": table(points=several(table(error=line, reason=line, verdict=verdict))),
        "rating": table(**{axis: {"type": "integer", "minimum": 0, "maximum": 10} for axis in AXES}),
    }
    chosen = shapes[shape]
    assert isinstance(chosen, dict)
    return chosen


def clean(text: str) -> str:
    """The text without what stores cannot hold: lone surrogates, and control characters but tab and newline."""
    if text.isprintable():  # holds neither; nine texts of ten, and an export cleans two hundred a row
        return text
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", whole)


def cleaned(value: Json) -> Json:
    """The value with all its texts clean: in JSON an escape may spell what no store can hold."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): cleaned(part) for name, part in value.items()}
    return tuple(cleaned(part) for part in value) if isinstance(value, list | tuple) else value


class _Classified(Record):
    evidence: tuple[Evidence, ...]
    reasoning: str
    label: str


class _Grounded(_Classified):
    spans: tuple[Span, ...]


class _Chosen(Record):
    evidence: tuple[Evidence, ...]
    reasoning: str
    choice: str


class _Told(_Classified):
    description: str = Field(min_length=1)


_FORMS: dict[Task, type[_Classified | _Chosen]] = {
    "grounding": _Grounded,
    "classification": _Classified,
    "qa": _Chosen,
    "reasoning": _Told,
}


def parse_answer(text: str, task: Task, classes: tuple[str, ...]) -> Answer:
    """An initial or revised answer from a reply in either dialect; `classes` are labels, or a question's options.

    Raises ReplyError with reason `no answer`, `tags out of order`, `bad json`, `not a number`, `bad shape`, `bad span`
    or `unknown label`.
    """
    text = clean(text)
    found = _json_in(text)
    said = _tagged_answer(text, task) if found is None else _from_json(found, _FORMS[task])
    spans = union(said.spans) if isinstance(said, _Grounded) else None
    label = option_meant(said.choice, classes) if isinstance(said, _Chosen) else label_meant(said.label, classes)
    description = said.description if isinstance(said, _Told) else None
    whole = {"evidence": said.evidence, "reasoning": said.reasoning, "description": description}
    return _checked(Answer, whole | {"label": label, "spans": spans})


def parse_reflection(text: str) -> Reflection:
    """A reflection from a reply in either dialect.

    Raises ReplyError with reason `no answer`, `tags out of order`, `bad json`, `not a number` or `bad shape`.
    """
    text = clean(text)
    found = _json_in(text)
    if found is not None:
        return _from_json(found, Reflection)
    critique, verdict = _tags(text, "reflection", "verdict")
    verdict = verdict.lower().strip(" .")
    if verdict not in ("keep", "revise"):
        raise ReplyError("bad shape", f"verdict must be keep or revise (got {verdict[:40]!r})")
    return _checked(Reflection, {"checks": (), "critique": critique, "verdict": verdict})


def parse_opinion(text: str, classes: tuple[str, ...]) -> Opinion:
    """A second opinion from a reply in either dialect.

    Raises ReplyError with reason `no answer`, `tags out of order`, `bad json`, `not a number`, `bad shape` or
    `unknown label`.
    """
    text = clean(text)
    found = _json_in(text)
    if found is None:
        think, label = _tags(text, "think", "answer")
        opinion = _checked(Opinion, {"evidence": (), "reasoning": think, "label": label})
    else:
        opinion = _from_json(found, Opinion)
    label = UNCLEAR if opinion.label is None else label_meant(opinion.label, classes)
    return opinion.model_copy(update={"label": None if label == UNCLEAR else label})


_POINT = re.compile(
    r"<error>(?P<error>[^<]*)</error>\s*<reason>(?P<reason>[^<]*)</reason>\s*<verdict>(?P<verdict>[^<]*)</verdict>"
)


def parse_review(text: str) -> Review:
    """A critic's review from a reply in either dialect.

    Raises ReplyError with reason `no answer`, `bad json`, `not a number` or `bad shape`.
    """
    text = clean(text)
    found = _json_in(text)
    if found is not None:
        return _from_json(found, Review)
    rest = _THOUGHTS.sub("", text).strip()
    points = [{name: value.strip() for name, value in point.groupdict().items()} for point in _POINT.finditer(rest)]
    said = len(re.findall("<error>", rest))
    if len(points) != said or not said:
        if rest == "<error>none</error>":
            return Review(points=())
        raise ReplyError("no answer", f"wanted <error>, <reason>, <verdict> for each error (got {len(points)}, {said})")
    return _checked(Review, {"points": [point | {"verdict": point["verdict"].lower().strip(" .")} for point in points]})


def parse_rating(text: str) -> Rating:
    """A judge's rating from a reply in either dialect; whole numbers from 0 to 10, and all five.

    Raises ReplyError with reason `no answer`, `tags out of order`, `bad json`, `not a number` or `bad shape`.
    """
    text = clean(text)
    found = _json_in(text)
    if found is not None:
        return _from_json(found, Rating)
    given = dict(zip(AXES, _tags(_THOUGHTS.sub("", text), *AXES), strict=True))
    for axis, number in given.items():
        if not re.fullmatch(r"\d{1,2}", number):
            raise ReplyError("not a number", f"{axis} must be a whole number from 0 to 10 (got {number[:40]!r})")
    return _checked(Rating, {axis: int(number) for axis, number in given.items()})


_FENCE = re.compile(
    r"^[ \t]*```[ \t]*(?:json)?[ \t]*\n(\s*\{.*?)\n?[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def _json_in(text: str) -> str | None:
    """The JSON of a reply: all of it, what follows the model's thoughts, or what the one fence holds that has any."""
    rest = _THOUGHTS.sub("", text).strip()
    if rest.startswith("{"):
        return rest
    fenced = _FENCE.findall(rest)
    return str(fenced[0]) if len(fenced) == 1 else None


def _from_json(text: str, kind: type[R]) -> R:
    try:
        # Not strict: models write line breaks and tabs into JSON strings as they are, and grammars let them.
        value = cleaned(json.loads(text, parse_constant=_no_constant, strict=False))
    except (ValueError, RecursionError) as error:
        raise ReplyError("bad json", str(error)[:200]) from error
    return _checked(kind, value)


def _no_constant(name: str) -> None:
    raise ReplyError("not a number", f"{name} stands where a number should")


def _checked(kind: type[R], value: object) -> R:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = "bad span" if where.startswith("spans") else "bad shape"
        raise ReplyError(reason, f"{where}: {first['msg']}") from error


def _tag(text: str, name: str) -> str:
    found = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    if len(found) != 1:
        raise ReplyError("no answer", f"wanted one <{name}> ... </{name}> (got {len(found)})")
    return str(found[0]).strip()


def _tags(text: str, *names: str) -> list[str]:
    """What stands between each of the tags, which must come in this order: a label before its reasons has none."""
    found = [_tag(text, name) for name in names]
    places = [text.index(f"<{name}>") for name in names]
    if places != sorted(places):
        raise ReplyError("tags out of order", f"wanted {', '.join(f'<{name}>' for name in names)}, one after the other")
    return found


def _tagged_answer(text: str, task: Task) -> _Classified | _Chosen:
    if task == "reasoning":
        think, told, label = _tags(text, "think", "description", "answer")
        return _checked(_Told, {"evidence": (), "reasoning": think, "description": told, "label": label})
    if task != "grounding":
        think, label = _tags(text, "think", "answer")
        called = "choice" if task == "qa" else "label"
        return _checked(_FORMS[task], {"evidence": (), "reasoning": think, called: label})
    think, label, glue = _tags(text, "think", "answer", "glue")
    try:
        value = json.loads(glue, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ReplyError("bad span", f"<glue> must hold [[start, end], ...] in seconds (got {glue[:60]!r})") from error
    pairs = [value] if isinstance(value, list) and value and not isinstance(value[0], list) else value
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(type(number) in (int, float) for number in pair)
        for pair in pairs
    ):
        raise ReplyError("bad span", f"<glue> must hold [[start, end], ...] in seconds (got {glue[:60]!r})")
    spans = () if pairs == [[-1, -1]] else tuple(_span(*pair) for pair in pairs)
    return _checked(_Grounded, {"evidence": (), "reasoning": think, "label": label, "spans": spans})


def _span(start: float, end: float) -> Span:
    try:
        return Span(start=start, end=end)
    except ValidationError as error:
        # As text: an integer of hundreds of digits, as loops write them, fits no float.
        raise ReplyError("bad span", f"[{str(start)[:20]}, {str(end)[:20]}] is no span in seconds") from error


def label_meant(label: str, classes: tuple[str, ...]) -> str:
    """The class that is meant: case, spaces and underscores do not matter. Raises ReplyError where none is."""
    names = (*classes, NORMAL, UNCLEAR)
    by_plain = {_plain(name): name for name in names}
    by_letters = {_joined(name): name for name in names}
    meant = by_plain.get(_plain(label)) or by_letters.get(_joined(label))  # classes may differ in a space alone
    if meant is None:
        raise ReplyError("unknown label", f"{label[:60]!r} is none of {', '.join(classes)}")
    return meant


_CHOICE = re.compile(
    r"(?:(?:option|choice|answer)\s+)?\(?([A-Za-z]|\d{2,})\)?(?:[.:)]\s*(?P<text>.*))?", re.DOTALL | re.IGNORECASE
)


def option_meant(choice: str, options: tuple[str, ...]) -> str:
    """The option that is meant: by its letter (`B`, `(b)`, `B. its text`), or by its text. Raises ReplyError."""
    by_text = {_plain(option): option for option in (*options, UNCLEAR)}
    by_letter = dict(zip(letters(options), options, strict=True))
    found = _CHOICE.fullmatch(choice.strip())
    meant = by_text.get(_plain(choice))
    if meant is None and found is not None:
        meant = by_letter.get(found[1].upper())
        own = found["text"]
        if own and meant is not None and by_text.get(_plain(own), meant) != meant:
            raise ReplyError("unknown label", f"{choice[:60]!r}: letter and text name two options")
    if meant is None:
        raise ReplyError("unknown label", f"{choice[:60]!r} is none of {', '.join(by_letter)}")
    return meant


def _joined(label: str) -> str:
    return _plain(label).replace(" ", "")


def _plain(label: str) -> str:
    return re.sub(r"[\s_]+", " ", label).strip().casefold()
