"""What is new in a release against another one, as far as their manifests tell."""

from rocot.core.record import Record
from rocot.release.manifest import Manifest


class SplitChange(Record):
    """Rows of a split; 0 where there was, or is, none."""

    split: str
    rows_was: int
    rows_now: int
    kept_was: int
    kept_now: int


class Changes(Record):
    """One release against another."""

    against: str
    """The tag or branch of the other one."""
    version: str
    """Of the other one."""
    same_flow: bool
    """Whether recipe, flow and version of rocot are the same."""
    splits: tuple[SplitChange, ...]
    added: int
    """Files that the other one had not."""
    altered: int
    """Files of the same name with other bytes."""
    removed: int
    """Files that the other one had."""


def changes(old: Manifest, new: Manifest, against: str) -> Changes:
    """What `new` is, seen from `old`."""
    names = [*old.splits, *(name for name in new.splits if name not in old.splits)]
    before = {file.path: file.sha256 for file in old.listed}
    after = {file.path: file.sha256 for file in new.listed}
    return Changes(
        against=against,
        version=old.version,
        same_flow=(new.recipe, new.fingerprint, new.rocot) == (old.recipe, old.fingerprint, old.rocot),
        splits=tuple(_split(old, new, name) for name in names),
        added=len(after.keys() - before.keys()),
        altered=sum(before[path] != digest for path, digest in after.items() if path in before),
        removed=len(before.keys() - after.keys()),
    )


def _split(old: Manifest, new: Manifest, name: str) -> SplitChange:
    was, now = old.splits.get(name), new.splits.get(name)
    return SplitChange(
        split=name,
        rows_was=was.rows if was else 0,
        rows_now=now.rows if now else 0,
        kept_was=was.kept if was else 0,
        kept_now=now.kept if now else 0,
    )
