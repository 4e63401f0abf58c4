import asyncio
from pathlib import Path

import pytest

from rocot.core.part import Census, Part
from rocot.engine.parts import begin_part, censuses, note_census, part_of
from rocot.engine.store import Store
from rocot.errors import ConfigError
from tests.engine.toys import Making, Workshop

THIRD = Part(number=3, of=8)


async def test_a_store_stays_the_part_that_it_was_begun_as(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert part_of(store) is None
        await begin_part(store, THIRD)
        await begin_part(store, THIRD)
    with Store(tmp_path) as store:
        assert part_of(store) == THIRD
        with pytest.raises(ConfigError, match=r"it is part 3 of 8, and cannot be gone on with as part 2 of 8"):
            await begin_part(store, Part(number=2, of=8))
        with pytest.raises(ConfigError, match=r"part 3 of 4"):
            await begin_part(store, Part(number=3, of=4))
        with pytest.raises(ConfigError, match=r"--part 3/8"):
            await begin_part(store, None)
        assert part_of(store) == THIRD


async def test_a_whole_run_becomes_no_part(tmp_path: Path) -> None:
    await Workshop(tmp_path).work(Making(count=2))
    with Store(tmp_path) as store:
        await begin_part(store, None)
        with pytest.raises(ConfigError, match="a whole run lies there, and part 3 of 8 was asked for"):
            await begin_part(store, THIRD)
        assert part_of(store) is None


async def test_of_two_that_begin_a_store_at_once_one_is_refused(tmp_path: Path) -> None:
    other = Part(number=4, of=8)
    with Store(tmp_path) as one, Store(tmp_path) as two:
        told = await asyncio.gather(begin_part(one, THIRD), begin_part(two, other), return_exceptions=True)
        assert sum(isinstance(each, ConfigError) for each in told) == 1
        assert part_of(one) == part_of(two)


async def test_what_a_part_saw_is_kept_by_split(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        await note_census(store, "train", Census(10, 2, "a"))
        await note_census(store, "test", Census(5, 1, "b"))
        await note_census(store, "train", Census(11, 3, "c"))
        assert censuses(store) == {"test": Census(5, 1, "b"), "train": Census(11, 3, "c")}
