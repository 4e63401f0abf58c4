"""What a stand-in of the Hub holds: repositories with commits and tags, named as git and Git LFS name things."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

LARGE = (".parquet", ".arrow", ".bin", ".zip", ".mp4", ".jpg", ".png", ".safetensors")
"""Kept as large files, as a new repository's .gitattributes says."""
ATTRIBUTES = "".join(f"*{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in LARGE).encode()


def git_oid(content: bytes) -> str:
    """The name that git gives to a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file of a commit."""

    size: int
    content: bytes | None = None
    """None for a large file."""
    sha256: str | None = None
    """Of a large file."""

    @property
    def oid(self) -> str:
        """Of the file, or of the pointer that stands for a large one."""
        return git_oid(self.pointer if self.content is None else self.content)

    @property
    def pointer(self) -> bytes:
        """What git holds of a large file."""
        lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{self.sha256}", f"size {self.size}")
        return "".join(f"{line}\n" for line in lines).encode()

    @property
    def etag(self) -> str:
        """As a download names its bytes."""
        return self.sha256 or self.oid

    def told(self, path: str, xet: str | None) -> dict[str, Any]:
        """As a listing has it."""
        large = {} if self.sha256 is None else {"lfs": self._large()}
        return {"type": "file", "path": path, "size": self.size, "oid": self.oid, **large, **_only("xetHash", xet)}

    def _large(self) -> dict[str, Any]:
        return {"oid": self.sha256, "size": self.size, "pointerSize": len(self.pointer)}


def _only(name: str, value: str | None) -> dict[str, Any]:
    return {} if value is None else {name: value}


@dataclass(frozen=True)
class Commit:
    """One state of a repository."""

    oid: str
    title: str
    author: str
    date: str
    files: Mapping[str, Blob]


@dataclass
class Repo:
    """One dataset repository."""

    name: str
    private: bool
    author: str
    gated: str | bool = False
    commits: list[Commit] = field(default_factory=list)
    """Of the branch main, the oldest first."""
    tags: dict[str, str] = field(default_factory=dict)
    """Commits by tag."""

    def __post_init__(self) -> None:
        self.commit({".gitattributes": Blob(len(ATTRIBUTES), ATTRIBUTES)}, (), "initial commit", self.author)

    @property
    def head(self) -> Commit:
        """Of main."""
        return self.commits[-1]

    def commit(self, changed: Mapping[str, Blob], gone: tuple[str, ...], title: str, author: str) -> Commit:
        """Adds a commit to main."""
        before = self.commits[-1].files if self.commits else {}
        files = {path: blob for path, blob in before.items() if path not in gone} | dict(changed)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        seed = f"{self.name} {len(self.commits)} {title} {sorted((path, blob.oid) for path, blob in files.items())}"
        made = Commit(hashlib.sha1(seed.encode()).hexdigest(), title, author, now, files)
        self.commits.append(made)
        return made

    def at(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag or a name stands for."""
        name = self.tags.get(revision, self.head.oid if revision == "main" else revision)
        return next((one for one in self.commits if one.oid == name), None)

    def told(self, commit: Commit) -> dict[str, Any]:
        """As its page's data."""
        siblings = [{"rfilename": path} for path in sorted(commit.files)]
        base = {"_id": git_oid(self.name.encode())[:24], "id": self.name, "author": self.name.split("/")[0]}
        state: dict[str, Any] = {"private": self.private, "gated": self.gated, "disabled": False, "tags": []}
        dates = {"sha": commit.oid, "lastModified": commit.date, "createdAt": self.commits[0].date}
        return {**base, **state, **dates, "siblings": siblings}

    def listed(self, commit: Commit, folder: str, xet: Mapping[str, str], *, recursive: bool) -> list[dict[str, Any]]:
        """The files and folders below a folder, by path."""
        within = PurePosixPath(folder)
        found: dict[str, dict[str, Any]] = {}
        for path, blob in commit.files.items():
            if not PurePosixPath(path).is_relative_to(within):
                continue
            inner = PurePosixPath(path).relative_to(within).parts
            for depth in range(1, len(inner) if recursive else min(len(inner), 2)):
                place = (within / PurePosixPath(*inner[:depth])).as_posix()
                found[place] = {"type": "directory", "path": place, "size": 0, "oid": git_oid(place.encode())}
            if recursive or len(inner) == 1:
                found[path] = blob.told(path, xet.get(blob.sha256 or ""))
        return [found[path] for path in sorted(found)]
