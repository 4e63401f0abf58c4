from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.errors import ServiceError, TeacherError
from rocot.teacher.faults import NO_FORMAT, TryLaterError, fault_in, told, wanted_wait
from rocot.teacher.protocol import Raw
from tests.servers.replies import error


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, error("Incorrect API key", "invalid_api_key"), "check ROCOT_API_KEY"),
        (402, error("Insufficient credits", 402), "top it up"),
        (403, error("Country not supported"), "what the key may use"),
        (404, error("no such model"), "check teacher.model and the base URL"),
        (404, b"<html>nginx</html>", "check teacher.model and the base URL"),
        (400, error("no such model", "model_not_found"), "check teacher.model"),
        (429, error("You exceeded your quota", "insufficient_quota"), "top it up"),
        (307, b"", "redirects elsewhere"),
        (400, error("no support for 0.7", "unsupported_value", param="temperature"), "temperature = 1"),
        (400, error("max_tokens=9000 cannot be greater", 400, "BadRequestError", "max_tokens"), "[teacher]"),
    ],
)
def test_what_every_call_would_meet_stops_the_run_with_advice(status: int, body: bytes, words: str) -> None:
    fault = fault_in(Raw(body=body, status=status))
    assert isinstance(fault, ServiceError)
    assert words in str(fault)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, error("Invalid image"), "bad request"),
        (418, b"", "bad request"),
        (400, error("maximum context length is 4096 tokens", 400, "BadRequestError", "input_tokens"), "too large"),
        (400, error("At most 16 image(s) may be provided in one prompt.", 400, param="image"), "bad request"),
        (400, error("Failed to transform json schema into a grammar", 400), NO_FORMAT),
        (413, b"", "too large"),
        (400, error("filtered", "content_filter"), "content filter"),
        (403, error("input was flagged by moderation"), "content filter"),
        (400, error("response_format is not supported"), NO_FORMAT),
        (422, b'{"detail": [{"loc": ["body", "response_format"], "msg": "extra"}]}', NO_FORMAT),
        (400, error("not with this model", "unsupported_value", param="response_format"), NO_FORMAT),
    ],
)
def test_what_this_call_alone_meets_does_not_pass(status: int, body: bytes, reason: str) -> None:
    fault = fault_in(Raw(body=body, status=status))
    assert isinstance(fault, TeacherError)
    assert (fault.reason, fault.passing) == (reason, False)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(429, "rate limited"), (500, "server error"), (503, "overloaded"), (529, "overloaded"), (408, "timeout")],
)
def test_what_passes_says_when_to_ask_again(status: int, reason: str) -> None:
    fault = fault_in(Raw(body=b"busy", status=status, headers={"retry-after": "7"}))
    assert isinstance(fault, TryLaterError)
    assert (fault.reason, fault.passing, fault.after) == (reason, True, 7)


def test_a_date_to_wait_for_is_measured_on_the_servers_clock() -> None:
    now = datetime(2001, 1, 1, tzinfo=UTC)  # years from this machine's time
    headers = {"date": format_datetime(now), "retry-after": format_datetime(now + timedelta(seconds=30))}
    assert wanted_wait(headers) == 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after-ms": "nan"}, 0),
        ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, 0),
        ({"retry-after-ms": "-1"}, 0),
        ({"retry-after": "Fri, 01 Jan 1999 00:00:00 GMT"}, 0),
    ],
)
def test_headers_that_say_nothing_useful_mean_no_wait(headers: dict[str, str], seconds: float) -> None:
    assert wanted_wait(headers) == seconds


@given(st.binary(max_size=400) | st.text(max_size=100).map(lambda text: error(text, text)))
def test_no_error_body_breaks_the_telling(body: bytes) -> None:
    message, code = told(body)
    assert len(message) <= 300
    assert message.isprintable()
    assert all(fault_in(Raw(body=body, status=status)) is not None for status in (302, 400, 404, 429, 503))
    assert isinstance(code, str)


def test_an_error_of_any_depth_is_told() -> None:
    for depth in [*range(850, 1000), 10_000]:
        message, _ = told(b'{"error":{"message":' + b"[" * depth + b"]" * depth + b"}}")
        assert 0 < len(message) <= 300
