"""When to look: the times at which frames are sampled."""


def uniform(start: float, end: float, count: int) -> tuple[float, ...]:
    """The middles of `count` equal parts of [start, end), seconds: no frame sits on an edge, where decoders differ."""
    step = (end - start) / count
    return tuple(start + step * (index + 0.5) for index in range(count))
