"""What the loopback chat server answers: the scripted teacher's reply to a request, and faults by name."""

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from functools import cache

from rocot.core.record import Json
from rocot.core.reply import Dialect, Shape
from rocot.core.truth import UNCLEAR
from rocot.teacher.completion import spelt, usage_of
from rocot.teacher.protocol import Usage
from rocot.teacher.scripted import kept_answer, reply_text


def http(status: int, body: bytes, **headers: str) -> bytes:
    """A whole HTTP/1.1 response; `Retry_After="1"` is spelt `Retry-After: 1`."""
    named = {"Content-Type": "application/json", "Content-Length": str(len(body)), "X-Request-Id": "loopback"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Spoken", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def error(
    message: str, code: str | int | None = None, kind: str = "invalid_request_error", param: str | None = None
) -> bytes:
    """An error body as OpenAI and vLLM spell it."""
    return json.dumps({"error": {"message": message, "type": kind, "code": code, "param": param}}).encode()


def _message(finish: str | None = "stop", **message: Json) -> bytes:
    whole: Json = {
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    }
    return json.dumps(whole).encode()


FAULTS: Mapping[str, bytes] = {
    "key": http(401, error("Incorrect API key provided", "invalid_api_key")),
    "model": http(404, error("The model `m` does not exist", "model_not_found")),
    "credit": http(429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota")),
    "paid": http(402, error("Insufficient credits", 402)),
    "rate": http(429, error("Rate limit reached", "rate_limit_exceeded"), Retry_After="0.05"),
    "rate at once": http(429, error("Rate limit reached", "rate_limit_exceeded")),
    "500": http(500, error("Internal server error", None, "server_error")),
    "502": http(502, b"<html>Bad gateway</html>", Content_Type="text/html"),
    "504": http(504, b"upstream request timeout", Content_Type="text/plain"),
    "503": http(503, b"upstream connect error", Content_Type="text/plain"),
    "400": http(400, error("Invalid image", "invalid_image")),
    "413": http(413, b"<html>Request Entity Too Large</html>", Content_Type="text/html"),
    "context": http(400, error("This model's maximum context length is 4096 tokens", "context_length_exceeded")),
    "temperature": http(
        400, error("Unsupported value: 'temperature' does not support 0.7", "unsupported_value", param="temperature")
    ),
    "filter": http(400, error("The response was filtered", "content_filter")),
    "redirect": http(307, b"", Location="http://127.0.0.1:9/v1/chat/completions"),
    "json": http(200, b'{"choices": [{"mess'),
    "html": http(200, b"<html>Welcome to the proxy</html>"),
    "array": http(200, b"[]"),
    "choices": http(200, b'{"choices": []}'),
    "null choices": http(200, b'{"choices": null}'),
    "error": http(200, error("Provider returned error", 502)),
    "refusal": http(200, _message(content=None, refusal="I cannot help with that.")),
    "length": http(200, _message("length", content='{"evid')),
    "cut by filter": http(200, _message("content_filter", content="")),
    "tool": http(200, _message("tool_calls", content=None, tool_calls=[])),
    "null": http(200, _message(content=None)),
    "empty": http(200, _message(content="  \n")),
    "unfinished": http(200, _message(None, content="{}")),
    "gzip": http(200, gzip.compress(_message(content="{}")), Content_Encoding="gzip"),
    "long": http(200, b" " * 9_000_000),
}
"""Whole replies that are no answer, `gzip` apart: that one is compressed though nobody asked for it."""


UNBILLED = frozenset(
    ("key", "model", "credit", "paid", "rate", "rate at once", "400", "413", "temperature", "redirect", "503")
)
"""Of the faults, those that come before the model has worked; a service may charge for all others."""


@cache
def bomb() -> bytes:
    """A reply of 300 kB that inflates to 300 MB."""
    squeeze = zlib.compressobj(9, wbits=31)
    squeezed = b"".join([*(squeeze.compress(bytes(1_000_000)) for _ in range(300)), squeeze.flush()])
    return http(200, squeezed, Content_Encoding="gzip")


def scripted(body: bytes, key: str) -> bytes:
    """The body of the scripted teacher's reply to a request; `key` is what its content is drawn from."""
    request = json.loads(body)
    messages = [(message["role"], _texts(message["content"])) for message in request["messages"]]
    texts = [text for _, several in messages for text in several]
    times = [float(text[1:-2]) for text in texts if re.fullmatch(r"<\d+\.\d\d+s>", text)] or [0.0]
    asked = "\n".join(messages[-1][1])
    answered = ["".join(several) for role, several in messages if role == "assistant"]
    shape, dialect, classes = _form(request, asked, "\n".join(texts))
    text = kept_answer(answered, asked) or reply_text(shape, dialect, classes, times, draw=key)
    return spelt(text, request["model"], Usage(len(body) // 100, len(text) // 4, 0))


def charge(body: bytes, reply: bytes | str) -> Usage:
    """The tokens that a hard service charges for a request: those that its reply tells, else as many as it allows."""
    told = usage_of(reply.partition(b"\r\n\r\n")[2]) if isinstance(reply, bytes) else Usage()
    if told.prompt:
        return told
    request = json.loads(body)
    most = request.get("max_completion_tokens") or request.get("max_tokens") or 0
    return Usage(len(body) // 100, most)


def _texts(content: str | list[dict[str, str]]) -> list[str]:
    return [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]


def _form(request: Mapping[str, Json], asked: str, texts: str) -> tuple[Shape, Dialect, tuple[str, ...]]:
    """Shape, dialect and classes: from the schema where there is one, else from the words."""
    wanted = request.get("response_format")
    if isinstance(wanted, dict):
        form = wanted["json_schema"]
        shape: Shape = form["name"]
        asked_for = form["schema"]["properties"]
        concluded = asked_for.get("label") or asked_for.get("choice")
        return shape, "json", tuple(word for word in concluded["enum"] if word != UNCLEAR) if concluded else ()
    shape = "reflection" if "<reflection>" in asked else "grounding" if "<glue>" in asked else "opinion"
    shape = "review" if "<reason>" in asked else shape
    named = re.search(r"one of (.+?)\.(?: Where|$)", texts, re.MULTILINE)
    return shape, "tagged", tuple(named.group(1).split(", ")) if named else ("Normal",)
