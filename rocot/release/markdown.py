"""Markdown into which texts of others are put: whatever they hold, they come out as text.

GitHub's Markdown (GFM) is what the Hub renders. A backslash takes its meaning from any punctuation; what has meaning
without punctuation, as a bare address has, is kept from it by a backslash within.
"""

import re
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!@]|:(?=//|[^\s:]*@)|(?<=www)\.)", re.IGNORECASE)
"""Also the colons of `https://` and `mailto:`, and the dot of `www.`."""
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters but tab and newline, and marks that turn the direction of writing."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9./_~?=&%+#-]+")


class Ready(str):
    """Markdown that stands as it is."""

    __slots__ = ()


def plain(text: str) -> str:
    """One line without what steers."""
    return " ".join(_STEERING.sub("", text).split())


def escaped(value: object) -> Ready:
    """A value as text that has no meaning in Markdown."""
    return value if isinstance(value, Ready) else Ready(_SPECIAL.sub(r"\\\1", plain(str(value))))


def code(text: str) -> Ready:
    """Inline code, in a cell of a table too."""
    inner = plain(text).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall(r"`+", inner)), default=0))
    space = " " if inner.startswith("`") or inner.endswith("`") else ""
    return Ready(f"{fence}{space}{inner}{space}{fence}" if inner else "")


def fenced(text: str, language: str) -> Ready:
    """A block of code. A fence longer than any within it ends it, and nothing else."""
    inner = "\n".join(_STEERING.sub("", line.expandtabs(4)).rstrip() for line in text.strip().splitlines())
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", inner)), default=0))
    return Ready(f"{fence}{language}\n{inner}\n{fence}")


def linked(text: str, address: str) -> Ready:
    """A link, or the text alone where the address is no plain one of the web."""
    return Ready(f"[{escaped(text)}]({address})") if _ADDRESS.fullmatch(address) else escaped(text)


def template(name: str) -> Template:
    """A template of this package, into which every value goes escaped unless it is `Ready`."""
    made = Environment(
        autoescape=False,  # noqa: S701  # that is HTML's; `finalize` does as much for Markdown
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"short": lambda number: f"{number:g}", "code": code, "fenced": fenced, "linked": linked}
    return made.from_string((resources.files("rocot.release") / name).read_text("utf-8"))
