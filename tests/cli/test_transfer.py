import io
import logging
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from rocot.cli.transfer import LIBRARY, Transfer, going
from rocot.release.shards import Listed
from tests.release.pushing import hub_at

SHARD = Listed(path="data/train-00000-of-00002.parquet", bytes=2_000_000, sha256="0" * 64)


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is said of a push that has sent one of two shards."""
    told: list[str] = []
    with going("sent", hub_at("http://127.0.0.1:9", tmp_path)) as transfer:
        transfer.expect([SHARD, SHARD])
        transfer.storing(SHARD)
        transfer.stored(SHARD)
        transfer.committing()
        told.append(transfer.line())
        logging.getLogger(f"{LIBRARY}.utils").warning("500 of PUT https://s3.example/x?X-Amz-Signature=secret, waiting")
    told.append(capsys.readouterr().err)
    return told


def test_a_line_tells_files_bytes_time_and_what_is_next(said: list[str]) -> None:
    assert re.fullmatch(r"1 of 2 files sent, 2 MB of 4 MB, \d+\.\d s, the commit", said[0])


def test_a_line_tells_what_goes_on_before_files_are_known() -> None:
    transfer = Transfer("sent")
    transfer.checking()
    assert re.fullmatch(r"checking the release, \d+\.\d s", transfer.line())


def test_what_the_client_says_is_told_without_signatures(said: list[str]) -> None:
    assert "500 of PUT https://s3.example/x waiting" in said[1]
    assert "secret" not in said[1]


@pytest.mark.usefixtures("said")
def test_nothing_is_hung_on_the_clients_log_afterwards() -> None:
    homes = {type(handler).__module__ for handler in logging.getLogger(LIBRARY).handlers}
    assert "rocot.cli.transfer" not in homes


def test_a_terminal_sees_a_bar() -> None:
    transfer = Transfer("sent", Console(file=io.StringIO()))
    transfer.expect([SHARD, SHARD])
    transfer.started = time.monotonic() - 90
    transfer.stored(SHARD)
    transfer.storing(SHARD)
    screen = io.StringIO()
    Console(file=screen, width=120, force_terminal=True, color_system=None).print(transfer)
    assert "\u2501" * 10 in screen.getvalue()
    assert "1 of 2 files sent, 2 MB of 4 MB, 1 min 30 s, data/train-00000-of-00002.parquet" in screen.getvalue()
