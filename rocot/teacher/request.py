"""The body of a chat request, spliced from bytes.

Building it as objects and letting a client walk and encode them costs several times more CPU than sending it: 16
frames are 300 kB of base64. So frames are encoded once, and everything else is a small head, middle and tail.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from pybase64 import b64encode

from rocot.core.prompt import Ask, Picture, Sampling, Text, Turn
from rocot.core.record import Json, quoted
from rocot.core.reply import Shape, schema_of
from rocot.errors import TeacherError
from rocot.teacher.recent import Recent

KEPT_BYTES = 32_000_000
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
        self._turns: Recent[tuple[Turn, bool], Sequence[bytes]] = Recent(kept_bytes * 3 // 4)
        """What all asks about a clip begin with; with or without the names of frames."""
        self._frames: Recent[str, bytes] = Recent(kept_bytes // 4)
        """Of turns that share frames and no more."""

    def body(self, ask: Ask, pictures: Mapping[str, bytes], known: Collection[str] | None = None) -> bytes:
        """The request for an ask. Raises TeacherError (`no picture`) for a digest that `pictures` lacks.

        The conversation comes first, so that the requests about one clip start with the same bytes. For a server that
        holds frames (see `held.py`), `known` are the digests of those that it holds: they are spelt as a name without
        pixels, all others as both. For others it is None, and no name is spelt.
        """
        pieces = [b'{"model":', _json(self._served), b',"messages":[']
        for index, turn in enumerate(ask.turns):
            pieces.append(b'%b{"role":"%b","content":' % (b"," if index else b"", turn.role.encode()))
            pieces += self._content(turn, pictures, known)
        form = (ask.shape, ask.classes) if ask.dialect == "json" else None
        pieces += [b"],", _settings(ask.sampling, ask.seed, form, self._official), b"}"]
        return b"".join(pieces)

    def _content(self, turn: Turn, pictures: Mapping[str, bytes], known: Collection[str] | None) -> Sequence[bytes]:
        """What stands after `"content":`, with the brace that closes the turn."""
        first = turn.parts[0] if len(turn.parts) == 1 else None
        if isinstance(first, Text):  # a plain string: some servers take nothing else from system and assistant
            return [_json(first.text), b"}"]
        brief = known is not None and any(isinstance(part, Picture) and part.digest in known for part in turn.parts)
        place = (turn, known is not None)
        kept = None if brief else self._turns.get(place)
        if kept is not None:
            return kept
        pieces: list[bytes] = []
        for part in turn.parts:
            begin = b"," if pieces else b"["
            if isinstance(part, Text):
                pieces.append(b'%b{"type":"text","text":%b}' % (begin, _json(part.text)))
            elif known is not None and part.digest in known:
                pieces.append(b'%b{"type":"image_url","image_url":null,"uuid":%b}' % (begin, _json(part.digest)))
            else:
                name = b"" if known is None else b',"uuid":%b' % _json(part.digest)
                pieces.append(b'%b{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,' % begin)
                pieces += self._encoded(part.digest, pictures), b'"}%b}' % name
        pieces.append(b"]}")
        if not brief:
            self._turns.put(place, pieces, sum(map(len, pieces)))
        return pieces

    def _encoded(self, digest: str, pictures: Mapping[str, bytes]) -> bytes:
        kept = self._frames.get(digest)
        if kept is None:
            if digest not in pictures:
                raise TeacherError("no picture", f"the frame {digest[:12]} was not handed over")
            kept = b64encode(pictures[digest])
            self._frames.put(digest, kept, len(kept))
        return kept


def _json(text: str) -> bytes:
    return quoted(text).encode()


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
