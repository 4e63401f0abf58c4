"""Replies to the checks, read: opinions and reviews, in either dialect."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.record import Json
from rocot.core.reply import Dialect, Shape, parse_opinion, parse_review, schema_of
from rocot.core.truth import UNCLEAR
from rocot.errors import ReplyError
from rocot.teacher.scripted import reply_text
from tests.builders import CLASSES

SEEN = [{"start": 1.0, "end": 2.0, "observation": "They push."}]


def opinion(label: Json) -> str:
    return json.dumps({"evidence": SEEN, "reasoning": "They push.", "label": label})


@pytest.mark.parametrize("label", ["Unclear", "unclear", "UNCLEAR", None])
def test_an_abstention_has_no_label(label: str | None) -> None:
    assert parse_opinion(opinion(label), CLASSES).label is None


def test_a_label_is_the_class_that_is_meant() -> None:
    assert parse_opinion(opinion("fighting"), CLASSES).label == "Fighting"
    assert parse_opinion("<think>They push.</think><answer>normal</answer>", CLASSES).label == "Normal"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (opinion("Juggling"), "unknown label"),
        ("<answer>Normal</answer><think>They push.</think>", "tags out of order"),
        ("Normal, I would say.", "no answer"),
        ('{"evidence": [], "label": "Normal"}', "bad shape"),
        ('{"evidence": [', "bad json"),
    ],
)
def test_what_is_no_opinion_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason):
        parse_opinion(text, CLASSES)


POINT = "<error>late</error> <reason>They talk.</reason>\n<verdict>{}</verdict>"


def test_a_review_has_a_point_for_each_error() -> None:
    found = parse_review(f"<think>Hm.</think>{POINT.format('Real.')}\n{POINT.format('not real')}")
    assert [point.verdict for point in found.points] == ["real", "not real"]
    assert parse_review("<error>none</error>").points == ()
    assert parse_review('{"points": []}').points == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No error is named.", "no answer"),
        (f"{POINT.format('real')}<error>early</error><reason>They run.</reason>", "no answer"),
        (POINT.format("perhaps"), "bad shape"),
        ('{"points": [{"error": "late", "verdict": "real"}]}', "bad shape"),
        ('{"points": NaN}', "not a number"),
    ],
)
def test_what_is_no_review_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason):
        parse_review(text)


@given(st.text())
def test_any_text_is_a_reply_or_a_named_failure(text: str) -> None:
    for parse in (lambda: parse_opinion(text, CLASSES), lambda: parse_review(text)):
        with suppress(ReplyError):
            parse()


@pytest.mark.parametrize("dialect", ["json", "tagged"])
def test_the_scripted_teacher_answers_every_check(dialect: Dialect) -> None:
    labels, verdicts = set(), set()
    for draw in range(40):
        labels.add(parse_opinion(reply_text("opinion", dialect, CLASSES, [1.0, 2.0], draw=str(draw)), CLASSES).label)
        review = parse_review(reply_text("review", dialect, CLASSES, [], draw=str(draw)))
        verdicts |= {point.verdict for point in review.points}
    assert labels == {*CLASSES, None}
    assert verdicts == {"real", "not real", "cannot tell"}


@pytest.mark.parametrize("shape", ["opinion", "review"])
def test_a_schema_wants_every_key_and_no_other(shape: Shape) -> None:
    def objects(schema: Json) -> list[dict[str, Json]]:
        if not isinstance(schema, dict):
            return []
        own = [schema] if schema.get("type") == "object" else []
        parts = schema.get("properties")
        inner = list(parts.values()) if isinstance(parts, dict) else [schema.get("items")]
        return own + [found for part in inner for found in objects(part)]

    found = objects(schema_of(shape, CLASSES))
    assert found
    for one in found:
        assert isinstance(one["properties"], dict)
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False
    assert (UNCLEAR in json.dumps(schema_of(shape, CLASSES))) == (shape == "opinion")
