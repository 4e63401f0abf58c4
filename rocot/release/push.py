"""Push: a release becomes the main branch of a repository on the Hub, whole or not at all, and is tagged.

    look      what main and the tags hold; a release that is there already is done
    store     each shard that main lacks, one by one: no reader sees it, and a push that is killed finds it again
    commit    one commit with all of them, card and manifest, on the very commit that was looked at
    tag       that commit

Main is the old release until the commit, and the new one from then on. Whether a commit was made whose answer never
came is told by main itself: after any failure it is read again. Where it has moved, with another manifest, somebody
else has pushed, and the push ends; where only other files have changed, the commit is made on top of them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from huggingface_hub import CommitOperationAdd

from rocot.errors import ConfigError, HubError, StoreError
from rocot.release.changes import Changes, changes
from rocot.release.files import hidden
from rocot.release.hub import Hub, Repo, Stored
from rocot.release.hub_faults import OvertakenError, PassingError, UnsettledError
from rocot.release.manifest import NAME, Manifest, read_manifest
from rocot.release.ready import SHOWN, Release
from rocot.release.rights import refusal
from rocot.release.shards import Listed

MAIN = "main"
TAG = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class Telling(Protocol):
    """Told of a push as it goes."""

    def storing(self, file: Listed) -> None:
        """A file's upload begins."""

    def stored(self, file: Listed) -> None:
        """It is there."""

    def committing(self) -> None:
        """All files are there."""


@dataclass(frozen=True)
class Wish:
    """What the user asks for."""

    tag: str
    private: bool = False
    """Go on only where the repository is private."""
    public: bool = False
    """Let everybody see it, once all is done."""


@dataclass(frozen=True)
class State:
    """Main, as it was looked at. A repository that is not there yet has no files."""

    repo: Repo | None = None
    files: Mapping[str, Stored] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    """Files that main's manifest answers for."""

    @property
    def manifest(self) -> str | None:
        """The manifest's name in git, which is that of its bytes."""
        return self.files[NAME].oid if NAME in self.files else None


@dataclass(frozen=True)
class Plan:
    """What a push does from a state."""

    send: tuple[Listed, ...]
    there: tuple[Listed, ...]
    """Files that main holds already."""
    gone: tuple[str, ...]
    """Files of the release on main that the new one has no more."""

    @property
    def done(self) -> bool:
        """Whether main is the release."""
        return not self.send and not self.gone


@dataclass(frozen=True)
class Outlook:
    """All that is known before anything is changed."""

    state: State
    plan: Plan
    tagged: bool
    """Whether the tag is there, and marks this very release."""
    changes: Changes | None
    """Against the last version; None where there is none, or none that this rocot can read."""


@dataclass(frozen=True)
class Pushed:
    """What a push has done."""

    commit: str
    """Of main, which holds the release."""
    sent: int | None
    """Bytes, see `Hub.sent`."""


def outlook(hub: Hub, release: Release, wish: Wish) -> Outlook:
    """Looks, and changes nothing. Raises ConfigError or HubError where the push cannot be made."""
    if TAG.fullmatch(wish.tag) is None or wish.tag == MAIN:
        raise ConfigError(f"--tag {wish.tag}: no name for a tag; want letters, digits, dots, as in v1.2.0")
    state = _state(hub)
    _check_visibility(hub, release, wish, state.repo)
    tags = {} if state.repo is None else hub.tags()
    if wish.tag in tags and _lacking(release, hub.files(wish.tag)):
        raise HubError(
            f"{hub.name} has a tag {wish.tag} for another release (commit {tags[wish.tag][:7]}), and what is published"
            " under a version stays: raise release.version in the recipe and export again, or give another --tag"
        )
    return Outlook(
        state=state,
        plan=_plan(hub, release, state),
        tagged=wish.tag in tags,
        changes=_changes(hub, release.manifest, state, [tag for tag in tags if tag != wish.tag]),
    )


def push(hub: Hub, release: Release, wish: Wish, seen: Outlook, telling: Telling) -> Pushed:
    """Does it. Raises HubError; then main is what it was, or the release, and the same push again goes on."""
    if seen.state.repo is None:
        hub.create()
    making = _Making(hub, release, seen.state.manifest, telling)
    commit = hub.waits.retrying(hub.remark, UnsettledError)(making.once)
    if not seen.tagged:
        hub.tag(wish.tag, commit)
    if wish.public:
        hub.publish()
    return Pushed(commit, hub.sent)


@dataclass
class _Making:
    """Makes main the release."""

    hub: Hub
    release: Release
    manifest: str | None
    """Main's, when the push began."""
    telling: Telling
    parent: str | None = None
    additions: dict[str, CommitOperationAdd] = field(default_factory=dict)
    """Of files that are stored, made while main stood at `parent`."""

    def once(self) -> str:
        """The commit of main that is the release. Raises UnsettledError where another try may come to it."""
        for last in (False, True):
            state = _state(self.hub)
            if state.repo is None:
                raise HubError(f"{self.hub.name} was made, and cannot be seen; look for it on the Hub")
            if state.manifest != self.manifest and _lacking(self.release, state.files):
                raise _another_release(self.hub, state.repo)
            plan = _plan(self.hub, self.release, state)
            if plan.done:
                return state.repo.head
            if not last:
                self._make(plan, state.repo)
        raise UnsettledError(f"{self.hub.name}: the commit is made and not to be seen")

    def _make(self, plan: Plan, repo: Repo) -> None:
        if (
            repo.head != self.parent
        ):  # an addition knows what lay in its place when it was made, and is left out if equal
            self.additions, self.parent = {}, repo.head
        for file in plan.send:
            if file.path not in self.additions:
                self.telling.storing(file)
                self.additions[file.path] = self._store(file)
                self.telling.stored(file)
        self.telling.committing()
        made = self.release.manifest
        added = [self.additions[file.path] for file in plan.send]
        try:
            self.hub.commit(added, plan.gone, repo.head, f"{made.release} {made.version}")
        except OvertakenError as error:
            raise UnsettledError(f"{self.hub.name}: somebody has committed in between") from error
        except PassingError as error:
            raise UnsettledError(str(error), error.wait) from error

    def _store(self, file: Listed) -> CommitOperationAdd:
        addition = self.hub.store(file.path, self.release.folder / file.path)
        if addition.upload_info.sha256.hex() != file.sha256:
            raise HubError(f"{file.path} was changed while it was pushed; nothing is published. Push again")
        return addition


def _state(hub: Hub) -> State:
    repo = hub.look()
    if repo is None:
        return State()
    files = hub.files(repo.head)
    if NAME not in files:
        return State(repo, files)
    path = hub.manifest(repo.head, NAME, files[NAME])
    return State(repo, files, frozenset(_named(path.read_bytes())))


def _named(manifest: bytes) -> Iterator[str]:
    """The files that a manifest of whatever version of rocot lists: what has a path and a sha256."""
    try:
        waiting = [json.loads(manifest)]
    except ValueError:
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("path"), str) and "sha256" in value:
                yield value["path"]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _lacking(release: Release, files: Mapping[str, Stored]) -> tuple[Listed, ...]:
    """The files of a release that a commit does not hold."""
    return tuple(
        file
        for file in release.files
        if file.path not in files or not files[file.path].holds(release.folder / file.path, file.sha256)
    )


def _plan(hub: Hub, release: Release, state: State) -> Plan:
    """Raises HubError where main holds what nobody knows of, and what would be loaded with the release."""
    own = {file.path for file in release.files}
    others = sorted(path for path in state.files if path not in own)
    strays = [
        path
        for path in others
        if path not in state.listed and path.split("/")[0] in release.folders and not hidden(path)
    ]
    if strays:
        more = f" and {len(strays) - SHOWN} more" if len(strays) > SHOWN else ""
        raise HubError(
            f"{hub.name} holds {', '.join(strays[:SHOWN])}{more}, which no manifest of rocot lists and which would be"
            " loaded with the release; remove what is there, or push to another name"
        )
    send = _lacking(release, state.files)
    return Plan(
        send=send,
        there=tuple(file for file in release.files if file not in send),
        gone=tuple(path for path in others if path in state.listed),
    )


def _check_visibility(hub: Hub, release: Release, wish: Wish, repo: Repo | None) -> None:
    private = repo is None or repo.private
    if wish.private and not private:
        raise HubError(f"{hub.name} is public; make it private in its settings on the Hub, or push to another name")
    gated = repo is not None and repo.gated == "manual"
    why = refusal(release.manifest.pixels, private=private and not wish.public, gated=gated)
    if why is not None:
        raise HubError(f"{hub.name} is {'to be public' if private else 'public'}: {why}")


def _another_release(hub: Hub, repo: Repo) -> HubError:
    change = hub.last_change(repo.head)
    return HubError(
        f"{hub.name}: another release was pushed while this one went up, last by {change.by}"
        f" ({change.commit[:7]}, {change.title}); theirs stands. Push again to put this one in its place"
    )


def _changes(hub: Hub, manifest: Manifest, state: State, tags: Sequence[str]) -> Changes | None:
    """Against the highest version, or main where no tag is one."""
    if state.repo is None:
        return None
    versions = sorted((tuple(map(int, match.groups())), tag) for tag in tags if (match := _VERSION.fullmatch(tag)))
    against = versions[-1][1] if versions else MAIN
    try:
        files = hub.files(against)
        old = read_manifest(hub.manifest(against, NAME, files[NAME]).parent) if NAME in files else None
    except StoreError:
        hub.remark(f"{against} was made by another version of rocot: what has changed cannot be told")
        return None
    return None if old is None else changes(old, manifest, against)
