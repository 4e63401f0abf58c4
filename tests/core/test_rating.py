"""A judge's rating, read as strictly as it is asked for."""

import json

import pytest
from pydantic import ValidationError

from rocot.core.rating import AXES, Rating
from rocot.core.reply import parse_rating, schema_of
from rocot.errors import ReplyError

GIVEN = {"classification": 10, "key_object_and_action": 0, "fluency": 7, "informativeness": 3, "factual_consistency": 5}
TAGGED = "".join(f"<{axis}>{number}</{axis}>" for axis, number in GIVEN.items())


@pytest.mark.parametrize(
    "text",
    [json.dumps(GIVEN), f"```json\n{json.dumps(GIVEN)}\n```", TAGGED, f"<think>Five of ten.</think>\n{TAGGED}"],
)
def test_both_dialects_are_read(text: str) -> None:
    assert parse_rating(text) == Rating(**GIVEN)


def test_the_schema_asks_for_every_axis_within_bounds() -> None:
    schema = schema_of("rating", ())
    assert schema["required"] == list(AXES)
    assert schema["properties"] == {axis: {"type": "integer", "minimum": 0, "maximum": 10} for axis in AXES}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (json.dumps({**GIVEN, "fluency": 11}), "bad shape"),
        (json.dumps({**GIVEN, "fluency": -1}), "bad shape"),
        (json.dumps({**GIVEN, "fluency": 7.5}), "bad shape"),
        (json.dumps({**GIVEN, "fluency": "7"}), "bad shape"),
        (json.dumps({**GIVEN, "fluency": True}), "bad shape"),
        (json.dumps({**GIVEN, "beauty": 7}), "bad shape"),
        (json.dumps({axis: GIVEN[axis] for axis in AXES[:4]}), "bad shape"),
        (TAGGED.replace("7", "11"), "bad shape"),
        (TAGGED.replace("7", "7/10"), "not a number"),
        (TAGGED.replace("<fluency>", "<flow>"), "no answer"),
        ("I would say 7.", "no answer"),
        ("{", "bad json"),
    ],
)
def test_anything_else_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        parse_rating(text)
    assert caught.value.reason == reason


def test_no_rating_is_made_of_a_text() -> None:
    with pytest.raises(ValidationError):
        Rating.model_validate({**GIVEN, "fluency": "7"})
