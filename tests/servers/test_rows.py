"""The server of benchmarks/peers.py, whose counts the published tables are made of."""

from base64 import b64encode
from collections import Counter

import pytest

from benchmarks.answering import RowServer, met, row_of
from benchmarks.clients.work import jpegs


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
