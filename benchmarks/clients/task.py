"""What every client of benchmarks/peers.py asks about a row, and how it tells what came of it.

One question, or the chain of three that rocot exists for: a first answer, a reflection on it, and a revised answer that
follows from both.

It runs in the peers' own environments: the standard library is all it uses.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.work import DISTINCT_CLIPS, IN_FLIGHT, stamps

__all__ = ["IN_FLIGHT", "KEPT", "LOST", "Task"]

KEPT = "kept.jsonl"
LOST = "lost.jsonl"
MODEL = "m"


@dataclass(frozen=True)
class Texts:
    """What is asked about every row."""

    system: str
    question: str
    reflect: str
    """What is asked about the first answer."""
    revise: str
    """What is asked then; `$reflection` stands for what was found."""


@dataclass(frozen=True)
class Task:
    """What a client is to do."""

    url: str
    """The server's, with /v1."""
    rows: int
    asks: int
    """Questions a row: the first, or all three."""
    folder: Path
    """Where it keeps what it keeps; what an earlier life left there is still in it."""
    texts: Texts
    frames: tuple[tuple[Path, ...], ...]
    """The JPEG files of a row, for as many rows as have frames of their own."""

    @classmethod
    def given(cls) -> "Task":
        """From the command line: the URL, rows, asks a row, the folder, and the file that tells the rest."""
        url, rows, asks, folder, told = sys.argv[1:]
        said = json.loads(Path(told).read_text())
        frames = tuple(tuple(Path(path) for path in paths) for paths in said["frames"])
        return cls(url, int(rows), int(asks), Path(folder), Texts(**said["texts"]), frames)

    def shown(self, row: int) -> list[tuple[str, Path]]:
        """The frames of a row, each behind its time."""
        return list(zip(stamps(row), self.frames[row % DISTINCT_CLIPS], strict=True))

    def content(self, row: int) -> list[dict[str, object]]:
        """The user's turn, as the chat completions API spells it."""
        parts: list[dict[str, object]] = []
        for stamp, path in self.shown(row):
            parts.append({"type": "text", "text": stamp})
            url = f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
            parts.append({"type": "image_url", "image_url": {"url": url}})
        return [*parts, {"type": "text", "text": self.texts.question}]

    def messages(self, row: int, *said: str) -> list[dict[str, object]]:
        """The next ask, after the answers that were `said` to those before it."""
        turns: list[dict[str, object]] = [
            {"role": "system", "content": self.texts.system},
            {"role": "user", "content": self.content(row)},
        ]
        if said:
            turns.append({"role": "assistant", "content": said[0]})
            turns.append({"role": "user", "content": self.follow_up(*said)})
        return turns

    def follow_up(self, first: str, *found: str) -> str:
        """What is asked after the first answer, or, once something was found about it, in place of that reflection."""
        return self.texts.revise.replace("$reflection", found[0]) if found else self.texts.reflect

    def tell(self, kept: Iterable[tuple[int, str | None]], lost: Iterable[tuple[int, str]] = ()) -> None:
        """Writes down what a user gets: the rows that are handed on as data, and those set aside with their reason."""
        for name, pairs in ((KEPT, kept), (LOST, lost)):
            (self.folder / name).write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs))
