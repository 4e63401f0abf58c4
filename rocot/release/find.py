"""What stands at a path: a run, a release, a folder of shards, one file."""

import re
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from rocot.core.gate import Gate
from rocot.engine.reader import FILE as STORE
from rocot.errors import StoreError
from rocot.release.configs import config_of
from rocot.release.export import FOLDER
from rocot.release.files import LINK, NAMELESS, OnDisk, hidden, utf8
from rocot.release.manifest import NAME, Manifest, damage, read_manifest
from rocot.release.report import Problem
from rocot.sources.names import spelt


@dataclass
class Found:
    """The files to read, and what is wrong before any is opened."""

    kind: Literal["run", "release", "shards", "file", "nothing"]
    root: Path
    files: list[Path] = field(default_factory=list)
    manifest: Manifest | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    near: Manifest | None = None
    """That of the release which shards that were named by themselves lie in; only its gate is read."""

    @property
    def gate(self) -> Gate:
        """The gate that the rows were judged by, as far as it is known; the default one where no manifest is near."""
        said = self.manifest or self.near
        return Gate() if said is None else said.gate

    def name(self, path: Path) -> str:
        """How a file is called in a report."""
        return spelt(path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path))

    def problem(self, path: Path, what: str) -> None:
        """One more thing that cannot be used."""
        self.problems.append(Problem(where=self.name(path) if path != self.root else str(path), what=what))


def find(path: Path) -> Found:
    """Looks at a path, follows it to its Parquet files, and holds them against the manifest where there is one."""
    try:
        return _find(path)
    except OSError as error:
        found = Found("nothing", path)
        found.problem(path, f"cannot be read ({error.strerror})")
        return found


def _find(path: Path) -> Found:
    if not path.exists():
        found = Found("nothing", path)
        found.problem(path, "is not there" + ("; the link leads nowhere" if path.is_symlink() else ""))
        return found
    if path.is_dir() and not utf8(str(path)):
        found = Found("nothing", path)
        found.problem(path, NAMELESS)
        return found
    if not path.is_dir():
        found = Found("file", path.parent, [path], near=_near(path.parent))
        _leave_out_specials(found)
        return found
    if (path / STORE).exists() or (path / FOLDER / NAME).exists():
        return _release("run", path / FOLDER)
    if (path / NAME).exists() or (path / "data").is_dir():
        return _release("release", path)
    found = Found("shards", path, _shards(path), near=_near(path))
    _leave_out_specials(found)
    if not found.files and not found.problems:
        found.problem(path, "holds no *.parquet; name a run, a release, a folder of shards or one Parquet file")
    return found


_PART = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<parts>\d{5})\.parquet")


def complete(found: Found) -> bool:
    """Whether all rows of every split that has any are here, as far as that can be told."""
    if found.problems:
        return False
    here = {path.name for path in found.files}
    if (said := found.manifest or found.near) is not None:
        parts = [{PurePosixPath(file.path).name for file in entry.files} for entry in said.splits.values()]
        return all(part <= here for part in parts if part & here)
    named = Counter((match["stem"], match["parts"]) for name in here if (match := _PART.fullmatch(name)))
    return all(count == int(parts) for (_, parts), count in named.items())


def _near(data: Path) -> Manifest | None:
    """The manifest beside a folder of shards; one that cannot be used is told where the release itself is named."""
    try:
        return read_manifest(data.resolve().parent) if data.resolve().name == "data" else None
    except StoreError:
        return None


def _release(kind: Literal["run", "release"], folder: Path) -> Found:
    found = Found(kind, folder)
    if not folder.is_dir():
        found.problem(folder, "is not there: the run has no release yet; make it with `rocot export`")
        return found
    try:
        found.manifest = read_manifest(folder)
    except StoreError as error:
        found.problem(folder / NAME, str(error))
    found.files = _shards(folder / "data")
    _leave_out_specials(found)
    if found.manifest is not None:
        _hold_against(found, found.manifest)
    elif not found.problems:
        found.notes.append(f"there is no {NAME}: whether files are missing or were changed cannot be told")
    if not found.files and not found.problems:
        found.problem(folder, "holds no data/*.parquet; export again")
    return found


def _shards(folder: Path) -> list[Path]:
    """What `datasets` and pandas would load of a folder; hidden files they do not."""
    return sorted(path for path in folder.glob("*.parquet") if not hidden(path.name))


def _hold_against(found: Found, manifest: Manifest) -> None:
    listed = manifest.listed
    for file in listed:
        what = damage(found.root, file)
        if what is not None:
            found.problem(found.root / file.path, what)
    names = {file.path for file in listed}
    for path, entry in sorted(OnDisk(found.root).listing().items()):
        if path in names or config_of(path) is None or hidden(path):
            continue
        if entry.kind == "link":
            found.problem(found.root / path, LINK)
        elif path.endswith(".parquet"):
            found.problem(found.root / path, "is not in the manifest, and would be loaded with the others")


def _leave_out_specials(found: Found) -> None:
    """Only plain files, and links to plain files, are opened: a pipe would wait for ever."""
    for path in list(found.files):
        try:
            if stat.S_ISREG(path.stat().st_mode):
                continue
            what = "is a folder" if path.is_dir() else "is no plain file"
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
        found.files.remove(path)
        found.problem(path, what)
