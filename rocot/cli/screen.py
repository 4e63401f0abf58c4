"""What the commands print with: one look for all tables, and numbers that people can read."""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from math import floor, log10
from pathlib import Path
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, and marks that turn the direction of writing."""


def harmless(text: str) -> str:
    """Without what would steer a terminal."""
    return _STEERING.sub("", text)


class _Screen(Console):
    """Lets no text steer the terminal, and the command line say what becomes of a run whose reader went away."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, but for control characters in texts: shards and replies come from anywhere."""
        for segment in super().render(renderable, options):
            if segment.control or not _STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError, where rich would exit with 1."""
        raise BrokenPipeError


def out() -> Console:
    """For results: plain text when piped, with no codes and no wrapping at 80 columns."""
    piped = not sys.stdout.isatty()
    return _Screen(highlight=False, markup=False, emoji=False, soft_wrap=piped)


def aside() -> Console:
    """For progress and remarks, on standard error."""
    return _Screen(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stderr.isatty())


def pasted(path: Path | str) -> str:
    """A path as a shell takes it for one word, and no command for an option."""
    text = f"./{path}" if str(path).startswith("-") else str(path)
    if text.isprintable():
        return shlex.quote(text)
    # What would end the line or steer the terminal is spelt, in the quotes in which a shell reads it back.
    spelt = (char if char.isprintable() and char not in "\\'" else _octets(char) for char in text)
    return f"$'{''.join(spelt)}'"


def _octets(char: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in os.fsencode(char))


def table(*columns: str, head: bool = True) -> Table:
    """A table without walls. The first column is text, the others are numbers; `-name` makes one text as well."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="", show_header=head)
    for index, column in enumerate(columns):
        text = index == 0 or column.startswith("-")
        justify: Literal["left", "right"] = "left" if text else "right"
        made.add_column(column.lstrip("-"), justify=justify, header_style="dim", overflow="fold", no_wrap=not text)
    return made


def heading(text: str) -> Text:
    """A line above a part of the output."""
    return Text(text, style="bold")


def count(number: int) -> str:
    """Thousands apart; nothing for zero, so that what happened stands out."""
    return f"{number:,}" if number else ""


def short(number: float) -> str:
    """About so many: 950, 12.3k, 4.56M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.0f}"


def about(number: float) -> str:
    """A number that was measured: 0.25, 12.3, 1,234."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def size(octets: float) -> str:
    """Bytes in decimal units: 950 B, 12.3 kB, 4.56 MB."""
    text = short(octets)
    return f"{text} B" if text[-1].isdigit() else f"{text[:-1]} {text[-1]}B"


def money(amount: float | None) -> str:
    """An amount, with more digits where it is small; nothing where no price is known."""
    if amount is None:
        return ""
    if abs(amount) >= 1 or not amount:
        return f"{amount:,.2f}"
    return f"{amount:.{max(4, 1 - floor(log10(abs(amount))))}f}"


def lasting(seconds: float) -> str:
    """A stretch of time: 4.2 s, 3 min 20 s, 2 h 05 min, 3 d 04 h."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours = minutes // 60
    return f"{hours} h {minutes % 60:02} min" if hours < 48 else f"{hours // 24} d {hours % 24:02} h"


def next_steps(console: Console, steps: Sequence[tuple[str, str]]) -> None:
    """Commands to type next, each on a line that nothing breaks, and what for: beside them where all of it has room."""
    console.print()
    console.print(heading("Next"))
    widest = max(cell_len(command) for command, _ in steps)
    beside = all(2 + widest + 2 + cell_len(purpose) <= console.width for _, purpose in steps)
    for command, purpose in steps:
        gap = " " * (widest - cell_len(command) + 2) if beside else "\n    "
        console.print(f"  {command}{gap}{purpose}", soft_wrap=True)
