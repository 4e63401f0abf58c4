"""The body of a chat request, spliced from bytes.

Building it as objects and letting a client walk and encode them costs several times more CPU than sending it: 16
frames are 300 kB of base64. So frames are encoded once, and everything else is a small head, middle and tail.
"""

import json
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rocot.core.prompt import Ask, Part, Sampling, Text, Turn
from rocot.core.record import Json
from rocot.core.reply import Shape, schema_of
from rocot.errors import TeacherError

KEPT_BYTES = 48_000_000
"""Of frames in base64: the three asks about one clip follow one another while many clips are in flight."""


class Spelling:
    """How requests are written for one server. Frames that were written lately are kept in base64."""

    def __init__(self, served: str, *, official: bool, kept_bytes: int = KEPT_BYTES) -> None:
        """`served` is the model's name on the server.

        `official` chooses the spelling that OpenAI's own service takes, reasoning models included:
        `max_completion_tokens` for `max_tokens`, sampling parameters only where they are not 1, and no bounds on the
        length of strings in schemas. Elsewhere everything is said outright: vLLM, for one, takes what is not said
        from the model's own settings.
        """
        self._served = served
        self._official = official
        self._room = kept_bytes
        self._frames: OrderedDict[str, bytes] = OrderedDict()

    def body(self, ask: Ask, pictures: Mapping[str, bytes]) -> bytes:
        """The request for an ask. Raises TeacherError (`no picture`) for a digest that `pictures` lacks.

        The conversation comes first, so that the requests about one clip start with the same bytes.
        """
        pieces = [b'{"model":', _json(self._served), b',"messages":[']
        for index, turn in enumerate(ask.turns):
            pieces.append(b"," if index else b"")
            pieces.extend(self._turn(turn, pictures))
        format_ = (ask.shape, ask.classes) if ask.dialect == "json" else None
        pieces += [b"],", _settings(ask.sampling, ask.seed, format_, self._official), b"}"]
        return b"".join(pieces)

    def _turn(self, turn: Turn, pictures: Mapping[str, bytes]) -> Iterator[bytes]:
        yield b'{"role":"' + turn.role.encode() + b'","content":'
        first = turn.parts[0] if len(turn.parts) == 1 else None
        if isinstance(first, Text):  # a plain string: some servers take nothing else from system and assistant
            yield _json(first.text)
        else:
            yield b"["
            for index, part in enumerate(turn.parts):
                yield b"," if index else b""
                yield from self._part(part, pictures)
            yield b"]"
        yield b"}"

    def _part(self, part: Part, pictures: Mapping[str, bytes]) -> Iterator[bytes]:
        if isinstance(part, Text):
            yield b'{"type":"text","text":'
            yield _json(part.text)
            yield b"}"
        else:
            yield b'{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,'
            yield self._encoded(part.digest, pictures)
            yield b'"}}'

    def _encoded(self, digest: str, pictures: Mapping[str, bytes]) -> bytes:
        kept = self._frames.get(digest)
        if kept is not None:
            self._frames.move_to_end(digest)
            return kept
        if digest not in pictures:
            raise TeacherError("no picture", f"the frame {digest[:12]} was not handed over")
        fresh = b64encode(pictures[digest])
        self._frames[digest] = fresh
        self._room -= len(fresh)
        while self._room < 0 and self._frames:
            self._room += len(self._frames.popitem(last=False)[1])
        return fresh


def _json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


@lru_cache(maxsize=256)
def _settings(
    sampling: Sampling, seed: int | None, form: tuple[Shape, tuple[str, ...]] | None, official: bool
) -> bytes:
    """All that stands after the conversation, without its braces."""
    settings: dict[str, Json] = {}
    if form is not None:
        shape, classes = form
        schema: Json = _without_lengths(schema_of(shape, classes)) if official else schema_of(shape, classes)
        wanted: Json = {"name": shape, "strict": True, "schema": schema}
        settings["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if not official or sampling.temperature != 1:
        settings["temperature"] = sampling.temperature
    if not official or sampling.top_p != 1:
        settings["top_p"] = sampling.top_p
    settings["max_completion_tokens" if official else "max_tokens"] = sampling.max_tokens
    if seed is not None:
        settings["seed"] = seed
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()[1:-1]


def _without_lengths(schema: Json) -> Json:
    """The schema without the bounds that OpenAI's strict mode does not list among what it supports."""
    if isinstance(schema, Mapping):
        return {key: _without_lengths(value) for key, value in schema.items() if key not in ("minLength", "maxLength")}
    if isinstance(schema, list):
        return [_without_lengths(value) for value in schema]
    return schema
