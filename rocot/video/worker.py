"""The process that decodes for `Isolated`: one reader, one call at a time, nothing else of rocot.

`python -m rocot.video.worker READER MEMORY LIFE`: the reader's name, the bytes of memory that it may take, and the
file descriptor of a pipe whose other end only the parent holds.
"""

import fcntl
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from rocot.errors import VideoError
from rocot.video.protocol import FrameReader, Look
from rocot.video.wire import READY, Asked, Told, line, told_facts, told_fault, told_packets, told_survey, told_taken

MOST_WRITTEN = 1 << 20
"""Bytes of the largest file that a worker may write; all it has to write are the last words of a crash."""

NEAR = 0.75
"""The share of its memory that a worker has had in use when it failed for the want of it, or more."""


def main(arguments: Sequence[str]) -> None:
    """Serves until standard input ends."""
    name, memory, life = arguments
    _limit(int(memory))
    _die_with_parent(int(life))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a decoder that prints shall not print into a reply
    reader = _reader(name)
    replies.write(READY)
    replies.flush()
    for asked in sys.stdin.buffer:
        _serve(reader, json.loads(asked), replies)


def _limit(memory: int) -> None:
    """A memory that is asked for and not had is an error within the process, not the end of the machine's others."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the parent finishes what is in flight
        signal.signal(number, signal.SIG_IGN)


def _die_with_parent(life: int) -> None:
    """Has the kernel end this process when the pipe's other end is closed, be it by a kill -9 in mid decoding.

    SIGIO's default is to end the process; a thread that watches would need the interpreter, which a decoder that
    hangs may hold. (PR_SET_PDEATHSIG tells of the end of the parent's *thread*, which is another matter.)
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        sys.exit("its parent is gone")


def _reader(name: str) -> FrameReader:
    if name == "decord":
        from rocot.video.decord_reader import DecordReader  # noqa: PLC0415 - only what it decodes with

        return DecordReader()
    from rocot.video.av_reader import AvReader  # noqa: PLC0415 - likewise

    return AvReader()


def _serve(reader: FrameReader, asked: Asked, replies: BinaryIO) -> None:
    path = Path(asked["path"])
    told, pictures, starved = Told(), list[bytes](), True
    try:
        told, pictures = _answer(reader, path, asked)
        starved = bool(told.get("lost")) and _had_much()
    except VideoError as error:
        told = told_fault(error)
        starved = isinstance(error.__cause__, MemoryError) or (error.reason == "damaged" and _had_much())
    except MemoryError:
        pass
    if starved:  # passing, as the limit is a setting of the machine
        said = f"{path.name}: decoding takes more memory than a decoder may have"
        told, pictures = told_fault(VideoError("too large", said, passing=True)), []
    told["spent"] = _had_much()
    replies.write(line(told))
    replies.writelines(pictures)
    replies.flush()


def _answer(reader: FrameReader, path: Path, asked: Asked) -> tuple[Told, list[bytes]]:
    if asked["call"] == "probe":
        return told_facts(reader.probe(path, salvage=asked["salvage"])), []
    if asked["call"] == "survey":
        return _survey(path), []
    if asked["call"] == "packets":
        return told_packets(reader.packets(path, asked["start"], asked["end"])), []
    look = Look(height=asked["height"], quality=asked["quality"])
    return told_taken(reader.read(path, asked["times"], look, tolerance=asked["tolerance"], salvage=asked["salvage"]))


def _survey(path: Path) -> Told:
    from rocot.video.survey import survey  # noqa: PLC0415 - asked for by one command alone

    return told_survey(survey(path))


def _had_much() -> bool:
    """Whether this process has come near its limit: decoders call it damage when they get no buffer for a frame."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > NEAR * limit


if __name__ == "__main__":
    main(sys.argv[1:])
