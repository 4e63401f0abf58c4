"""A control hands each clip the truth of another one."""

import random

import pytest

from rocot.core.clip import Clip
from rocot.core.span import Span
from rocot.core.truth import NORMAL, Truth
from rocot.sources.shuffled import Shuffled
from tests.builders import clip, spans

FIGHT = Truth(labels=("Fighting",), spans=spans([(4, 8)]))


def learnt(clips: list[Clip]) -> Shuffled:
    shuffled = Shuffled()
    for number, one in enumerate(clips):
        shuffled.learn(one, FIGHT if number % 2 else Truth(labels=(NORMAL,), spans=()))
    return shuffled


def test_each_clip_gets_the_truth_of_another_video_and_no_two_the_same() -> None:
    clips = [clip(f"v{number}") for number in range(40)]
    donors = {one.id: learnt(clips).donor(one) for one in clips}
    assert sorted(donors.values()) == sorted(donors)
    assert all(name != donor for name, donor in donors.items())


def test_normal_clips_are_handed_anomalies_as_well() -> None:
    clips = [clip(f"v{number}") for number in range(40)]
    shuffled = learnt(clips)
    assert {shuffled(one).normal for one in clips[::2]} == {True, False}


def test_the_order_of_the_listing_changes_nothing_and_a_clip_more_changes_one() -> None:
    clips = [clip(f"v{number}") for number in range(40)]
    wanted = {one.id: learnt(clips).donor(one) for one in clips}
    mixed = random.Random(1).sample(clips, len(clips))
    assert {one.id: learnt(mixed).donor(one) for one in clips} == wanted
    grown = learnt([*clips, clip("late")])
    assert sum(grown.donor(one) != wanted[one.id] for one in clips) == 1


def test_spans_are_moved_to_the_same_part_of_the_clip() -> None:
    shuffled = Shuffled()
    short, long = clip("short", end=16), clip("long", start=100, end=132)
    shuffled.learn(short, FIGHT)
    shuffled.learn(long, Truth(labels=("Robbery",), spans=(Span(start=100, end=132),)))
    assert shuffled(long) == Truth(labels=("Fighting",), spans=spans([(108, 116)]))
    assert shuffled(short) == Truth(labels=("Robbery",), spans=spans([(0, 16)]))


def test_windows_of_one_video_tell_nothing_of_each_other() -> None:
    shuffled = Shuffled()
    windows = [clip("v", end=8).model_copy(update={"id": f"yard/v@{number}"}) for number in range(3)]
    for one in windows:
        shuffled.learn(one, FIGHT)
    assert {shuffled(one) for one in windows} == {Truth()}
    assert {shuffled.donor(one) for one in windows} == {""}


def test_truths_of_another_depth_are_another_ring() -> None:
    shuffled = Shuffled()
    shuffled.learn(clip("a"), FIGHT)
    shuffled.learn(clip("b"), Truth(labels=("Fighting",)))
    assert shuffled(clip("a")) == Truth()


def test_of_a_question_the_option_is_handed_that_stands_where_the_other_right_one_does() -> None:
    shuffled = Shuffled()
    first = clip("a").model_copy(update={"classes": ("a fire", "a fall", "a fight")})
    second = clip("b").model_copy(update={"classes": ("one man", "two men", "nobody")})
    shuffled.learn(first, Truth(choice="a fight"))
    shuffled.learn(second, Truth(choice="one man"))
    assert (shuffled(first).choice, shuffled(second).choice) == ("a fire", "nobody")


def test_a_clip_that_was_never_learnt_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Shuffled()(clip())
