"""Spans of time, in seconds of the source video."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from rocot.core.record import Record


class Span(Record):
    """A half-open stretch of time [start, end), 0 <= start < end, seconds of the source video."""

    start: float = Field(ge=0)
    """Seconds of the source video."""
    end: float = Field(gt=0)
    """Seconds of the source video; after `start`."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"a span must end after it starts (got {self.start:g} to {self.end:g})")
        return self

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same set of instants as sorted, disjoint spans; spans that touch are joined."""
    return tuple(Span(start=start, end=end) for start, end in _merged(spans))


def measure(spans: Iterable[Span]) -> float:
    """Seconds covered by the union of the spans."""
    return _length(_merged(spans))


def clipped(spans: Iterable[Span], start: float, end: float) -> tuple[Span, ...]:
    """The parts of the spans that lie within [start, end); empty parts are dropped."""
    if start >= end:
        return ()
    return tuple([_cut(span, start, end) for span in spans if span.start < end and start < span.end])


def _cut(span: Span, start: float, end: float) -> Span:
    """One that has a part there. Most lie there as a whole, and a new one takes 2 us."""
    if start <= span.start and span.end <= end:
        return span
    return Span(start=max(span.start, start), end=min(span.end, end))


def overlap(first: Iterable[Span], second: Iterable[Span]) -> float:
    """Seconds that lie in both sets."""
    return _shared(_merged(first), _merged(second))


def both_and_either(first: Iterable[Span], second: Iterable[Span]) -> tuple[float, float]:
    """Seconds that lie in both sets, and seconds that lie in at least one."""
    ones, others = _merged(first), _merged(second)
    both = _shared(ones, others)
    return both, _length(ones) + _length(others) - both


def apart(spans: Sequence[Span]) -> bool:
    """Whether spans are sorted and disjoint, so that they are their own union."""
    return all(first.end < second.start for first, second in pairwise(spans))


def _length(merged: list[tuple[float, float]]) -> float:
    return sum([end - start for start, end in merged])


def _shared(merged: list[tuple[float, float]], others: list[tuple[float, float]]) -> float:
    cut = [(max(low, start), min(high, end)) for start, end in merged for low, high in others]
    return sum([high - low for low, high in cut if low < high])


def _merged(spans: Iterable[Span]) -> list[tuple[float, float]]:
    """Starts and ends of the union; the judge asks for it four times a sample, and a record costs 2 us."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted([(span.start, span.end) for span in spans]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
