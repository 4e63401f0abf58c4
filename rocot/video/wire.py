"""What goes between `Isolated` and its workers: one line of JSON, then the pictures' bytes as they are.

JSON and not pickle: a worker that a hostile file has taken over can lie, but not make its parent run anything.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from rocot.core.motion import Kind, Packets
from rocot.errors import VideoError
from rocot.video.protocol import Facts, Look, Still, Survey, Taken

READY = b"ready\n"
"""The first line of a worker: it has loaded what it decodes with."""


class Asked(TypedDict, total=False):
    """One call of FrameReader, by its name, and what it takes; or `survey`."""

    call: str
    path: str
    times: Sequence[float]
    height: int
    quality: int
    tolerance: float
    salvage: bool
    start: float
    end: float


class Told(TypedDict, total=False):
    """One outcome: facts, a survey, stills, packets or a fault."""

    sizes: Sequence[int]
    """Bytes of each picture that follows the line."""
    facts: dict[str, object]
    survey: dict[str, object]
    stills: Sequence[tuple[int, float, int, int]]
    """Number of the picture (times that share a frame share it), time, width, height."""
    lost: Sequence[float]
    packets: tuple[Sequence[float], Sequence[int], Sequence[Kind]]
    """Times, sizes, kinds."""
    spent: bool
    """Whether the worker should make way for another: so much memory as it has had says nothing of its next call."""
    fault: tuple[str, str, bool]
    """Of a VideoError: reason, detail, passing."""


def asked_to_read(path: Path, times: Sequence[float], look: Look, *, tolerance: float, salvage: bool) -> Asked:
    """The call `read`."""
    return Asked(
        call="read",
        path=str(path.absolute()),
        times=list(times),
        height=look.height,
        quality=look.quality,
        tolerance=tolerance,
        salvage=salvage,
    )


def line(message: Asked | Told) -> bytes:
    """As it is sent. Escapes all but ASCII, so that names with lone surrogates arrive as they left."""
    return json.dumps(message).encode() + b"\n"


def told_facts(facts: Facts) -> Told:
    """The outcome of `probe`."""
    return Told(facts=asdict(facts))


def told_survey(survey: Survey) -> Told:
    """The outcome of `survey`."""
    return Told(survey=asdict(survey))


def told_taken(taken: Taken) -> tuple[Told, list[bytes]]:
    """The outcome of `read`, and its pictures, each once."""
    pictures = list(dict.fromkeys(still.jpeg for still in taken.stills))
    numbers = {picture: number for number, picture in enumerate(pictures)}
    stills = [(numbers[still.jpeg], still.time, still.width, still.height) for still in taken.stills]
    return Told(sizes=[len(picture) for picture in pictures], stills=stills, lost=list(taken.lost)), pictures


def told_packets(packets: Packets) -> Told:
    """The outcome of `packets`."""
    return Told(packets=(list(packets.times), list(packets.sizes), list(packets.kinds)))


def told_fault(error: VideoError) -> Told:
    """A call that ended in a VideoError."""
    return Told(fault=(error.reason, error.detail, error.passing))


def taken(told: Told, body: bytes) -> Taken:
    """The outcome of `read`, put together again."""
    pictures = list(_cut(body, told["sizes"]))
    stills = tuple(Still(time, pictures[number], width, height) for number, time, width, height in told["stills"])
    return Taken(stills, tuple(told["lost"]))


def _cut(body: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size
