"""The server of benchmarks/peers.py: it knows each request's row by its first frame, and counts what a row is paid for.

    python -m benchmarks.answering --latency 0.05
    python -m benchmarks.answering --mix

Every answer is valid, and the same but to the ask for a reflection. With --mix four rows of ten meet something that
passes, and one of ten something that does not: a reply cut at max_tokens, a refusal, a filter before or after, prose
where JSON was asked for, no text. GET /counts tells what was asked, paid for and paid for twice.
"""

import argparse
import asyncio
import time
from base64 import b64decode
from collections.abc import Mapping

from rocot.core.record import Json
from rocot.teacher.completion import spelt
from tests.servers.chat import CANNED, HANGING, ChatServer
from tests.servers.loop import serve
from tests.servers.replies import FAULTS, http

ANSWER, REFLECTION = CANNED["answer"], CANNED["reflection"]
REFLECTS = b"true or false"
"""What stands in the ask for a reflection, and in no other."""
FRAME = b"base64,"
PASSING: Mapping[int, tuple[str, ...]] = {1: ("500",), 3: ("rate",), 5: ("close",), 7: ("503", "503")}
"""What the first requests of a row meet, by the row's last digit."""
SPOILT = 9
"""The last digit of rows that never get an answer."""
LASTING = ("length", "refusal", "filter", "cut by filter", "prose", "null")
PROSE = http(200, spelt("I looked at the frames and nothing happens in them.", "canned"))


class RowServer(ChatServer):
    """Answers rows."""

    def __init__(self, *, latency: float, mix: bool) -> None:
        """With `mix`, some rows meet faults."""
        super().__init__(latency=latency)
        self.mix = mix
        self.first = self.latest = 0.0
        """When the first and the last request about a row came, seconds since the epoch."""
        self.other = 0
        """Requests without a frame: some clients look first whether a server is there."""

    def told(self) -> dict[str, Json]:
        """`paid` replies came to their end with status 200, `twice` of them for a row that had had one."""
        paid = sum(count for row, count in self.billed.items() if row)
        rows = sum(1 for row in self.billed if row)
        times: dict[str, Json] = {"first": self.first, "latest": self.latest}
        counts: dict[str, Json] = {"paid": paid, "twice": paid - rows, "other": self.other, "most": self.most_in_flight}
        return super().told() | times | counts

    def reply(self, body: bytes) -> bytes | str:
        """The answer, or what a row meets in its place."""
        row = row_of(body)
        if row is None:
            self.other, self.last = self.other + 1, ""
            return http(200, spelt(ANSWER, "canned"))
        self.latest = time.time()
        self.first = self.first or self.latest
        self.last = str(row)  # so that what is billed is counted by row
        fault = met(row, self.counts[self.last]) if self.mix else None
        self.counts[self.last] += 1
        if fault is None:
            return http(200, spelt(REFLECTION if REFLECTS in body else ANSWER, "canned"))
        self.met[fault] += 1
        return fault if fault in HANGING else PROSE if fault == "prose" else FAULTS[fault]


def row_of(body: bytes) -> int | None:
    """The number in a request's first frame; None where it has none."""
    at = body.find(FRAME)
    if at < 0:
        return None
    begin = at + len(FRAME)
    return int.from_bytes(b64decode(body[begin : begin + 8])[2:6], "big")


def met(row: int, asked: int) -> str | None:
    """The fault that a row meets after it has been asked about so often; None for an answer."""
    if row % 10 == SPOILT:
        return LASTING[row // 10 % len(LASTING)]
    faults = PASSING.get(row % 10, ())
    return faults[asked] if asked < len(faults) else None


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--mix", action="store_true", help="half the rows meet faults")
    given = parser.parse_args()
    asyncio.run(serve(RowServer(latency=given.latency, mix=given.mix), 0))


if __name__ == "__main__":
    main()
