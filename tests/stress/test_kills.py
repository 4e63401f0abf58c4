import signal
from pathlib import Path

import pytest

from tests.stress.killing import survive, survive_together

HEAD = "\n| ended | calls | in flight | lost | duplicated | paid again | allowed |\n|---|---|---|---|---|---|---|"


@pytest.mark.timeout(400)
async def test_twenty_sigkills_lose_nothing_and_repay_only_what_was_in_flight(tmp_path: Path) -> None:
    await survive(tmp_path, clips=104, kills=20, workers=8, seed=1)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
async def test_two_processes_of_which_one_is_ended_lose_nothing(tmp_path: Path, by: signal.Signals) -> None:
    await survive_together(tmp_path, clips=200, ends=4, workers=4, by=by, seed=3)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_two_hundred_sigkills_over_twenty_thousand_calls(tmp_path: Path) -> None:
    print(await survive(tmp_path, clips=6_700, kills=200, workers=64, seed=2))  # noqa: T201  # the figure to quote


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("by", "ends"), [(signal.SIGKILL, 200), (signal.SIGTERM, 50)])
async def test_two_processes_over_twenty_thousand_calls(tmp_path: Path, by: signal.Signals, ends: int) -> None:
    print(HEAD)  # noqa: T201  # the table to quote
    print(await survive_together(tmp_path, clips=6_700, ends=ends, workers=64, by=by, seed=4))  # noqa: T201
