"""Releases to push, a hub to push them to, and what must hold of its main branch at every instant."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import SecretStr

from rocot.core.record import Json
from rocot.recipe import Recipe, Release, Scenes
from rocot.release.export import Card, export
from rocot.release.gather import Samples
from rocot.release.hub import Hub
from rocot.release.hub_faults import Waits
from rocot.release.manifest import Manifest
from rocot.release.push import Outlook, Pushed, Wish, outlook, push
from rocot.release.ready import ready
from tests.builders import EDITION, many
from tests.servers.hub import HubServer

NAME = "tester/scenes"
TOKEN = "hf_tester"
SPLITS = ("train", "val", "test", "held")
QUICK = Waits(tries=4, base=0.02, longest=0.05)


def card_of(_: Path, manifest: Manifest) -> dict[str, str]:
    """A card with no more than the YAML that loading needs."""
    files = [f"  - split: {split}\n    path: data/{split}-*\n" for split in manifest.splits]
    yaml = f"license: cc-by-4.0\nconfigs:\n- config_name: all\n  data_files:\n{''.join(files)}"
    return {"README.md": f"---\n{yaml}---\n# Tiny\n"}


def laid(
    run: Path, version: str, splits: Sequence[str] = ("train", "val"), *, count: int = 6, card: Card = card_of
) -> Path:
    """A run with a release and its card, a shard a split, each with clips of its own."""
    recipe = Recipe(release=Release(name="tiny", version=version), sources=(Scenes(kind="scenes"),))
    for split in splits:
        start = SPLITS.index(split) * count
        rows = many(start + count, split)[start:]
        export(run, recipe, EDITION.fingerprint, Samples(split, rows, []), card=card)
    return run


class Quiet:
    """Tells nobody."""

    def expect(self, files: Sequence[object]) -> None: ...

    def storing(self, file: object) -> None: ...

    def stored(self, file: object) -> None: ...

    def committing(self) -> None: ...

    def fetching(self, file: object) -> None: ...

    def fetched(self, file: object) -> None: ...


def hub_at(url: str, cache: Path, *, name: str = NAME, token: str = TOKEN, waits: Waits = QUICK) -> Hub:
    return Hub(name, url, SecretStr(token), waits=waits, cache=cache)


def looked(hub: Hub, run: Path, **wish: object) -> Outlook:
    release = ready(run)
    return outlook(hub, release, _wish(release.manifest.version, wish))


def pushed(hub: Hub, run: Path, **wish: object) -> Pushed:
    """As the command line does it."""
    release = ready(run)
    wanted = _wish(release.manifest.version, wish)
    return push(hub, release, wanted, outlook(hub, release, wanted), Quiet())


def _wish(version: str, said: dict[str, object]) -> Wish:
    return Wish(**{"tag": f"v{version}", **said})  # type: ignore[arg-type]  # the words of Wish


def whole(server: HubServer, revision: str = "main", name: str = NAME) -> str:
    """The version that a revision holds, every file of it as its manifest says and no other data; `` for none."""
    commit = server.repos[name].at(revision)
    assert commit is not None
    data = {path for path in commit.files if path.endswith(".parquet")}
    if "manifest.json" not in commit.files:
        assert not data
        return ""
    manifest = json.loads(server.read(name, "manifest.json", revision))
    listed = dict(digests(manifest))
    assert data == {path for path in listed if path.endswith(".parquet")}
    for path, digest in listed.items():
        assert hashlib.sha256(server.read(name, path, revision)).hexdigest() == digest
    return str(manifest["version"])


def digests(said: Json) -> Iterator[tuple[str, str]]:
    """The sha256 of every file that a manifest lists."""
    if isinstance(said, dict) and "sha256" in said:
        yield str(said["path"]), str(said["sha256"])
    parts = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    for part in parts:
        yield from digests(part)


def push_at(url: str, run: str, cache: str) -> None:
    """What a process of its own does, to be killed."""
    from huggingface_hub import constants  # noqa: PLC0415  # as the fork server has it

    constants.HF_HUB_DISABLE_XET = True
    pushed(hub_at(url, Path(cache)), Path(run))
