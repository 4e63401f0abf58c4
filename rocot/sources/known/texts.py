"""The texts that a dataset gives about a video: cleaned, kept within the video, with a word on every change."""

import re

from rocot.core.span import Span
from rocot.sources.manifest.entry import Passage

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
"""Control characters but line feeds, and halves of surrogate pairs, which no UTF-8 file can hold."""


class Texts:
    """The passages of one video so far."""

    def __init__(self, duration: float | None = None, *, once: bool = False) -> None:
        """`duration` of the video in seconds, where the annotations say; `once` leaves out what repeats."""
        self.duration = duration
        self._once = once
        self._made: list[Passage] = []
        self._seen: set[Passage] = set()
        self._control = self._spaces = self._empty = self._repeats = 0
        self._spans: list[str] = []

    def add(self, kind: str, text: str, interval: tuple[float, float] | None = None) -> None:
        """A text about the video, or about an interval of it in seconds."""
        clean = _CONTROL.sub(" ", text)
        self._control += clean != text
        self._spaces += clean == text and clean != clean.strip()
        clean = clean.strip()
        if not clean:
            self._empty += 1
            return
        passage = Passage(kind=kind, text=clean, span=interval and self._span(*interval))
        if self._once and passage in self._seen:
            self._repeats += 1
            return
        self._seen.add(passage)
        self._made.append(passage)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """In the order in which they came."""
        return tuple(self._made)

    @property
    def corrections(self) -> tuple[str, ...]:
        """What was changed or left out."""
        counts = {
            "control characters replaced": self._control,
            "spaces at the ends removed": self._spaces,
            "empty, left out": self._empty,
            "repeats of another, left out": self._repeats,
        }
        told = (f"{count} of the texts: {what}" for what, count in counts.items() if count)
        return (*dict.fromkeys(self._spans), *told)

    def _span(self, start: float, end: float) -> Span | None:
        low, high = max(start, 0.0), end if self.duration is None else min(end, self.duration)
        if low >= high:
            self._spans.append(f"a text at {start:g} to {end:g} s: empty or past the end, kept without its time")
            return None
        if (low, high) != (start, end):
            self._spans.append(f"a text at {start:g} to {end:g} s: cut to the video, {low:g} to {seconds(high)} s")
        return Span(start=low, end=high)


def seconds(time: float) -> str:
    """As corrections write it: to a tenth of a millisecond, since annotations round to whole ones."""
    return f"{time:.4f}".rstrip("0").rstrip(".")
