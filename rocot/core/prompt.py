"""A question as data: turns of text and frames, exactly what a teacher is sent and nothing else."""

import hashlib
from functools import cache, cached_property, lru_cache
from string import Template
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field

from rocot.core.record import Record, canonical, digest, quoted
from rocot.core.reply import Dialect, Shape, schema_of


class Text(Record):
    """A stretch of text."""

    kind: Literal["text"] = "text"
    text: str


class Picture(Record):
    """One frame. The bytes are looked up by their digest when a call is really made."""

    kind: Literal["picture"] = "picture"
    time: float
    """Seconds of the source video."""
    digest: str
    """sha256 of the JPEG."""


Part: TypeAlias = Annotated[Text | Picture, Field(discriminator="kind")]


class Turn(Record):
    """What one side says."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]

    @cached_property
    def hashed(self) -> int:
        """Its hash. A turn with frames is looked up six times a clip, and has 34 parts to go through each time."""
        return hash((self.role, self.parts))

    def __hash__(self) -> int:
        return self.hashed


class Sampling(Record):
    """How a teacher draws its reply."""

    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, gt=0, le=2**31 - 1)
    seed: int | None = None
    """Sent to the server, plus the rollout's number; None sends none."""


class Ask(Record):
    """One call. All of it, with the reply's schema, makes the key under which its reply is kept."""

    model: str
    turns: tuple[Turn, ...]
    shape: Shape
    dialect: Dialect
    classes: tuple[str, ...]
    sampling: Sampling
    rollout: int = Field(default=0, ge=0)

    @cached_property
    def key(self) -> str:
        """sha256 over what is sent: model, turns, frame digests, reply schema, sampling, and the rollout's number.

        Not in it: base URL, API key, worker count, folders, row order, rocot's version. A test guards the list.
        """
        # Spelt as `canonical` would, from parts that asks share: frames and question cost most of it, and come thrice.
        ask = self.model_dump(mode="json", exclude={"turns"})
        turns = b",".join(_spelt(turn) for turn in self.turns)
        schema = _schema_spelt(self.shape, self.classes) if self.dialect == "json" else b"null"
        whole = b'{"ask":%b,"turns":[%b]},"schema":%b}' % (canonical(ask)[:-1], turns, schema)
        return hashlib.sha256(whole).hexdigest()

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.__dict__.pop("key", None)  # a copy is made to be changed
        return copied

    @property
    def seed(self) -> int | None:
        """The seed to send: each rollout draws its own."""
        return None if self.sampling.seed is None else self.sampling.seed + self.rollout


@lru_cache(maxsize=256)
def _spelt(turn: Turn) -> bytes:
    """As `canonical` would, in a third of the time: 34 parts of a clip that is asked about for the first time."""
    parts = ",".join([_part_spelt(part) for part in turn.parts])
    return f'{{"parts":[{parts}],"role":"{turn.role}"}}'.encode()


def _part_spelt(part: Part) -> str:
    if isinstance(part, Text):
        return f'{{"kind":"text","text":{quoted(part.text)}}}'
    return f'{{"digest":{quoted(part.digest)},"kind":"picture","time":{part.time!r}}}'


@lru_cache(maxsize=64)
def _schema_spelt(shape: Shape, classes: tuple[str, ...]) -> bytes:
    return canonical(schema_of(shape, classes))


class Prompt(Record):
    """A template from `prompts/`: `$name` stands for a value (string.Template)."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        """sha256 of the template's text."""
        return _digest_of(self.text)

    def fill(self, **values: str) -> str:
        """The text with its values. Raises KeyError for a placeholder without one; values are never expanded again."""
        return Template(self.text).substitute(values)


@cache
def _digest_of(text: str) -> str:
    return digest(text)


def stamp(time: float) -> str:
    """How a frame's time stands before it in a prompt, seconds: `<12.50s>`."""
    return f"<{time:.2f}s>"
