"""Names of files that others chose: which are videos, and how to speak of them."""

from pathlib import Path

SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".ts", ".m4v", ".mpg", ".flv", ".wmv")
LONGEST = 400
"""Characters of a name that are told."""


def is_there(path: Path) -> bool:
    """Whether anything has that name."""
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, a folder that may not be entered
        return False


def stem(name: str) -> str:
    """A file's name without the suffix of a video, if it has one; other dots are part of the name."""
    lower = name.lower()
    for suffix in SUFFIXES:
        if lower.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def printable(name: str) -> str:
    """As `spelt`, and no longer than names are told."""
    return spelt(name)[:LONGEST]


def spelt(name: str) -> str:
    """With what no store or terminal should be handed spelt out: lone surrogates, control characters."""
    return "".join(
        letter.encode("unicode_escape", "backslashreplace").decode() if _odd(letter) else letter for letter in name
    )


def _odd(letter: str) -> bool:
    return ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000
