from operator import length_hint

from rocot.sources.forecast import Forecast
from rocot.sources.listing import Counted


def test_clips_are_foretold_from_the_videos_that_were_cut() -> None:
    forecast = Forecast()
    assert forecast() is None
    forecast.begin(10, last=True)
    assert forecast() is None, "nothing was cut yet"
    for clips in (3, 0, 3):
        forecast.passed(clips)
    assert forecast() == 20
    for _ in range(7):
        forecast.passed(2)
    assert forecast() == 20


def test_nothing_is_foretold_before_the_last_source_nor_of_one_that_cannot_tell() -> None:
    forecast = Forecast()
    forecast.begin(2, last=False)
    forecast.passed(4)
    assert forecast() is None
    forecast.passed(4)
    forecast.begin(2, last=True)
    assert forecast() == 16
    forecast.begin(0, last=True)
    assert forecast() is None


def test_items_that_are_counted_tell_how_many_are_to_come() -> None:
    counted = Counted(iter("abc"), 3)
    assert length_hint(counted) == 3
    assert next(counted) == "a"
    assert length_hint(counted) == 2
    assert list(counted) == ["b", "c"]
