"""What a reply that is no answer means for its call, for the next attempt, for the run. Pure, over status and bytes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from rocot.errors import RunError, ServiceError, TeacherError
from rocot.teacher.protocol import Raw

MAYBE_LOST = (400, 422, 500, 501)
"""Statuses that may be about frames that were only referred to: the same call with their pixels tells."""
UNREACHABLE = "unreachable"
"""Nobody listens there: the one failure that is waited out and then stops the run."""
NO_FORMAT = "no structured output"
"""The server takes no JSON schema."""
FRAMES_LOST = "frames lost"
"""The server holds frames no more that were only referred to: the call is made again at once, with their pixels."""
BUSY = ("rate limited", "overloaded")
"""The server has too much to do: it is sent fewer calls at once."""


class TryLaterError(TeacherError):
    """A failure that passes, and that may say when to ask again."""

    def __init__(self, reason: str, detail: str, after: float) -> None:
        super().__init__(reason, detail, passing=True)
        self.after = after
        """Seconds; 0 where the server does not say."""


def is_trouble(error: TeacherError) -> bool:
    """Whether a failure tells of a server that is not well, and not of one call."""
    return error.passing and error.reason not in ("empty reply", "cancelled", FRAMES_LOST)


def wait_of(fault: BaseException | None) -> float:
    """Seconds for which the server wants to be left alone; 0 where it does not say."""
    return fault.after if isinstance(fault, TryLaterError) else 0.0


def fault_in(raw: Raw, *, answered: bool = False) -> RunError | TeacherError | None:
    """What an HTTP status and its body say went wrong; None for 200. A RunError would come back for every call.

    `answered`: the server has answered other calls, so a redirection is a passing whim of its.
    """
    if raw.status == 200:
        return None
    message, code = told(raw.body)
    detail = f"HTTP {raw.status}: {message or 'no message'}"
    if raw.referred and raw.status in MAYBE_LOST:
        return TeacherError(FRAMES_LOST, detail, passing=True)
    if answered and 300 <= raw.status < 400:
        return TryLaterError("redirected", detail, 0.0)
    about = f"{code} {message}".lower()
    advice = _advice(raw.status, about, code)
    return ServiceError(f"{advice} ({detail})") if advice else _for_one_call(raw, about, detail)


_ADVICE = {
    401: "the teacher refuses the API key; check ROCOT_API_KEY or OPENAI_API_KEY",
    402: "the teacher's credit is used up; top it up and run the same command again",
    403: "the teacher forbids this API key; check ROCOT_API_KEY or OPENAI_API_KEY, and what the key may use",
    404: "the teacher knows no such model or address; check teacher.model and the base URL (most end in /v1)",
    405: "this address takes no chat completions; check the base URL (most end in /v1)",
    407: "a proxy wants a login; check HTTPS_PROXY",
    410: "the teacher serves this model no more; choose another teacher.model",
}
_CREDIT = ("insufficient_quota", "billing_hard_limit", "credit balance")
_FILTER = ("content_filter", "content_policy", "content management policy", "moderation")
_FORMAT = ("response_format", "json_schema", "json schema", "structured output", "guided", "grammar")
_SAMPLING = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed")
_LENGTH = ("context_length", "context length", "too long", "too large", "maximum model len")


def _advice(status: int, about: str, code: str) -> str:
    """What to do about a fault that every further call would meet; empty where others may fare better."""
    if _has(about, *_FILTER):
        return ""
    if _has(about, *_CREDIT):
        return _ADVICE[402]
    if _has(code, "model_not_found"):
        return _ADVICE[404]
    if status in (400, 422) and code.rpartition(" param=")[2] in _SAMPLING:
        return (
            "the model refuses a sampling parameter; change it in the recipe's [teacher]"
            " (models that reason want temperature = 1 and top_p = 1)"
        )
    if 300 <= status < 400:
        return "the teacher's base URL redirects elsewhere; give the final address"
    return _ADVICE.get(status, "")


def _for_one_call(raw: Raw, about: str, detail: str) -> TeacherError:
    passing = {408: "timeout", 409: "server error", 425: "server error", 429: "rate limited"}
    passing |= {503: "overloaded", 529: "overloaded"}
    if raw.status in passing or raw.status >= 500:
        return TryLaterError(passing.get(raw.status, "server error"), detail, wanted_wait(raw.headers))
    if _has(about, *_FILTER):
        return TeacherError("content filter", detail)
    if raw.status in (400, 422) and _has(about, *_FORMAT):
        return TeacherError(NO_FORMAT, detail)
    if raw.status == 413 or _has(about, *_LENGTH):
        return TeacherError("too large", f"{detail}; send fewer or smaller frames")
    return TeacherError("bad request", detail)


def _has(text: str, *words: str) -> bool:
    return any(word in text for word in words)


def told(body: bytes) -> tuple[str, str]:
    """Message (one line, at most 300 characters) and code of an error body, in any form that servers use."""
    try:
        return told_in(json.loads(body))
    except (ValueError, RecursionError):
        return _line(body[:2000].decode("utf-8", "replace")), ""


def told_in(value: object) -> tuple[str, str]:
    """The same from parsed JSON: `{"error": {...}}`, `{"error": "..."}`, `{"message": ...}`, `{"detail": ...}`.

    Raises RecursionError for what is nested too deep.
    """
    if isinstance(value, list) and value:
        return told_in(value[0])
    if not isinstance(value, dict):
        return _line(json.dumps(value)), ""
    if value.get("error"):
        return told_in(value["error"]) if isinstance(value["error"], dict | list) else (_line(str(value["error"])), "")
    message = value.get("message") or value.get("detail") or json.dumps(value)
    code = " ".join(str(value[key]) for key in ("code", "type") if value.get(key))
    return _line(str(message)), f"{code} param={value['param']}" if value.get("param") else code


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:300]


def wanted_wait(headers: Mapping[str, str]) -> float:
    """Seconds until the server wants to be asked again; 0 where it does not say. Header names are lower case."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        after = headers.get("retry-after", "0")
        if after.strip().replace(".", "", 1).isdigit():
            return float(after)
        until = parsedate_to_datetime(after)
        # Against the server's own clock: ours may be set wrong, or change during the run.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # the last: a year of many digits
        return 0.0
