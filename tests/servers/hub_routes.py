"""What a stand-in of the Hub answers, route by route."""

import base64
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.servers.hub_cas import Storage
from tests.servers.hub_repo import LARGE, Blob, Commit, Repo


@dataclass
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, told: object, status: int = 200) -> "Answer":
        """As most routes answer."""
        return cls(status, json.dumps(told).encode(), {"Content-Type": "application/json"})

    @classmethod
    def refusal(cls, status: int, message: str, code: str | None = None) -> "Answer":
        """With the headers that the client reads."""
        made = cls.json({"error": message}, status)
        made.headers |= {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        return made


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    user: str | None
    """Whose token it bears."""

    @property
    def told(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Shelf:
    """All repositories and large files, and who may do what."""

    url = ""
    """Where it is served, for HF_ENDPOINT."""

    def __init__(self, xet: Path | None = None, *, page: int = 1000) -> None:
        """With a folder for xet's storage, large files are stored by it. Listings come in pages of `page`."""
        self.storage = None if xet is None else Storage(xet)
        self.page = page
        self.tokens: dict[str, str] = {"hf_tester": "tester", "hf_other": "other", "hf_reader": "reader"}
        """Users by token; `reader` may not write."""
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        """Large files of Git LFS by sha256."""
        self.puts: Counter[str] = Counter()
        """How often each of them came whole."""
        self._lock = threading.RLock()

    def repo(self, name: str) -> Repo:
        """One that is there."""
        return self.repos[name]

    def read(self, name: str, path: str, revision: str = "main") -> bytes:
        """A file, as anybody may read it."""
        commit = self.repos[name].at(revision)
        assert commit is not None
        return self.content(commit.files[path])

    def content(self, blob: Blob) -> bytes:
        """The bytes of a file."""
        if blob.content is not None:
            return blob.content
        assert blob.sha256 is not None
        if blob.sha256 not in self.objects:
            assert self.storage is not None
            self.objects[blob.sha256] = self.storage.read(blob.sha256, blob.size)
        return self.objects[blob.sha256]

    def answer(self, route: str, asked: Asked, found: re.Match[str]) -> Answer:
        """One request at a time."""
        with self._lock:
            name = found.groupdict().get("repo")
            if name is None:
                return FREE[route](self, asked, found)
            repo = self.repos.get(unquote(name))
            refused = self._refused(repo, asked, route)
            if refused is not None:
                return refused
            assert repo is not None
            return OF_A_REPO[route](self, repo, asked, found)

    def _refused(self, repo: Repo | None, asked: Asked, route: str) -> Answer | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token and asked.user is None:
            return Answer.refusal(401, "Invalid credentials in Authorization header")
        if repo is None or (repo.private and asked.user is None):
            return Answer.refusal(404 if token else 401, "Repository not found", "RepoNotFound")
        if route not in READS and (asked.user is None or asked.user != repo.author):
            return Answer.refusal(403 if token else 401, "You don't have the rights to write here")
        if repo.gated and asked.user != repo.author and "resolve" in route:
            return Answer.refusal(403, "Access to this dataset is restricted", "GatedRepo")
        return None

    def _whoami(self, asked: Asked, _: re.Match[str]) -> Answer:
        if asked.user is None:
            return Answer.refusal(401, "Invalid credentials in Authorization header")
        return Answer.json({"type": "user", "name": asked.user, "auth": {"type": "access_token"}})

    def _create(self, asked: Asked, _: re.Match[str]) -> Answer:
        if asked.user is None:
            return Answer.refusal(401, "Invalid credentials in Authorization header")
        told = asked.told
        owner = told.get("organization") or asked.user
        if owner != asked.user or asked.user == "reader":
            return Answer.refusal(403, f"You don't have the rights to create a dataset under the namespace {owner}")
        name = f"{owner}/{told['name']}"
        known = name in self.repos
        if not known:
            self.repos[name] = Repo(name, told.get("visibility", "public") == "private", owner)
        made = {"url": f"{self.url}/datasets/{name}", "name": name, "id": name}
        if known:
            return Answer.json(made | {"error": "You already created this dataset repo"}, 409)
        return Answer.json(made)

    def _yaml(self, asked: Asked, _: re.Match[str]) -> Answer:
        content = asked.told["content"]
        if not content.startswith("---\n"):
            return Answer.json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
        if "\n---" not in content[4:]:
            return Answer.json({"errors": [{"message": "the metadata has no end"}], "warnings": []}, 400)
        return Answer.json({"errors": [], "warnings": []})

    def _put(self, asked: Asked, found: re.Match[str]) -> Answer:
        name = hashlib.sha256(asked.body).hexdigest()
        if name != found["oid"]:
            return Answer.refusal(400, "the bytes are not those that were announced")
        self.objects[name] = asked.body
        self.puts[name] += 1
        return Answer(headers={"ETag": f'"{name}"'})

    def _info(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        commit = repo.at(unquote(found.groupdict().get("rev") or "main"))
        return Answer.json(repo.told(commit)) if commit else _no_revision()

    def _refs(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in repo.tags.items()]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head.oid}
        return Answer.json({"branches": [main], "converts": [], "tags": tags})

    def _commits(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        until = repo.at(unquote(found["rev"]))
        if until is None:
            return _no_revision()
        made = [
            {"id": one.oid, "authors": [{"user": one.author}], "date": one.date, "title": one.title, "message": ""}
            for one in repo.commits[: repo.commits.index(until) + 1]
        ]
        return Answer.json(made[::-1])

    def _preupload(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        modes = []
        for file in asked.told["files"]:
            large = file["path"].endswith(LARGE) or file["size"] > 10_000_000
            there = repo.head.files.get(file["path"])
            told = {"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
            modes.append(told | ({} if there is None else {"oid": there.etag}))
        return Answer.json({"files": modes})

    def _batch(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        objects = []
        for one in asked.told["objects"]:
            upload = {"href": f"{self.url}/storage/{one['oid']}?X-Amz-Signature=secret"}
            verify = {"href": f"{self.url}/datasets/{repo.name}.git/info/lfs/verify"}
            there = one["oid"] in self.objects
            objects.append(one | ({} if there else {"actions": {"upload": upload, "verify": verify}}))
        return Answer.json({"transfer": "basic", "objects": objects})

    def _verify(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        there = len(self.objects.get(asked.told["oid"], b"")) == asked.told["size"]
        return Answer.json({}) if there else Answer.refusal(404, "the upload is not there")

    def _xet(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        if self.storage is None:
            return Answer.refusal(404, "no xet here")
        until = int(time.time()) + 3600
        made = Answer.json({"casUrl": self.storage.url, "exp": until, "accessToken": "xet"})
        told = {"Cas-Url": self.storage.url, "Access-Token": "xet", "Token-Expiration": str(until)}
        made.headers |= {f"X-Xet-{name}": value for name, value in told.items()}
        return made

    def _commit(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        head, changed, gone = {}, dict[str, Blob](), list[str]()
        stored = {} if self.storage is None else self.storage.names()
        for line in map(json.loads, asked.body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                head = value
            elif line["key"] == "file":
                content = base64.b64decode(value["content"])
                changed[value["path"]] = Blob(len(content), content)
            elif line["key"] == "lfsFile" and value["oid"] not in self.objects and value["oid"] not in stored:
                return Answer.refusal(400, f"{value['path']}: its large file {value['oid']} is not stored")
            elif line["key"] == "lfsFile":
                changed[value["path"]] = Blob(value["size"], sha256=value["oid"])
            elif value["path"] not in repo.head.files:
                return Answer.refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            else:
                gone.append(value["path"])
        if head.get("parentCommit", repo.head.oid) != repo.head.oid:
            return Answer.refusal(412, "A commit has happened since. Please refresh and try again.")
        made = repo.commit(changed, tuple(gone), head["summary"], str(asked.user))
        url = f"{self.url}/datasets/{repo.name}/commit/{made.oid}"
        return Answer.json({"success": True, "commitUrl": url, "commitOid": made.oid})

    def _tag(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        commit, tag = repo.at(unquote(found["rev"])), asked.told["tag"]
        if commit is None:
            return _no_revision()
        if tag in repo.tags:
            return Answer.refusal(409, f"Tag reference exists already: refs/tags/{tag}")
        repo.tags[tag] = commit.oid
        return Answer.json({})

    def _settings(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        told = asked.told
        repo.private = {"private": True, "public": False}.get(told.get("visibility", ""), repo.private)
        repo.gated = told.get("gated", repo.gated)
        return Answer.json({"private": repo.private, "gated": repo.gated})

    def _tree(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        commit = repo.at(unquote(found["rev"]))
        if commit is None:
            return _no_revision()
        folder = unquote(found["rest"] or "")
        recursive = asked.query.get("recursive", ["false"])[0].lower() == "true"
        names = {} if self.storage is None else self.storage.names()
        entries = repo.listed(commit, folder, names, recursive=recursive)
        if folder and not entries:
            return Answer.refusal(404, f"{folder} does not exist", "EntryNotFound")
        start = int(asked.query.get("cursor", ["0"])[0])
        made = Answer.json(entries[start : start + self.page])
        if start + self.page < len(entries):
            url = f"{self.url}{asked.path}?recursive={recursive}&cursor={start + self.page}"
            made.headers["Link"] = f'<{url}>; rel="next"'
        return made

    def _paths(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        commit = repo.at(unquote(found["rev"]))
        if commit is None:
            return _no_revision()
        kind = asked.headers.get("content-type", "")
        form: Mapping[str, Any] = asked.told if "json" in kind else parse_qs(asked.body.decode())
        names = {} if self.storage is None else self.storage.names()
        every = {one["path"]: one for one in repo.listed(commit, "", names, recursive=True)}
        return Answer.json([every[path] for path in form["paths"] if path in every])

    def _resolve(self, repo: Repo, asked: Asked, found: re.Match[str]) -> Answer:
        commit, path = repo.at(unquote(found["rev"])), unquote(found["rest"])
        if commit is None:
            return _no_revision()
        blob = commit.files.get(path)
        if blob is None:
            made = Answer.refusal(404, f"{path} does not exist", "EntryNotFound")
            made.headers["X-Repo-Commit"] = commit.oid
            return made
        return self._file(repo, commit, blob, asked)

    def _file(self, repo: Repo, commit: Commit, blob: Blob, asked: Asked) -> Answer:
        headers = {"ETag": f'"{blob.etag}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        if blob.sha256 is not None:
            headers |= {"X-Linked-Size": str(blob.size), "X-Linked-Etag": f'"{blob.sha256}"'}
            xet = None if self.storage is None else self.storage.names().get(blob.sha256)
            if xet is not None:
                route = f"{self.url}/api/datasets/{repo.name}/xet-read-token/{commit.oid}"
                headers |= {"X-Xet-Hash": xet, "X-Xet-Refresh-Route": route}
        if asked.method == "HEAD":
            return Answer(200, b"", headers | {"Content-Length": str(blob.size)})
        content = self.content(blob)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if wanted is None:
            return Answer(200, content, headers)
        start, end = int(wanted[1]), min(int(wanted[2] or blob.size), blob.size - 1)
        if start > end:
            return Answer(416, b"", headers | {"Content-Range": f"bytes */{blob.size}"})
        headers["Content-Range"] = f"bytes {start}-{end}/{blob.size}"
        return Answer(206, content[start : end + 1], headers)


def _no_revision() -> Answer:
    return Answer.refusal(404, "Invalid rev id", "RevisionNotFound")


_REPO = r"(?P<repo>[^/]+/[^/]+)"
_API = rf"/api/datasets/{_REPO}"
_REV = r"(?P<rev>[^/]+)"
_REST = r"(?:/(?P<rest>.+))?"
ROUTES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("GET whoami", "/api/whoami-v2"),
        ("POST create", "/api/repos/create"),
        ("POST validate-yaml", "/api/validate-yaml"),
        ("PUT storage", r"/storage/(?P<oid>[0-9a-f]{64})"),
        ("POST batch", rf"/datasets/{_REPO}\.git/info/lfs/objects/batch"),
        ("POST verify", rf"/datasets/{_REPO}\.git/info/lfs/verify"),
        ("GET refs", rf"{_API}/refs"),
        ("GET revision", rf"{_API}/revision/{_REV}"),
        ("GET commits", rf"{_API}/commits/{_REV}"),
        ("GET xet-token", rf"{_API}/xet-(?:write|read)-token/{_REV}"),
        ("GET tree", rf"{_API}/tree/{_REV}{_REST}"),
        ("POST preupload", rf"{_API}/preupload/{_REV}"),
        ("POST paths-info", rf"{_API}/paths-info/{_REV}"),
        ("POST commit", rf"{_API}/commit/{_REV}"),
        ("POST tag", rf"{_API}/tag/{_REV}"),
        ("PUT settings", rf"{_API}/settings"),
        ("GET info", _API),
        ("GET resolve", rf"/datasets/{_REPO}/resolve/{_REV}/(?P<rest>.+)"),
        ("HEAD resolve", rf"/datasets/{_REPO}/resolve/{_REV}/(?P<rest>.+)"),
    )
)
READS = {name for name, _ in ROUTES if name.startswith(("GET ", "HEAD "))} | {"POST paths-info"}
Free = Callable[[Shelf, Asked, re.Match[str]], Answer]
OfARepo = Callable[[Shelf, Repo, Asked, re.Match[str]], Answer]
FREE: Mapping[str, Free] = {
    "GET whoami": Shelf._whoami,
    "POST create": Shelf._create,
    "POST validate-yaml": Shelf._yaml,
    "PUT storage": Shelf._put,
}
OF_A_REPO: Mapping[str, OfARepo] = {
    "POST batch": Shelf._batch,
    "POST verify": Shelf._verify,
    "GET refs": Shelf._refs,
    "GET revision": Shelf._info,
    "GET info": Shelf._info,
    "GET commits": Shelf._commits,
    "GET xet-token": Shelf._xet,
    "GET tree": Shelf._tree,
    "POST preupload": Shelf._preupload,
    "POST paths-info": Shelf._paths,
    "POST commit": Shelf._commit,
    "POST tag": Shelf._tag,
    "PUT settings": Shelf._settings,
    "GET resolve": Shelf._resolve,
    "HEAD resolve": Shelf._resolve,
}
