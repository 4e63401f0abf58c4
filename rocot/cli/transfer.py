"""The progress of files on their way somewhere or from there: a bar on a terminal, a line a minute elsewhere."""

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rocot.cli.screen import aside, lasting, size
from rocot.cli.watch import A_LINE
from rocot.release.hub import Hub

LIBRARY = "huggingface_hub"


class Sized(Protocol):
    """A file that is transferred."""

    @property
    def path(self) -> str:
        """Relative to the release."""

    @property
    def bytes(self) -> int:
        """How many."""


@dataclass
class Transfer:
    """What is known of a transfer; told by it, and drawn from it."""

    done: str
    """What becomes of files: `sent`, say."""
    console: Console = field(default_factory=aside)
    now: str = "looking"
    """What is going on: the file that is on its way, say."""
    files: int = 0
    bytes: int = 0
    files_in_all: int = 0
    bytes_in_all: int = 0
    started: float = field(default_factory=time.monotonic)

    def checking(self) -> None:
        """A release is read through."""
        self.now = "checking the release"

    def expect(self, files: Sequence[Sized]) -> None:
        """Says what there is to do."""
        self.now = ""
        self.files_in_all, self.bytes_in_all = len(files), sum(file.bytes for file in files)

    def storing(self, file: Sized) -> None:
        """An upload begins."""
        self.now = file.path

    def stored(self, file: Sized) -> None:
        """It is there."""
        self.files, self.bytes = self.files + 1, self.bytes + file.bytes

    fetching, fetched = storing, stored

    def committing(self) -> None:
        """All files are there."""
        self.now = "the commit"

    def remark(self, text: str) -> None:
        """Why it takes longer."""
        self.console.print(text, style="dim")

    def line(self) -> str:
        """As told elsewhere than on a terminal."""
        if not self.files_in_all:
            return ", ".join(filter(None, (self.now, lasting(time.monotonic() - self.started))))
        files = f"{self.files} of {self.files_in_all} files {self.done}"
        spent = lasting(time.monotonic() - self.started)
        told = (files, f"{size(self.bytes)} of {size(self.bytes_in_all)}", spent, self.now)
        return ", ".join(filter(None, told))

    def __rich__(self) -> Table:
        drawn = Table.grid(padding=(0, 2, 0, 0))
        total = self.bytes_in_all or None
        drawn.add_row(ProgressBar(total=total, completed=self.bytes, width=30, pulse=total is None), Text(self.line()))
        return drawn


class _Remarks(logging.Handler):
    """Hands on what the client says, such as that it waits, without the signatures of addresses."""

    def __init__(self, transfer: Transfer) -> None:
        super().__init__(logging.WARNING)
        self.transfer = transfer

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage().split()
        self.transfer.remark(" ".join(word.partition("?")[0] if "://" in word else word for word in words))


@contextmanager
def going(done: str, hub: Hub | None = None) -> Iterator[Transfer]:
    """Draws within the block, with what the Hub and the client remark."""
    transfer = Transfer(done)
    if hub is not None:
        hub.remark = transfer.remark
    logger = logging.getLogger(LIBRARY)
    handlers, propagates = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [_Remarks(transfer)], False
    try:
        with _drawn(transfer) if sys.stderr.isatty() else _lines(transfer):
            yield transfer
    finally:
        logger.handlers, logger.propagate = handlers, propagates


@contextmanager
def _drawn(transfer: Transfer) -> Iterator[None]:
    with Live(transfer, console=transfer.console, refresh_per_second=4, transient=True):
        yield


@contextmanager
def _lines(transfer: Transfer) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(A_LINE):
            transfer.console.print(transfer.line())

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
