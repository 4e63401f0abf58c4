import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.errors import ServiceError, TeacherError
from rocot.teacher.batch_lines import Answer, answer_in, fault_of, request_line
from rocot.teacher.completion import read, spelt
from rocot.teacher.protocol import Raw


def line(**told: object) -> bytes:
    return json.dumps({"id": "batch_req_1", "custom_id": "k", "response": None, "error": None, **told}).encode()


def response(status: int, body: object) -> bytes:
    return line(response={"status_code": status, "request_id": "req_1", "body": body})


def told(raw: bytes) -> Answer:
    answer = answer_in(raw)
    assert answer is not None
    return answer


@settings(deadline=None)
@given(st.text())
def test_the_body_of_a_call_is_spliced_in_as_it_is(text: str) -> None:
    body = json.dumps({"model": "m", "text": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    made = request_line("k", body)
    assert made.endswith(b"\n")
    assert made.count(b"\n") == 1
    assert body in made


@settings(deadline=None)
@given(st.text())
def test_a_reply_comes_out_as_it_went_in(text: str) -> None:
    body = {"choices": [{"finish_reason": "stop", "message": {"content": f"x{text}"}}]}
    answer = told(response(200, body))
    assert (answer.call, answer.raw.status, answer.raw.request_id) == ("k", 200, "req_1")
    assert read(answer.raw.body).text == f"x{text}"
    assert fault_of(answer.raw, read) is None


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"{", b"[]", b'"k"', b"{}", b'{"custom_id": 7}', line(), b"[" * 100_000, b"\xff\xfe"],
)
def test_a_line_that_tells_nothing_is_none(raw: bytes) -> None:
    assert answer_in(raw) is None


@pytest.mark.parametrize(
    ("raw", "reason", "passing"),
    [
        (line(error={"code": "batch_expired", "message": "late"}), "batch expired", True),
        (line(error={"code": "batch_cancelled", "message": "off"}), "batch cancelled", True),
        (line(error={"code": "request_timeout", "message": "slow"}), "timeout", True),
        (line(error={"code": "odd", "message": "?"}), "batch error", True),
        (line(error="odd"), "batch error", True),
        (response(429, {"error": {"message": "slow down"}}), "rate limited", True),
        (response(500, {"error": {"message": "oops"}}), "server error", True),
        (response(400, {"error": {"message": "no", "code": "content_filter"}}), "content filter", False),
        (response(400, None), "bad request", False),
        (response(200, None), "error in reply", True),
        (response(200, json.loads(spelt("x", "m", finish="length"))), "length", False),
    ],
)
def test_what_went_wrong_has_the_name_that_it_has_elsewhere(raw: bytes, reason: str, passing: bool) -> None:
    fault = fault_of(told(raw).raw, read)
    assert isinstance(fault, TeacherError)
    assert (fault.reason, fault.passing) == (reason, passing)


def test_a_call_that_no_line_tells_of_may_be_asked_again() -> None:
    fault = fault_of(Raw(b"", 0), read)
    assert isinstance(fault, TeacherError)
    assert (fault.reason, fault.passing) == ("no line", True)


def test_a_refused_key_is_about_every_call() -> None:
    assert isinstance(fault_of(told(response(401, {"error": {"message": "no"}})).raw, read), ServiceError)


@pytest.mark.parametrize("name", ["\ud800", "é", 5, None])
def test_a_line_whose_call_can_be_none_of_ours_tells_nothing(name: object) -> None:
    assert answer_in(line(custom_id=name, response={"status_code": 200, "body": {}})) is None


def test_a_status_of_no_http_tells_nothing() -> None:
    assert answer_in(response(2**70, {})) is None


def test_the_id_of_a_request_that_nobody_can_store_is_left_out() -> None:
    assert told(line(response={"status_code": 200, "request_id": "r\ud800", "body": {}})).raw.request_id == ""


def test_a_line_of_any_depth_is_read_or_tells_nothing() -> None:
    for depth in [*range(850, 1000), 10_000]:
        deep = b"[" * depth + b"]" * depth
        for rest in (b'"response":{"status_code":400,"body":' + deep + b"}", b'"error":' + deep):
            answer = answer_in(b'{"custom_id":"k",' + rest + b"}")
            assert answer is None or isinstance(fault_of(answer.raw, read), TeacherError)
