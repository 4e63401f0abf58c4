from pathlib import Path

import pytest

from tests.stress.killing import survive


@pytest.mark.timeout(400)
async def test_twenty_sigkills_lose_nothing_and_repay_only_what_was_in_flight(tmp_path: Path) -> None:
    await survive(tmp_path, clips=104, kills=20, workers=8, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_two_hundred_sigkills_over_twenty_thousand_calls(tmp_path: Path) -> None:
    print(await survive(tmp_path, clips=6_700, kills=200, workers=64, seed=2))  # noqa: T201  # the figure to quote
