"""The server of benchmarks/peers.py, whose counts the published tables are made of."""

import json
from base64 import b64encode
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.answering import ANSWER, REFLECTION, RowServer, met, row_of
from benchmarks.clients.task import Task
from benchmarks.clients.work import FRAMES, jpegs
from benchmarks.peer_bench import worded
from rocot.teacher.completion import read


def body(row: int) -> bytes:
    frames = b"".join(b'{"url":"data:image/jpeg;base64,%b"}' % b64encode(jpeg) for jpeg in jpegs(row))
    return b'{"messages":[%b]}' % frames


@pytest.mark.parametrize("row", [0, 7, 300, 511])
def test_a_request_tells_its_row_by_its_first_frame(row: int) -> None:
    assert row_of(body(row)) == row


def test_a_request_without_a_frame_is_about_no_row() -> None:
    assert row_of(b'{"messages":[]}') is None


def test_of_ten_rows_nine_get_an_answer_at_last_and_one_never() -> None:
    assert [row for row in range(300) if met(row, 100) is None] == [row for row in range(300) if row % 10 != 9]


def test_rows_that_never_get_an_answer_meet_each_lasting_fault_alike() -> None:
    faults = Counter(met(row, 0) for row in range(300) if row % 10 == 9)
    assert faults == dict.fromkeys(("length", "refusal", "filter", "cut by filter", "prose", "null"), 5)


def test_what_is_paid_for_twice_is_counted_by_row() -> None:
    server = RowServer(latency=0, mix=False)
    for row in (1, 2, 1, 1):
        server.reply(body(row))
        server.billed[server.last] += 1
    assert (server.told()["calls"], server.told()["paid"], server.told()["twice"]) == (4, 4, 2)


def test_of_the_three_asks_the_second_is_answered_by_a_reflection(tmp_path: Path) -> None:
    frame = tmp_path / "frame.jpg"
    frame.write_bytes(jpegs(3)[0])
    task = Task(url="", rows=1, asks=3, folder=tmp_path, frames=((frame,) * FRAMES,), texts=worded())
    server = RowServer(latency=0, mix=False)
    said: list[str] = []
    for _ in range(3):
        reply = server.reply(json.dumps({"messages": task.messages(0, *said)}).encode())
        assert isinstance(reply, bytes)
        said.append(read(reply.partition(b"\r\n\r\n")[2]).text)
    assert said == [ANSWER, REFLECTION, ANSWER]
