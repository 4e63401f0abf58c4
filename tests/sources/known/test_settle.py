import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.span import Span, union
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.dataset import Counting, Dataset, Split
from rocot.sources.known.settle import NOISE, SLACK, Found, settle
from rocot.sources.manifest.entry import Entry


def about(counting: Counting) -> Dataset:
    none = "none stated"
    return Dataset(
        name="x",
        title="X",
        homepage="h",
        paper="p",
        citation="c",
        size="s",
        obtain="o",
        terms=none,
        licence=none,
        files={},
        counting=counting,
        splits=(Split(native="training", common="train", videos=1),),
        classes={"Brawl": "Fighting", "Fray": "Fighting", "Blast": "Explosion"},
    )


SECONDS = Counting(unit="seconds", stated="seconds")
FROM_0 = Counting(unit="frames", fps=30.0, stated="frames")
FROM_1 = Counting(unit="frames", fps=30.0, first=1, end="inclusive", stated="frames")
OWN_RATE = Counting(unit="frames", stated="frames")


def said(*intervals: tuple[float, float], **other: object) -> Annotated:
    fields = {"labels": ("Brawl",), "intervals": intervals, **other}
    return Annotated.model_validate(
        {"id": "a", "video": "x/a", "split": "training", "file": "a.mp4", "said": "list.txt:1", **fields}
    )


def video(duration: float, fps: float | None = 30.0) -> Found:
    frames = max(1, round(duration * fps)) if fps else None
    return Found("there/a.mp4", fps, frames, duration, "mark", "sha", ("0" * 16,))


def settled(counting: Counting, one: Annotated, found: Found | None = None) -> Entry:
    return settle(one, about(counting), found)


def spans(entry: Entry) -> list[tuple[float, float]] | None:
    return None if entry.spans is None else [(round(span.start, 6), round(span.end, 6)) for span in entry.spans]


def test_frames_from_zero_with_the_end_left_out_are_divided_by_the_rate() -> None:
    assert spans(settled(FROM_0, said((30, 60)))) == [(1.0, 2.0)]


def test_frames_from_one_with_the_end_included_cover_both_frames() -> None:
    assert spans(settled(FROM_1, said((1, 30), (61, 61)))) == [(0.0, 1.0), (2.0, round(61 / 30, 6))]


def test_the_greatest_end_depends_on_the_way_of_counting() -> None:
    for counting, end in ((FROM_0, 90), (FROM_1, 90)):
        made = settled(counting, said((31, end), frames=90))
        assert (made.corrections, made.duration) == ((), 3.0)
        assert spans(made) is not None
        over = settled(counting, said((31, end + 1), frames=90))
        assert over.corrections == (f"span end {end + 1} clamped to {end}",)
        assert spans(over) == spans(made)
    inclusive = Counting(unit="frames", fps=30.0, end="inclusive", stated="frames")
    assert settled(inclusive, said((31, 90), frames=90)).corrections == ("span end 90 clamped to 89",)


def test_a_dataset_without_a_rate_takes_the_annotations_or_the_videos() -> None:
    one = said((25, 50))
    unknown = settled(OWN_RATE, one)
    assert (unknown.spans, unknown.localised, unknown.intervals) == (None, False, ((25.0, 50.0),))
    assert unknown.corrections == ("the intervals are frames of an unknown rate; seconds need the video",)
    assert spans(settled(OWN_RATE, said((25, 50), fps=25))) == [(1.0, 2.0)]
    assert spans(settled(OWN_RATE, one, video(10, fps=12.5))) == [(2.0, 4.0)]


def test_a_start_before_the_first_frame_is_moved_and_said() -> None:
    made = settled(FROM_1, said((0, 30)))
    assert spans(made) == [(0.0, 1.0)]
    assert made.corrections == ("span start 0 is 1 now, the first frame",)
    early = settled(SECONDS, said((-2, 3)))
    assert (spans(early), early.corrections) == ([(0.0, 3.0)], ("span start -2 s is 0 now",))


def test_an_end_past_the_length_is_clamped_to_the_tenth_of_a_millisecond_and_said() -> None:
    made = settled(SECONDS, said((39.5, 269.867), frames=8096, fps=30))
    assert made.corrections == ("span end 269.867 s clamped to 269.8667 s",)


def test_an_interval_past_the_end_is_dropped_and_said() -> None:
    made = settled(FROM_0, said((30, 60), (100, 120), frames=90))
    assert spans(made) == [(1.0, 2.0)]
    assert "span 100 to 120 is empty or past the end: dropped" in made.corrections


def test_a_video_of_which_no_interval_is_left_is_not_localised_and_never_normal() -> None:
    made = settled(SECONDS, said((5, 5)))
    assert (made.spans, made.localised, made.truth.normal) == (None, False, False)
    assert "no interval is left: not localised" in made.corrections


def test_intervals_that_overlap_or_touch_are_joined_and_said() -> None:
    made = settled(SECONDS, said((4, 5), (1, 2), (2, 3)))
    assert spans(made) == [(1.0, 3.0), (4.0, 5.0)]
    assert made.corrections == ("3 spans overlap or touch and are 2 now",)
    assert made.intervals == ((4.0, 5.0), (1.0, 2.0), (2.0, 3.0))


def test_normal_unlocalised_and_unknown_stay_apart() -> None:
    normal = settled(SECONDS, said(labels=("Normal",)))
    assert (normal.spans, normal.localised, normal.common, normal.truth.normal) == ((), True, ("Normal",), True)
    unlocalised = settled(SECONDS, said(intervals=None))
    assert (unlocalised.spans, unlocalised.localised, unlocalised.truth.normal) == (None, False, False)
    unknown = settled(SECONDS, said(intervals=None, labels=None))
    assert (unknown.common, unknown.truth.normal) == (None, None)


def test_labels_are_kept_and_the_common_ones_stand_beside_them_once() -> None:
    made = settled(SECONDS, said((1, 2), labels=("Fray", "Blast", "Brawl")))
    assert (made.labels, made.common) == (("Fray", "Blast", "Brawl"), ("Fighting", "Explosion"))


def test_facts_come_from_the_video_where_it_is_there_and_else_from_the_annotation() -> None:
    one = said((30, 60), frames=300)
    annotated, measured, nothing = settled(FROM_0, one), settled(FROM_0, one, video(10.1)), settled(FROM_0, said())
    assert (annotated.measured, annotated.frames, annotated.fps, annotated.duration) == ("annotation", 300, 30.0, 10.0)
    assert (measured.measured, measured.frames, measured.duration) == ("video", 303, 10.1)
    assert (measured.path, measured.sha256, measured.mark, measured.hashes) == (
        "there/a.mp4",
        "sha",
        "mark",
        ("0" * 16,),
    )
    assert (nothing.measured, nothing.frames, nothing.fps, nothing.duration, nothing.path) == (
        "nothing",
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(("off", "told"), [(SLACK - 0.01, False), (SLACK + 0.01, True), (-SLACK - 0.01, True)])
def test_a_video_of_another_length_is_told_beyond_the_rounding_of_annotations(off: float, *, told: bool) -> None:
    made = settled(SECONDS, said(labels=("Normal",), duration=10), video(10 + off))
    assert any("the annotation says 10.0 s" in text for text in made.corrections) is told


def test_an_end_past_a_shorter_video_is_clamped_and_said_unless_it_is_noise() -> None:
    for short, told in ((0.5, True), (NOISE / 2, False)):
        made = settled(FROM_0, said((30, 300), frames=300), video(10 - short))
        assert made.spans is not None
        assert made.spans[0].end == 10 - short
        assert any("clamped to the video's end" in text for text in made.corrections) is told


def test_the_record_says_where_it_comes_from_and_how_it_was_counted() -> None:
    made = settled(FROM_1, said((1, 2), corrections=("a word of the importer",)))
    assert (made.source, made.split, made.native_split, made.said) == ("x", "train", "training", "list.txt:1")
    assert made.counted == "frames from 1, 30 a second, end inclusive"
    assert made.corrections == ("a word of the importer",)


numbers = st.integers(-5, 400) | st.floats(-5, 400)
countings = st.builds(
    Counting,
    unit=st.sampled_from(["frames", "seconds"]),
    fps=st.none() | st.floats(1, 120),
    first=st.sampled_from([0, 1]),
    end=st.sampled_from(["exclusive", "inclusive"]),
    stated=st.just("x"),
)
annotations = st.builds(
    lambda intervals, frames, fps, duration: said(*intervals, frames=frames, fps=fps, duration=duration),
    st.lists(st.tuples(numbers, numbers), max_size=5),
    st.none() | st.integers(1, 500),
    st.none() | st.floats(1, 120),
    st.none() | st.floats(0.1, 400),
)
videos = st.none() | st.builds(video, st.floats(0.1, 400), st.none() | st.floats(1, 120))


@given(countings, annotations, videos)
def test_spans_are_sorted_disjoint_and_inside_the_video(
    counting: Counting, one: Annotated, found: Found | None
) -> None:
    made = settled(counting, one, found)
    if made.spans is None:
        return
    assert made.spans == union(made.spans)
    assert made.duration is None or all(span.end <= made.duration for span in made.spans)


@given(countings, annotations, videos)
def test_what_is_changed_is_said(counting: Counting, one: Annotated, found: Found | None) -> None:
    made = settled(counting, one, found)
    assert made.intervals == one.intervals
    if made.corrections:
        return
    rate = counting.fps or one.fps or (found and found.fps)
    past = 1 if counting.end == "inclusive" else 0
    plain: list[Span] = []
    for start, end in one.intervals or ():
        if counting.unit == "seconds":
            plain.append(Span(start=start, end=end))
        else:
            assert rate
            plain.append(Span(start=(start - counting.first) / rate, end=(end - counting.first + past) / rate))
    plain.sort(key=lambda span: span.start)
    assert made.spans is not None
    assert len(made.spans) == len(plain)
    for ours, theirs in zip(made.spans, plain, strict=True):
        assert math.isclose(ours.start, theirs.start, abs_tol=1e-9)
        assert math.isclose(ours.end, theirs.end, abs_tol=NOISE)


@given(countings, annotations, videos)
def test_an_abnormal_video_is_never_made_normal(counting: Counting, one: Annotated, found: Found | None) -> None:
    made = settled(counting, one, found)
    assert made.localised is (made.spans is not None)
    if one.intervals:
        assert made.spans != ()
