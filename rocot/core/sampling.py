"""When to look: the times at which frames are sampled."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rocot.core.span import Span, clipped, union


def uniform(start: float, end: float, count: int) -> tuple[float, ...]:
    """The middles of `count` equal parts of [start, end), seconds: no frame sits on an edge, where decoders differ."""
    step = (end - start) / count
    return tuple(start + step * (index + 0.5) for index in range(count))


def at_rate(start: float, end: float, fps: float, most: int) -> tuple[float, ...]:
    """The middles of parts of 1 / `fps` seconds, from `start` on; where that is over `most`, as many spread evenly.

    A clip shorter than one part is looked at in its middle.
    """
    length = end - start
    count = int(length * fps + 1e-6)
    if not 0 < count <= most:
        return uniform(start, end, most if count else 1)
    return tuple(start + (index + 0.5) / fps for index in range(count))


def within(spans: Iterable[Span], count: int, *, start: float, end: float, pad: float) -> tuple[float, ...]:
    """The middles of `count` equal parts of the spans' union, each span `pad` seconds longer at both ends.

    Only what lies in [start, end) counts; none where nothing does. Seconds, ascending.
    """
    wider = (Span(start=max(0.0, span.start - pad), end=span.end + pad) for span in spans)
    parts = union(clipped(wider, start, end))
    step = sum(part.length for part in parts) / count
    times: list[float] = []
    before = 0.0
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        while len(times) < count and ((at := step * (len(times) + 0.5) - before) < part.length or last):
            times.append(min(part.start + at, part.end))
        before += part.length
    return tuple(times)


def interval(times: Sequence[float], start: float, end: float) -> float:
    """The sampling interval: the least distance of two times, seconds; towards an edge of [start, end) half of it.

    Of `uniform` times it is the length of a part. Within half of it, no time comes near another or leaves the clip.
    """
    edges = 2 * (times[0] - start), 2 * (end - times[-1])
    return max(0.0, min(*edges, *(after - before for before, after in pairwise(times))))
