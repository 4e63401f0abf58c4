"""What a teacher does: one attempt at one call. Recording, retries and pace are not its business (see asker.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from rocot.core.prompt import Ask, Prompt, Sampling
from rocot.core.record import Json
from rocot.core.reflection import About
from rocot.core.reply import Dialect


@dataclass(frozen=True)
class Raw:
    """What came back from one attempt, before anything is made of it."""

    body: bytes
    status: int = 200
    """HTTP status; 200 for a teacher in this process."""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that matter for pace (retry-after, date, x-ratelimit-*), names in lower case; never keys."""
    referred: bool = False
    """Whether frames were only referred to: then a refusal may be about that, and no word on the call."""


@dataclass(frozen=True)
class Usage:
    """Tokens, as the server counts them."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    """Of the prompt's, those that a prefix cache paid for."""


@dataclass(frozen=True)
class Reply:
    """A reply that is whole: its text, why it ended, what it cost."""

    text: str
    finish: str
    """The server's word: `stop` is a whole reply."""
    model: str
    """The model that the server says it served."""
    usage: Usage


class Teacher(Protocol):
    """One model behind one way of reaching it."""

    @property
    def model(self) -> str:
        """As the recipe names it, e.g. `openai:gpt-5` or `embedded`: part of every key."""

    @property
    def endpoint(self) -> str:
        """Where it is sent, without user, password or query; recorded per attempt, no part of any key."""

    async def start(self) -> None:
        """Makes it ready to be asked, as by loading a model, however long that takes; before the first attempt.

        Raises ConfigError, ServiceError.
        """

    async def send(self, ask: Ask, pictures: Mapping[str, bytes]) -> Raw:
        """One attempt. `pictures` holds the JPEG of every digest in the ask.

        Whatever bytes came back are returned, a refusal's too, with their status: see `faults.fault_in`.
        Raises TeacherError for an attempt that brought no bytes; passing=True when another may succeed.
        """

    def read(self, raw: bytes) -> Reply:
        """The reply in stored bytes: pure. Raises TeacherError (a named, paid-for failure) when there is none."""

    async def close(self) -> None:
        """Lets go of connections."""


Compose: TypeAlias = Callable[[Dialect], Ask]
"""Words one question in the given dialect of replies."""


Parse: TypeAlias = Callable[[str], object]
"""What will be made of a reply's text; raises ReplyError for one that does not parse."""


def identity_of(model: str, sampling: Sampling, dialect: str, repair: Prompt | None) -> Json:
    """Model, sampling, the recipe's word on the dialect, and how a repair is asked for, where it is.

    Which dialect `auto` came to is in each call's key.
    """
    identity: dict[str, Json] = {"model": model, "sampling": sampling.model_dump(mode="json"), "dialect": dialect}
    return identity if repair is None else identity | {"repair": repair.digest}


@dataclass(frozen=True)
class Resting:
    """A server that is left alone, since it fails nearly every call."""

    model: str
    endpoint: str
    reason: str
    """The name of its last failure."""


class Asks(Protocol):
    """What the stages see: a question that is answered once and for all."""

    @property
    def model(self) -> str:
        """As the recipe names it."""

    @property
    def sampling(self) -> Sampling:
        """How replies are drawn."""

    @property
    def identity(self) -> Json:
        """What changes its answers besides the question: model, sampling, dialect, repair."""

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        """The recorded reply to this question, or a new one, recorded before it is read; with the ask that got it.

        Where the recipe allows a repair, a reply that `parse` refuses is answered with what is wrong about it, once:
        then the ask is that whole conversation, and the reply whatever came of it.

        Raises TeacherError, ServiceError.
        """
