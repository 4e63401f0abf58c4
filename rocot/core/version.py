"""What a release is called by, and which of two is newer: semantic versions (semver.org, 2.0.0)."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Literal, Self, TypeAlias

Part: TypeAlias = Literal["major", "minor", "patch", "none"]
"""What of a version must go up; `none` where nothing must."""

PATTERN = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?$"
)
"""Without build metadata, which tells two versions apart and orders them not."""


@total_ordering
@dataclass(frozen=True)
class Version:
    """A semantic version; they compare by its rule 11."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    """Identifiers of a pre-release: `rc` and `1` of 1.0.0-rc.1."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError for what is none."""
        found = re.fullmatch(PATTERN, text, re.ASCII)
        if found is None:
            raise ValueError(f"{text[:60]!r} is no semantic version, such as 0.1.0 or 1.0.0-rc.1")
        pre = (found[4] or "").removeprefix("-")
        return cls(int(found[1]), int(found[2]), int(found[3]), tuple(pre.split(".")) if pre else ())

    def raised(self, part: Part) -> "Version":
        """The least version that the change of this part asks for. Before 1.0.0 a minor stands for a major one."""
        match part:
            case "major" if self.major:
                return Version(self.major + 1, 0, 0)
            case "minor" if self.major:
                return Version(self.major, self.minor + 1, 0)
            case "major":
                return Version(0, self.minor + 1, 0)
            case "minor" | "patch":
                return Version(self.major, self.minor, self.patch + 1)
        return self

    @property
    def _order(self) -> tuple[object, ...]:
        # A number comes before a word, and a pre-release before its release.
        pre = tuple((not one.isdigit(), int(one) if one.isdigit() else 0, one) for one in self.pre)
        return self.major, self.minor, self.patch, not self.pre, pre

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    def __str__(self) -> str:
        pre = f"-{'.'.join(self.pre)}" if self.pre else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}"
