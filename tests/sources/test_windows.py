"""Windows cover their video, overlap as asked, and have names of their own."""

from collections.abc import Iterable, Iterator
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.clip import Clip
from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.errors import ConfigError
from rocot.recipe import Windows
from rocot.sources.protocol import Skipped, Video
from rocot.sources.truths import Truths
from rocot.sources.windows import clips, cut


def video(duration: float, name: str = "a", truth: Truth | None = None) -> Video:
    return Video(
        id=name,
        source="s",
        split="train",
        path=f"/videos/{name}.mp4",
        duration=duration,
        mark="m",
        classes=("Normal", "Fighting"),
        truth=truth or Truth(),
    )


seconds = st.floats(0.04, 40_000)
configs = st.floats(120, 3600).flatmap(lambda length: st.tuples(st.just(length), st.floats(0, length * 0.9)))
many = settings(deadline=None, max_examples=60)


@given(seconds, configs)
@many
def test_windows_cover_the_video_and_overlap(duration: float, config: tuple[float, float]) -> None:
    length, overlap = config
    windows = list(cut(video(duration), length, overlap))
    assert windows[0].start == 0
    assert windows[-1].end == pytest.approx(duration, abs=1e-6)
    assert all(0 < clip.end - clip.start <= length * 1.05 + 0.0011 for clip in windows)
    assert all(clip.end - clip.start <= length + 0.0011 for clip in windows[:-1])
    assert all(clip.end <= duration for clip in windows)
    for before, after in pairwise(windows):
        assert before.start < after.start
        assert before.end - after.start >= overlap - 0.0011


@given(seconds, configs)
@many
def test_each_window_is_the_clip_that_it_would_be_by_itself(duration: float, config: tuple[float, float]) -> None:
    length, overlap = config
    for clip in cut(video(duration), length, overlap):
        alone = Clip(**dict(clip))
        assert (clip, clip.model_dump_json(), clip.path) == (alone, alone.model_dump_json(), "/videos/a.mp4")


@given(seconds, configs)
@many
def test_no_window_is_a_sliver(duration: float, config: tuple[float, float]) -> None:
    length, overlap = config
    windows = list(cut(video(duration), length, overlap))
    assert all(clip.end - clip.start >= min(duration, length) - 1e-6 for clip in windows)


@given(seconds, configs)
@many
def test_windows_have_names_of_their_own(duration: float, config: tuple[float, float]) -> None:
    names = [clip.id for clip in cut(video(duration), *config)]
    assert len(set(names)) == len(names)


def test_a_short_video_is_one_clip_under_its_own_name() -> None:
    for duration in (0.04, 59.9, 60.0, 60.0004, 62.9):
        (clip,) = cut(video(duration), 60, 10)
        assert (clip.id, clip.start, clip.end) == ("s/a", 0, duration)


def test_nine_hours_become_many_windows() -> None:
    windows = list(cut(video(9 * 3600), 60, 10))
    assert len(windows) == 648
    assert windows[1].id == "s/a@50-110"
    assert windows[-1].id == "s/a@32340-32400"


def test_the_last_window_is_shifted_back() -> None:
    windows = list(cut(video(100.5), 60, 10))
    assert [(clip.start, clip.end) for clip in windows] == [(0, 60), (40.5, 100.5)]
    assert [clip.id for clip in windows] == ["s/a@0-60", "s/a@40.5-100.5"]


def test_a_rest_of_a_twentieth_joins_the_window_before_it() -> None:
    assert [(clip.start, clip.end) for clip in cut(video(112.9), 60, 10)] == [(0, 60), (50, 112.9)]
    assert [(clip.start, clip.end) for clip in cut(video(113.5), 60, 10)] == [(0, 60), (50, 110), (53.5, 113.5)]


def test_a_rounding_error_makes_no_window_of_its_own() -> None:
    assert len(list(cut(video(60 + 50 + 1e-7), 60, 10))) == 2
    assert len(list(cut(video(120), 0.2, 0.1))) == 1199


def test_a_video_named_like_a_window_is_told_from_it() -> None:
    names = [clip.id for name, duration in (("a", 110), ("a@0-60", 45)) for clip in cut(video(duration, name), 60, 10)]
    assert len(set(names)) == len(names) == 3


def test_windows_that_do_not_move_on_are_refused() -> None:
    for length, overlap in ((10, 10), (10, 11), (10, -1)):
        with pytest.raises(ConfigError, match="overlap"):
            list(cut(video(100), length, overlap))


class Listed:
    """A source of given videos."""

    def __init__(self, name: str, videos: Iterable[Video | Skipped]) -> None:
        self.name = name
        self._videos = videos

    def videos(self, split: str) -> Iterator[Video | Skipped]:
        return iter(self._videos)


def test_clips_come_in_order_their_truth_is_learnt_and_what_is_skipped_is_told() -> None:
    truth = Truth(labels=("Fighting",), spans=(Span(start=55, end=70),))
    lost = Skipped(id="b", source="s", reason="damaged", detail="")
    sources = [Listed("s", [video(110, "a", truth), lost]), Listed("t", [video(30, "c", Truth(labels=("Fighting",)))])]
    truths, skipped = Truths(), list[Skipped]()
    found = list(clips(sources, "train", Windows(length=60, overlap=10), truths, skipped.append))
    assert [clip.id for clip in found] == ["s/a@0-60", "s/a@50-110", "s/c"]
    assert skipped == [lost]
    assert truths(found[0]) == Truth(labels=("Fighting",), spans=(Span(start=55, end=60),))
    assert truths(found[1]) == Truth(labels=("Fighting",), spans=(Span(start=55, end=70),))
    assert truths(found[2]) == Truth(labels=("Fighting",))


def test_a_window_of_an_unlocalised_video_has_no_truth() -> None:
    truths = Truths()
    abnormal, normal = (
        video(110, "a", Truth(labels=("Fighting",))),
        video(110, "n", Truth(labels=("Normal",), spans=())),
    )
    truths.learn(abnormal)
    truths.learn(normal)
    assert [truths(clip) for clip in cut(abnormal, 60, 10)] == [Truth(), Truth()]
    assert [truths(clip).normal for clip in cut(normal, 60, 10)] == [True, True]


def test_clips_are_made_as_they_are_asked_for() -> None:
    endless = (video(30, str(number)) for number in count())
    stream = clips([Listed("s", endless)], "train", Windows(length=60, overlap=10), Truths(), lambda _: None)
    assert [next(stream).video for _ in range(3)] == ["0", "1", "2"]


def test_videos_of_a_test_split_are_kept_out_unless_a_reason_lets_them_in() -> None:
    left_out: list[Skipped] = []

    def test_of(one: Video) -> str:
        return "official test split of other" if one.id == "b" else ""

    def listed(allowed: str) -> list[tuple[str, str]]:
        source = Listed("s", [video(10, "a"), video(10, "b")])
        cut_ones = clips([source], "train", Windows(), Truths(), left_out.append, test_of, allowed)
        return [(clip.video, clip.leak) for clip in cut_ones]

    assert listed("") == [("a", "")]
    (refused,) = left_out
    assert (refused.id, refused.reason) == ("b", "leaks test data")
    assert "official test split of other" in refused.detail
    assert listed("an ablation") == [("a", ""), ("b", "official test split of other; allowed: an ablation")]
    assert len(left_out) == 1


def test_a_clip_that_does_not_leak_is_stored_as_it_always_was() -> None:
    (plain,) = cut(video(10), 60, 0)
    (leaking,) = cut(video(10), 60, 0, "official test split of other; allowed: an ablation")
    assert "leak" not in plain.model_dump()
    assert plain == type(plain).model_validate(plain.model_dump() | {"path": plain.path})
    assert leaking.model_dump()["leak"] == leaking.leak
