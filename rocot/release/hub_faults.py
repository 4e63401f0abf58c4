"""What goes wrong at a Hub, in our words, and when it is asked again.

The official client raises its own errors for what the server answers, those of its HTTP library (httpx up to 1.x,
httpx2 from 2.0 on) for what never arrived, and wraps either in a RuntimeError when it uploads.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from rocot.errors import HubError

MOST_SAID = 300
"""Characters of a server's own words that are passed on."""
LOGIN = "`hf auth login` stores a token, HF_TOKEN holds one for once; it must be one that may write there"


class PassingError(HubError):
    """Asked again later it may succeed. `wait`: the seconds that the server wants."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class UnsettledError(PassingError):
    """A commit may have been made, or not; only the repository tells."""


class OvertakenError(HubError):
    """Somebody else has committed since the parent was read."""


class MissingError(HubError):
    """No such repository, revision or file, or none that this token may see."""


class TakenError(HubError):
    """What was to be made is there already."""


def _library_error() -> type[Exception]:
    """The base of all errors of the HTTP library that the client uses."""
    for base in HfHubHTTPError.__mro__:
        if base.__name__ == "HTTPError" and issubclass(base, Exception):
            return base
    raise TypeError("huggingface_hub's errors are no HTTP errors")  # pragma: no cover  # neither 1.x nor 2.x


TRANSPORT = _library_error()


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Within the block the client is called; what it raises becomes a HubError that begins with `what`."""
    try:
        yield
    except (TRANSPORT, OSError, ValueError, RuntimeError) as error:
        raise _told(error, what) from error


def _told(error: BaseException, what: str) -> HubError:  # noqa: PLR0911  # one a kind of failure
    if isinstance(error, HubError):
        return error
    if isinstance(error, HfHubHTTPError):
        return _of_status(error, what)
    if isinstance(error, OfflineModeIsEnabled):
        return HubError(f"{what}: HF_HUB_OFFLINE is set; unset it to reach the Hub")
    if isinstance(error, TRANSPORT | ConnectionError | TimeoutError):
        return PassingError(f"{what}: no whole answer from the Hub ({_brief(error)})")
    if isinstance(error, json.JSONDecodeError):
        return PassingError(f"{what}: the Hub's answer is no JSON")
    if isinstance(error, ValueError):  # the client's own word on what it was given, or was answered
        return HubError(f"{what}: {_brief(error)}")
    if error.__cause__ is not None:  # of an upload, or of a download that found nothing in the cache either
        return _told(error.__cause__, what)
    if isinstance(error, RuntimeError):  # xet's client, after retries of its own
        return PassingError(f"{what}: {_brief(error)}")
    return HubError(f"{what}: {_brief(error)}")


def _of_status(error: HfHubHTTPError, what: str) -> HubError:  # noqa: PLR0911  # one a kind of answer
    status, said = error.response.status_code, _brief(error.server_message or error.response.reason_phrase)
    if isinstance(error, GatedRepoError):
        return HubError(f"{what}: the dataset is gated; ask for access on its page, then log in ({said})")
    if isinstance(error, RepositoryNotFoundError):
        return MissingError(f"{what}: no such dataset, or none that this token may see; {LOGIN}")
    if isinstance(error, RevisionNotFoundError | EntryNotFoundError):
        return MissingError(f"{what}: not there ({said})")
    if status in {401, 403}:
        return HubError(f"{what}: refused with status {status} ({said}); {LOGIN}")
    if status == 409:
        return TakenError(f"{what}: {said}")
    if status == 412:
        return OvertakenError(f"{what}: {said}")
    if status in {408, 425, 429} or status >= 500:
        return PassingError(f"{what}: the Hub answers with status {status} ({said})", wanted(error.response.headers))
    return HubError(f"{what}: refused with status {status} ({said})")


def wanted(headers: Mapping[str, str]) -> float:
    """Seconds that a server wants to be left alone for: `Retry-After`, or the rest of a window of the rate limit."""
    said = headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    limits = dict(part.strip().partition("=")[::2] for part in headers.get("ratelimit", "").split(";") if "=" in part)
    return float(limits["t"]) if limits.get("r") == "0" and limits.get("t", "").isdigit() else 0.0


def _brief(said: object) -> str:
    """In one line, without the addresses of uploads, which are signed."""
    words = " ".join(word.partition("?")[0] if "://" in word else word for word in str(said).split())
    return words if len(words) <= MOST_SAID else f"{words[:MOST_SAID]} ..."


@dataclass(frozen=True)
class Waits:
    """How often, and after how long, the Hub is asked again."""

    tries: int = 6
    """In all, while what fails may pass."""
    base: float = 1.0
    """Seconds: the waits are drawn evenly from 0 to `base`, twice that, four times that ... (full jitter)."""
    longest: float = 30.0
    """Seconds: the most that a wait is drawn from."""
    longest_wanted: float = 600.0
    """Seconds: the most that a server's Retry-After is obeyed for; the Hub's limits are by windows of five minutes."""

    silence: float = 120.0
    """Seconds without a byte after which an answer is given up; the client by itself would wait for ever."""

    def retrying(self, remark: Callable[[str], None], passing: type[PassingError] = PassingError) -> Retrying:
        """Tries again while an error of that kind is raised, tells why, and then raises the last one."""
        jitter = wait_random_exponential(multiplier=self.base, max=self.longest)

        def wait(state: RetryCallState) -> float:
            return jitter(state) + _wanted(state)

        def gives_up(state: RetryCallState) -> bool:
            return state.attempt_number >= self.tries or _wanted(state) > self.longest_wanted

        def tell(state: RetryCallState) -> None:
            seconds = state.upcoming_sleep
            remark(f"{_failure(state)}; asked again in {seconds:.0f} s")

        return Retrying(
            retry=retry_if_exception_type(passing), stop=gives_up, wait=wait, before_sleep=tell, reraise=True
        )


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _wanted(state: RetryCallState) -> float:
    error = _failure(state)
    return error.wait if isinstance(error, PassingError) else 0.0
