"""What is told of a run while it goes on."""

import json

import pytest

from rocot.cli.log import Lines
from rocot.cli.watch import Watch, drawn
from rocot.engine.progress import Tally
from rocot.engine.stop import Stop

NOTICE = "a service says [something] odd"


async def test_a_notice_is_told_once_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(Tally(), Stop(), notices=lambda: [NOTICE])
    for _ in range(2):
        async with drawn(watch):
            pass
    told = capsys.readouterr().err
    assert told.count(f"note: {NOTICE}\n") == 1


async def test_a_notice_is_told_once_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(Tally(), Stop(), notices=lambda: [NOTICE])
    for _ in range(2):
        async with Lines().watching(watch):
            pass
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["message"] for event in events if event["event"] == "notice"] == [NOTICE]
