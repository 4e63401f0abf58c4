from pathlib import Path

import pytest

from tests.stress.killing import survive_in_parts
from tests.stress.test_kills import HEAD


@pytest.mark.timeout(400)
async def test_four_parts_that_are_killed_become_the_release_of_one_machine(tmp_path: Path) -> None:
    await survive_in_parts(tmp_path, videos=12, clips=96, parts=4, kills=6, workers=4, seed=6)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_eight_parts_that_are_killed_sixty_times(tmp_path: Path) -> None:
    print(HEAD)  # noqa: T201  # the table to quote
    print(await survive_in_parts(tmp_path, videos=64, clips=1_600, parts=8, kills=60, workers=16, seed=7))  # noqa: T201
