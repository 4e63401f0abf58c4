"""A listing is gone over as often as anybody likes, and its sources are asked once."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from rocot.core.clip import Clip
from rocot.core.task import Posed
from rocot.errors import ConfigError, StoreError
from rocot.sources.once import Once
from tests.builders import clip


def made(count: int) -> list[Clip]:
    posed = Posed(number=0, text="Who?", order=(1, 0, 2), seed=7)
    odd = {"path": "/videos/\udce9.mp4", "end": 0.1 + 0.2, "task": "qa", "posed": posed, "leak": "of another"}
    return [clip(f"v{number}").model_copy(update=odd if number % 2 else {}) for number in range(count)]


class Source:
    def __init__(self, clips: list[Clip]) -> None:
        self.clips, self.asked = clips, 0

    def __iter__(self) -> Iterator[Clip]:
        for one in self.clips:
            self.asked += 1
            yield one


def test_a_second_pass_gives_the_same_and_asks_nobody(tmp_path: Path) -> None:
    source = Source(made(300))
    with Once(source, tmp_path) as once:
        for _ in range(3):
            assert list(once) == source.clips
            assert [one.path for one in once] == [one.path for one in source.clips]
    assert source.asked == 300


def test_a_pass_that_was_left_early_is_gone_on_with(tmp_path: Path) -> None:
    source = Source(made(10))
    with Once(source, tmp_path) as once:
        for count in (3, 2, 7, 10):
            assert list(islice(once, count)) == source.clips[:count]
        assert list(once) == source.clips
    assert source.asked == 10


def test_it_leaves_no_file(tmp_path: Path) -> None:
    with Once(made(3), tmp_path) as once:
        assert len(list(once)) == 3
        assert not list(tmp_path.iterdir())


def test_what_the_sources_raise_is_raised(tmp_path: Path) -> None:
    def failing() -> Iterator[Clip]:
        yield from made(2)
        raise ConfigError("no such folder")

    with Once(failing(), tmp_path) as once, pytest.raises(ConfigError, match="no such folder"):
        list(once)


def test_a_folder_that_cannot_hold_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no room for the list of clips"):
        Once(made(1), tmp_path / "nowhere")
