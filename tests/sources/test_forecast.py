from operator import length_hint

from rocot.sources.forecast import Forecast
from rocot.sources.listing import Counted


def pass_video(forecast: Forecast, clips: int) -> None:
    for _ in range(clips):
        forecast.made()
    forecast.passed()


def test_clips_are_foretold_from_the_videos_that_passed() -> None:
    forecast = Forecast()
    assert forecast() is None
    forecast.begin(10, last=True)
    forecast.made()
    assert forecast() is None, "no video has passed yet"
    pass_video(forecast, 2)
    pass_video(forecast, 0)
    pass_video(forecast, 3)
    assert forecast() == 20
    forecast.made()
    assert forecast() == 20, "of a video that has not passed nobody knows how many clips it gives"
    for _ in range(7):
        pass_video(forecast, 2)
    assert forecast() == 21


def test_nothing_is_foretold_before_the_last_source_nor_of_one_that_cannot_tell() -> None:
    forecast = Forecast()
    forecast.begin(2, last=False)
    pass_video(forecast, 4)
    assert forecast() is None
    pass_video(forecast, 4)
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
