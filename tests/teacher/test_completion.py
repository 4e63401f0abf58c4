import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.record import Json
from rocot.errors import TeacherError
from rocot.teacher.completion import read, spelt, usage_of
from rocot.teacher.protocol import Reply, Usage
from tests.servers.replies import FAULTS


def body_of(fault: str) -> bytes:
    return FAULTS[fault].partition(b"\r\n\r\n")[2]


@given(st.text(min_size=1).filter(str.strip), st.text(), st.integers(0, 10**6))
def test_what_is_spelt_is_read(text: str, model: str, count: int) -> None:
    usage = Usage(prompt=count, completion=count // 2, cached=count // 3)
    assert read(spelt(text, model, usage)) == Reply(text=text, finish="stop", model=model, usage=usage)


@pytest.mark.parametrize(
    ("fault", "reason", "passing"),
    [
        ("json", "invalid json", True),
        ("html", "invalid json", True),
        ("array", "error in reply", True),
        ("choices", "no choices", True),
        ("null choices", "no choices", True),
        ("error", "error in reply", True),
        ("null", "empty reply", True),
        ("empty", "empty reply", True),
        ("refusal", "refusal", False),
        ("length", "length", False),
        ("cut by filter", "content filter", False),
        ("tool", "tool calls", False),
        ("unfinished", "odd finish", False),
    ],
)
def test_a_200_that_is_no_answer_is_named(fault: str, reason: str, passing: bool) -> None:
    with pytest.raises(TeacherError) as caught:
        read(body_of(fault))
    assert (caught.value.reason, caught.value.passing) == (reason, passing)


def test_a_reply_that_was_cut_off_was_paid_all_the_same() -> None:
    assert usage_of(body_of("length")) == Usage(prompt=10, completion=5)


def test_the_thoughts_of_a_reasoning_model_are_no_part_of_its_reply() -> None:
    message = {"content": "{}", "reasoning_content": "Hm.", "reasoning": "Hm."}
    body = {"choices": [{"finish_reason": "stop", "message": message}], "model": "m"}
    assert read(json.dumps(body).encode()).text == "{}"


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "thinking", "text": "Hm."}, {"type": "text", "text": "{"}, {"type": "text", "text": "}"}, None]
    body = {"choices": [{"finish_reason": "stop", "message": {"content": parts}}]}
    assert read(json.dumps(body).encode()).text == "{}"


ODD: st.SearchStrategy[Json] = st.sampled_from([None, True, -1, 2**70, 1.5, "", "stop", "length", [], {}, [None], [[]]])


def table(*names: str, **parts: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ODD) | parts)


MESSAGES = table("content", "refusal", "tool_calls", "role")
CHOICES = table("finish_reason", "index", message=ODD | MESSAGES)
USAGE = table("prompt_tokens", "completion_tokens", prompt_tokens_details=ODD | table("cached_tokens"))


@given(table("model", "error", choices=ODD | st.lists(ODD | CHOICES, max_size=2), usage=ODD | USAGE))
def test_no_json_breaks_the_reader(value: Json) -> None:
    with suppress(TeacherError):
        assert read(json.dumps(value).encode()).text.strip()


@pytest.mark.parametrize(
    "usage", [None, [], "12", {"prompt_tokens": -1}, {"prompt_tokens": 1.5, "completion_tokens": True}]
)
def test_odd_usage_counts_as_nothing(usage: Json) -> None:
    assert usage_of(json.dumps({"usage": usage}).encode()) == Usage()


@pytest.mark.parametrize(
    "half", [{"prompt_tokens": 100}, {"prompt_tokens": 100, "completion_tokens": None}, {"completion_tokens": 5}]
)
def test_half_a_count_of_tokens_is_none(half: Json) -> None:
    assert usage_of(json.dumps({"usage": half}).encode()) == Usage()


def test_the_sum_tells_the_tokens_of_a_reply() -> None:
    told = {"prompt_tokens": 100, "total_tokens": 105}
    assert usage_of(json.dumps({"usage": told}).encode()) == Usage(prompt=100, completion=5)


def test_no_more_of_a_prompt_is_cached_than_it_has() -> None:
    told = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2**52}}
    assert usage_of(json.dumps({"usage": told}).encode()) == Usage(prompt=100, completion=5, cached=100)


@pytest.mark.parametrize("form", ['{"error":%s}', '{"choices":%s}', "%s"])
def test_what_is_too_deep_to_be_read_or_told_is_no_json(form: str) -> None:
    """At some depth the parser comes through, and whatever walks what it parsed does not."""
    for depth in [*range(850, 1000), 10_000]:
        with pytest.raises(TeacherError) as caught:
            read((form % ("[" * depth + "]" * depth)).encode())
        assert caught.value.passing
