"""The lines of batch files: a call on its way out, and what came of it. Pure.

The form is OpenAI's (platform.openai.com/docs/guides/batch): a line a request, with a custom_id of ours, and in the
files that come back a line a request in any order, which holds a response with its status or an error.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from rocot.core.record import Json
from rocot.errors import RunError, TeacherError
from rocot.teacher.faults import fault_in, told
from rocot.teacher.protocol import Raw, Reply

PATH = "/v1/chat/completions"
"""What every line of a batch asks for."""
MOST_CALLS = 50_000
"""In one file, by OpenAI's documentation."""
MOST_BYTES = 200_000_000
"""Of one file, likewise."""

_CODES = {
    "batch_expired": "batch expired",
    "batch_cancelled": "batch cancelled",
    "request_timeout": "timeout",
}
"""What befalls a call that was given up before it was answered, by the service's word."""
MOST_STATUS = 999
"""Of three digits is every status of HTTP."""
MISSING = "no line"
"""The name of a call that is in neither of the files that came back."""


@dataclass(frozen=True)
class Answer:
    """What came of one call."""

    call: str
    raw: Raw
    """Status 0 where the service gave it up: then the body holds its error, or nothing."""


def request_line(call: str, body: bytes) -> bytes:
    """The line that makes a call; JSON has no raw newline, so the body is spliced in as it is."""
    return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (call.encode(), PATH.encode(), body)


def answer_in(line: bytes) -> Answer | None:
    """What a line of an output or error file tells; None for a line that tells nothing of any call.

    The body is spelt anew from its JSON, with all that is no ASCII escaped, so that it loses nothing.
    """
    try:
        return _answer(json.loads(line))
    except (ValueError, RecursionError):  # the latter also where what could be read is too deep to be spelt
        return None


def _answer(told: Json) -> Answer | None:
    """The same from parsed JSON."""
    if not isinstance(told, dict):
        return None
    call, response, error = told.get("custom_id"), told.get("response"), told.get("error")
    if not isinstance(call, str) or not call.isascii():  # ours are; a lone surrogate cannot even be looked up
        return None
    if isinstance(response, dict):
        status, request = response.get("status_code"), response.get("request_id")
        if type(status) is int and 0 < status <= MOST_STATUS:
            named = request if isinstance(request, str) and request.isprintable() else ""
            return Answer(call, Raw(_spelt(response.get("body")), status, named))
    return Answer(call, Raw(_spelt({"error": error}), 0)) if error else None


def fault_of(raw: Raw, read: Callable[[bytes], Reply]) -> TeacherError | RunError | None:
    """What is wrong with what came of a call, from what is stored of it; None for a whole reply."""
    if raw.status == 0:
        return _given_up(raw.body)
    fault = fault_in(raw, answered=True)
    if fault is not None:
        return fault
    try:
        read(raw.body)
    except TeacherError as error:
        return error
    return None


def _given_up(body: bytes) -> TeacherError:
    if not body:
        return TeacherError(MISSING, "neither file of the batch tells of it", passing=True)
    message, code = told(body)
    return TeacherError(_CODES.get(code.split(" ", 1)[0], "batch error"), message or code or "no message", passing=True)


def _spelt(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
