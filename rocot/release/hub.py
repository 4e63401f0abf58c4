"""One dataset repository of a Hub: what is asked of it, through the official client, and what comes back.

Whatever may be asked twice is asked again here while it fails in a way that may pass. A commit is not: whether it was
made is told by the repository, see `rocot.release.push`.
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    constants,
    get_session,
    get_token,
    set_client_factory,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars
from pydantic import SecretStr

from rocot import __version__
from rocot.errors import ConfigError, HubError
from rocot.release.hub_faults import LOGIN, MissingError, PassingError, TakenError, Waits, translated, wanted
from rocot.release.manifest import MOST_BYTES
from rocot.url import without_password

KIND = "dataset"
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
WAITS = Waits()

CommitOperation = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete
T = TypeVar("T")


@dataclass(frozen=True)
class Repo:
    """A repository, as it stands."""

    head: str
    """The commit that was asked for, of main unless another revision was."""
    private: bool
    gated: Literal["auto", "manual"] | None
    """Whether who wants to read it has to ask, and is let in at once or by hand."""


@dataclass(frozen=True)
class Stored:
    """A file of a commit."""

    size: int
    oid: str
    """Git's name of the file, or of the pointer to a large one."""
    sha256: str | None
    """Of a large file."""

    def holds(self, file: Path, sha256: str) -> bool:
        """Whether it is the file of this sha256; one that git holds itself is small, and read for that."""
        if self.sha256 is not None:
            return self.sha256 == sha256
        return self.size == file.stat().st_size and self.oid == git_oid(file.read_bytes())


@dataclass(frozen=True)
class Change:
    """A commit, as the history tells it."""

    commit: str
    title: str
    by: str


def git_oid(content: bytes) -> str:
    """The name that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass
class _Wire:
    """Counts what was sent, and lets no server put the client to sleep for longer than we would wait.

    The client itself waits for ever for an answer, and obeys every Retry-After.
    """

    longest: float
    silence: float
    sent: int = 0

    def bound(self, request: httpx2.Request) -> None:
        """No call waits for ever, not even where the client asks for that."""
        said = request.extensions.get("timeout", {})
        names = ("connect", "read", "write", "pool")
        request.extensions["timeout"] = {name: said.get(name) or self.silence for name in names}

    def look(self, response: httpx2.Response) -> None:
        """At every answer."""
        if response.is_success:
            self.sent += int(response.request.headers.get("content-length", 0))
        if response.status_code in {429, 503} and (wait := wanted(response.headers)) > self.longest:
            raise PassingError(f"the Hub wants to be left alone for {wait:.0f} s; run the same again then", wait)


@dataclass
class Hub:
    """A repository by its name, `org/name`. Sets up the client's connections for the whole process.

    Raises ConfigError for a name or an endpoint that is none.
    """

    name: str
    endpoint: str | None = None
    """None for the client's own: HF_ENDPOINT, else huggingface.co."""
    token: SecretStr | None = None
    """None for the client's own: HF_TOKEN, else that of its login."""
    waits: Waits = WAITS
    cache: Path | None = None
    """Where manifests and cards are kept; None for the client's own place."""
    remark: Callable[[str], None] = field(default=lambda _: None, repr=False)
    """Told why something is asked again."""

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise ConfigError(f"{self.name!r} names no dataset of the Hub; want ORG/NAME, as in lab/car-park")
        self._api = HfApi(
            endpoint=self.endpoint,
            token=None if self.token is None else self.token.get_secret_value(),
            library_name="rocot",
            library_version=__version__,
        )
        _check_address(self._api.endpoint)
        self._wire = _Wire(self.waits.longest_wanted, self.waits.silence)
        disable_progress_bars()
        set_client_factory(_clients(self._wire))

    @property
    def sent(self) -> int | None:
        """Bytes of requests that arrived. None with xet, which sends by itself, and only chunks that are new."""
        return self._wire.sent if constants.HF_HUB_DISABLE_XET else None

    @property
    def url(self) -> str:
        """Of its page."""
        return f"{self._api.endpoint}/datasets/{self.name}"

    def look(self, revision: str | None = None) -> Repo | None:
        """How it stands, None where there is none that the token may see. Raises MissingError for a revision."""

        def ask() -> Repo:
            info = self._api.repo_info(self.name, repo_type=KIND, revision=revision)
            return Repo(head=str(info.sha), private=bool(info.private), gated=info.gated or None)

        try:
            return self._asked(f"{self.name}{f' at {revision}' if revision else ''}", ask)
        except MissingError:
            if revision is not None:
                raise
            return None

    def at(self, revision: str) -> Repo:
        """How it stands at a branch, tag or commit. Raises MissingError where there is none."""
        seen = self.look(revision)
        assert seen is not None, "a revision that is not there raises"
        return seen

    def files(self, revision: str) -> dict[str, Stored]:
        """All files of a commit, by path."""

        def ask() -> dict[str, Stored]:
            tree = self._api.list_repo_tree(self.name, repo_type=KIND, revision=revision, recursive=True)
            return {
                entry.path: Stored(entry.size, entry.blob_id, None if entry.lfs is None else entry.lfs.sha256)
                for entry in tree
                if isinstance(entry, RepoFile)
            }

        return self._asked(f"files of {self.name}", ask)

    def tags(self) -> dict[str, str]:
        """Commits by tag."""

        def ask() -> dict[str, str]:
            return {tag.name: tag.target_commit for tag in self._api.list_repo_refs(self.name, repo_type=KIND).tags}

        return self._asked(f"tags of {self.name}", ask)

    def last_change(self, revision: str) -> Change:
        """The commit itself, with who made it."""

        def ask() -> Change:
            last = self._api.list_repo_commits(self.name, repo_type=KIND, revision=revision)[0]
            return Change(last.commit_id, last.title, ", ".join(last.authors) or "somebody")

        return self._asked(f"history of {self.name}", ask)

    def fetch(self, path: str, revision: str, to: Path | None = None, *, again: bool = False) -> Path:
        """Where a file of a commit lies now: below `to`, or in the client's cache. Its bytes are the caller's to check.

        `again`: what lies there already is not what was wanted.
        """

        def ask() -> Path:
            got = self._api.hf_hub_download(
                self.name,
                path,
                repo_type=KIND,
                revision=revision,
                cache_dir=self.cache,
                local_dir=to,
                force_download=again,
            )
            return Path(got)

        return self._asked(f"{path} of {self.name}", ask)

    def manifest(self, revision: str, name: str, stored: Stored) -> Path:
        """Where the manifest of a commit lies now. Raises HubError for one that is none by its size."""
        if stored.size > MOST_BYTES:
            raise HubError(f"{self.name}: its {name} has {stored.size} bytes, and is none of rocot's")
        return self.fetch(name, revision)

    def create(self) -> None:
        """Makes it, private; one that is there stays as it is."""

        def ask() -> None:
            self._api.create_repo(self.name, repo_type=KIND, private=True, exist_ok=True)

        self._asked(f"making {self.name}", ask)

    def store(self, path: str, file: Path) -> CommitOperationAdd:
        """Uploads a file, if it is large and not there, and gives what a commit needs of it."""
        addition = CommitOperationAdd(path, file)

        def ask() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", DeprecationWarning
                )  # the client's 2.x uses its HTTP library's old words
                self._api.preupload_lfs_files(self.name, [addition], repo_type=KIND, free_memory=False, num_threads=1)

        self._asked(f"upload of {path}", ask)
        return addition

    def commit(self, added: Iterable[CommitOperationAdd], gone: Iterable[str], parent: str, title: str) -> None:
        """One commit to main, or none. Asked once: after a PassingError it may have been made all the same.

        Raises OvertakenError where main is no longer at the parent.
        """
        removals = (CommitOperationDelete(path, is_folder=False) for path in gone)
        operations: list[CommitOperation] = [*added, *removals]
        with translated(f"commit to {self.name}"), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self._api.create_commit(
                self.name, operations, repo_type=KIND, commit_message=title, parent_commit=parent, num_threads=1
            )
        for warning in told:
            self.remark(" ".join(str(warning.message).split()))

    def tag(self, tag: str, commit: str) -> None:
        """Marks a commit. Raises TakenError where the tag marks another one."""

        def ask() -> None:
            self._api.create_tag(self.name, repo_type=KIND, tag=tag, revision=commit)

        try:
            self._asked(f"tag {tag}", ask)
        except TakenError:  # by ourselves, perhaps, and the answer was lost
            marked = self.look(tag)
            if marked is None or marked.head != commit:
                raise

    def publish(self) -> None:
        """Lets everybody see it."""

        def ask() -> None:
            self._api.update_repo_settings(self.name, repo_type=KIND, private=False)

        self._asked(f"settings of {self.name}", ask)

    def check_login(self) -> None:
        """Raises ConfigError where there is no token at all."""
        if self._api.token is None and not get_token():
            raise ConfigError(f"no token for the Hub; {LOGIN}")

    def _asked(self, what: str, ask: Callable[[], T]) -> T:
        def once() -> T:
            with translated(what):
                return ask()

        return self.waits.retrying(self.remark)(once)


def _check_address(endpoint: str) -> None:
    """Raises ConfigError for what no request can go to: asking again would not mend it."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f"HF_ENDPOINT: {without_password(endpoint)[:100]!r} is no address of a Hub; want http:// or https:// and a"
            " host, or unset it for huggingface.co"
        )


def _clients(wire: _Wire) -> Callable[[], httpx2.Client]:
    """Connections like the client's own, and a wire that looks on."""
    kind = type(get_session())
    own = get_session().event_hooks["request"][:1]  # behind it may be that of another Hub of this process

    def make() -> httpx2.Client:
        hooks: dict[str, list[Callable[..., object]]] = {"request": [*own, wire.bound], "response": [wire.look]}
        return kind(event_hooks=hooks, follow_redirects=True)

    return make
