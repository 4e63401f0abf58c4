import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.record import canonical
from rocot.core.reply import clean, label_meant, parse_answer, parse_reflection, schema_of
from rocot.core.span import Span
from rocot.errors import ReplyError

CLASSES = ("Normal", "Fighting", "Traffic_accident")
GOOD = {
    "evidence": [],
    "reasoning": "Two men exchange blows.",
    "label": "Fighting",
    "spans": [{"start": 3, "end": 7.5}],
}
TAGGED = "<think>Two men exchange blows.</think><answer>Fighting</answer><glue>[[3, 7.5]]</glue>"


def test_both_dialects_say_the_same() -> None:
    assert parse_answer(json.dumps(GOOD), "grounding", CLASSES) == parse_answer(TAGGED, "grounding", CLASSES)


@pytest.mark.parametrize(
    "wrap",
    [
        "```json\n{}\n```",
        "  \n{}\n",
        "```\n{}```",
        "Here is my answer:\n```JSON\n{}\n```\nI hope it helps.",
        "<think>Is it a fight?\n{ }</think>\n{}",
        "<think>Hm.</think>\n\n```json\n{}\n```",
    ],
)
def test_json_in_a_fence_is_json(wrap: str) -> None:
    assert parse_answer(wrap.replace("{}", json.dumps(GOOD)), "grounding", CLASSES).label == "Fighting"


def test_line_breaks_within_a_json_string_are_text() -> None:
    text = json.dumps(GOOD | {"reasoning": "Two men. LINE They fight."}).replace(" LINE ", "\n\t")
    assert parse_answer(text, "grounding", CLASSES).reasoning == "Two men.\n\tThey fight."


@pytest.mark.parametrize("label", ["traffic accident", "TRAFFIC_ACCIDENT", " Traffic  accident "])
def test_a_label_is_known_by_its_plain_form(label: str) -> None:
    assert parse_answer(json.dumps(GOOD | {"label": label}), "grounding", CLASSES).label == "Traffic_accident"


@pytest.mark.parametrize(
    ("label", "classes", "meant"),
    [
        ("road accidents", ("RoadAccidents",), "RoadAccidents"),
        ("Road_Accidents", ("RoadAccidents",), "RoadAccidents"),
        ("TrafficAccident", CLASSES, "Traffic_accident"),
        ("car park", ("Carpark", "Car park", "CARPARK"), "Car park"),
    ],
)
def test_neither_spaces_nor_underscores_matter_in_a_label(label: str, classes: tuple[str, ...], meant: str) -> None:
    assert label_meant(label, classes) == meant


@pytest.mark.parametrize(
    ("glue", "spans"), [("[]", ()), ("[-1, -1]", ()), ("[[-1,-1]]", ()), ("[3, 7.5]", ((3, 7.5),))]
)
def test_glue_takes_the_spellings_of_the_field(glue: str, spans: tuple[tuple[float, float], ...]) -> None:
    said = parse_answer(f"<think>x</think><answer>Normal</answer><glue>{glue}</glue>", "grounding", CLASSES)
    assert said.spans == tuple(Span(start=start, end=end) for start, end in spans)


def test_spans_that_touch_are_joined_and_sorted() -> None:
    spans = [{"start": 9, "end": 10}, {"start": 3, "end": 5}, {"start": 5, "end": 6}]
    assert parse_answer(json.dumps(GOOD | {"spans": spans}), "grounding", CLASSES).spans == (
        Span(start=3, end=6),
        Span(start=9, end=10),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no answer"),
        ("I see a fight.", "no answer"),
        (TAGGED + TAGGED, "no answer"),
        ("{", "bad json"),
        ('{"a": NaN}', "not a number"),
        (json.dumps(GOOD | {"spans": [{"start": 3, "end": float("inf")}]}), "not a number"),
        ("<answer>Fighting</answer><think>x</think><glue>[[3, 4]]</glue>", "tags out of order"),
        ("<think>x</think><glue>[[3, 4]]</glue><answer>Fighting</answer>", "tags out of order"),
        (f"```json\n{json.dumps(GOOD)}\n```\nor\n```json\n{json.dumps(GOOD)}\n```", "no answer"),
        ("[" * 100_000, "no answer"),
        ('{"a":' * 100_000, "bad json"),
        (json.dumps(GOOD | {"reasoning": ""}), "bad shape"),
        (json.dumps(GOOD | {"mood": "grim"}), "bad shape"),
        (json.dumps({"label": "Fighting"}), "bad shape"),
        (json.dumps(GOOD | {"label": "Dancing"}), "unknown label"),
        (json.dumps(GOOD | {"spans": [{"start": 7, "end": 3}]}), "bad span"),
        (json.dumps(GOOD | {"spans": [{"start": -7, "end": 3}]}), "bad span"),
        ('{"evidence": [], "reasoning": "x", "label": "Fighting", "spans": [{"start": 1, "end": 1e999}]}', "bad span"),
        ("<think>x</think><answer>Fighting</answer><glue>[[3, NaN]]</glue>", "not a number"),
        ("<think>x</think><answer>Fighting</answer><glue>[[3, true]]</glue>", "bad span"),
        ("<think>x</think><answer>Fighting</answer><glue>[[7, 3]]</glue>", "bad span"),
        (f"<think>x</think><answer>Fighting</answer><glue>[[3, 1{'0' * 400}]]</glue>", "bad span"),
        ("<think>x</think><answer>Fighting</answer><glue>3 to 7</glue>", "bad span"),
    ],
)
def test_what_does_not_parse_is_named(text: str, reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        parse_answer(text, "grounding", CLASSES)
    assert caught.value.reason == reason


@given(st.text())
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (lambda: parse_answer(text, "grounding", CLASSES), lambda: parse_reflection(text)):
        with pytest.raises(ReplyError):
            parse()


def test_a_reflection_reads_in_both_dialects() -> None:
    check = {"claim": "A fight", "finding": "They hug", "start": 3, "end": 4, "holds": False}
    parsed = parse_reflection(json.dumps({"checks": [check], "critique": "They hug.", "verdict": "revise"}))
    assert (parsed.verdict, parsed.checks[0].finding) == ("revise", "They hug")
    tagged = parse_reflection("<reflection>They hug.</reflection>\n<verdict> Revise. </verdict>")
    assert (tagged.verdict, tagged.critique) == ("revise", "They hug.")
    with pytest.raises(ReplyError, match="verdict must be keep or revise"):
        parse_reflection("<reflection>Hm.</reflection><verdict>maybe</verdict>")


@given(st.text(st.characters(), max_size=50))
def test_clean_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean(text + "\ud800\x00")
    assert cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


def test_schemas_are_bounded_and_closed() -> None:
    for shape in ("grounding", "classification", "qa", "reasoning", "reflection"):
        text = canonical(schema_of(shape, CLASSES)).decode()
        assert text.count('"type":"object"') == text.count('"additionalProperties":false')
        assert text.count('"type":"array"') == text.count('"maxItems"')
        assert text.count('"type":"string"') == text.count('"maxLength"') + text.count('"enum"')


def test_escapes_cannot_smuggle_in_what_no_store_holds() -> None:
    seen = [{"start": 3, "end": 4, "observation": "a \ud800 b\x00\x1b c"}]
    said = parse_answer(json.dumps(GOOD | {"evidence": seen, "reasoning": "x \udfff"}), "grounding", CLASSES)
    assert (said.evidence[0].observation, said.reasoning) == ("a ? b c", "x ?")
    said.model_dump_json()


@pytest.mark.parametrize("depth", [400, 900])
def test_nesting_without_end_is_a_bad_reply(depth: int) -> None:
    with pytest.raises(ReplyError, match=r"bad json|bad shape"):
        parse_answer('{"a":' * depth + "1" + "}" * depth, "grounding", CLASSES)


def test_clean_text_has_no_control_characters_of_either_byte_half() -> None:
    """U+009B begins an escape sequence in a terminal as well as ESC [ does."""
    assert clean("a\x9b31mb\x85c\x7f\x1b\td\ne") == "a31mbc\td\ne"
