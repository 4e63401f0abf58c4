"""The form of a chat completion: from a reply's bytes to its text, and back. Pure."""

import json

from rocot.errors import TeacherError
from rocot.teacher.faults import told_in
from rocot.teacher.protocol import Reply, Usage


def spelt(text: str, model: str, usage: Usage | None = None, finish: str = "stop") -> bytes:
    """A reply as a server would send it: what teachers in this process answer in, so that a store holds one form."""
    counted = usage or Usage()
    body = {
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": counted.prompt,
            "completion_tokens": counted.completion,
            "total_tokens": counted.prompt + counted.completion,
            "prompt_tokens_details": {"cached_tokens": counted.cached},
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read(raw: bytes) -> Reply:
    """The whole reply in a chat completion.

    Raises TeacherError: `invalid json`, `error in reply`, `no choices`, `empty reply` (another attempt may succeed);
    `length`, `content filter`, `refusal`, `tool calls`, `odd finish` (this question gets no better answer).
    """
    try:
        return _whole(json.loads(raw))
    except (ValueError, RecursionError) as error:  # the latter also where what could be read is too deep to be told
        raise TeacherError(
            "invalid json", f"{len(raw)} bytes that are no JSON ({error!s:.80})", passing=True
        ) from error


def _whole(body: object) -> Reply:
    """The same from parsed JSON."""
    if not isinstance(body, dict) or body.get("error"):
        raise TeacherError("error in reply", told_in(body)[0], passing=True)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise TeacherError("no choices", told_in(body)[0] if not isinstance(choices, list) else "none", passing=True)
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise TeacherError("no choices", "a choice without a message", passing=True)
    _check_whole(choice, message)
    text = _text(message.get("content"))
    if not text.strip():
        raise TeacherError("empty reply", "a reply without text", passing=True)
    return Reply(text=text, finish="stop", model=str(body.get("model") or ""), usage=usage_in(body))


_UNFINISHED = {
    "length": ("length", "cut off at the limit of tokens; raise teacher.max_tokens"),
    "max_tokens": ("length", "cut off at the limit of tokens; raise teacher.max_tokens"),
    "content_filter": ("content filter", "the server's filter cut the reply"),
    "tool_calls": ("tool calls", "the model called a tool that it was not given"),
    "function_call": ("tool calls", "the model called a tool that it was not given"),
}


def _check_whole(choice: dict[str, object], message: dict[str, object]) -> None:
    finish = choice.get("finish_reason")
    if finish != "stop":
        reason, detail = _UNFINISHED.get(str(finish), ("odd finish", f"finish_reason is {finish!r:.40}, wanted 'stop'"))
        raise TeacherError(reason, detail)
    if message.get("refusal"):
        raise TeacherError("refusal", f"{message['refusal']!s:.300}")
    if message.get("tool_calls"):
        raise TeacherError("tool calls", "the model called a tool that it was not given")


def _text(content: object) -> str:
    """Content is a string, or a list of parts of which the text counts."""
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def usage_of(raw: bytes) -> Usage:
    """The tokens that a body reports, whether or not it holds a whole reply: a reply that is cut off was paid too."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return Usage()
    return usage_in(body) if isinstance(body, dict) else Usage()


def usage_in(body: dict[str, object]) -> Usage:
    """The tokens that a parsed body reports; none where it tells the prompt's or the reply's alone, and no sum.

    Half a count would have the other half cost nothing. No more of a prompt is cached than it has.
    """
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion, total = (_count(usage.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    if completion is None and prompt is not None and total is not None:
        completion = max(0, total - prompt)
    if prompt is None or completion is None:
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return Usage(prompt, completion, min(cached or 0, prompt))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None
