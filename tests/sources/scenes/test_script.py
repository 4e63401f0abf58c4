"""A script is pure: from a seed to who is where and when, and to the truth that follows."""

from collections import Counter
from itertools import pairwise

import pytest

from rocot.core.truth import NORMAL
from rocot.sources.scenes.anomalies import ANOMALIES
from rocot.sources.scenes.confusers import CONFUSERS
from rocot.sources.scenes.script import CLASSES, DECK, RATE, Script, compose, deal, write

VAU_BENCH = {"Explosion", "Fighting", "Fire", "People_falling", "Robbery", "Traffic_accident", "Vandalism", NORMAL}


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    """Twenty decks of the train split."""
    return [compose(0, "train", i) for i in range(20 * len(DECK))]


def labels(script: Script) -> tuple[str, ...]:
    assert script.truth.labels is not None
    return script.truth.labels


def test_the_same_seed_gives_the_same_script() -> None:
    assert compose(3, "test", 5) == compose(3, "test", 5)
    assert compose(3, "test", 5) != compose(4, "test", 5)


def test_train_and_test_share_no_seed() -> None:
    train = {compose(0, "train", i).seed for i in range(64)}
    test = {compose(0, "test", i).seed for i in range(64)}
    assert len(train) == len(test) == 64
    assert not train & test


def test_classes_are_spelt_as_in_vau_bench_with_normal_first() -> None:
    assert CLASSES[0] == NORMAL
    assert set(CLASSES) == VAU_BENCH


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_deck_holds_every_anomaly_and_as_many_normal_clips(split: str) -> None:
    dealt = Counter(deal(7, split, i)[0] for i in range(len(DECK)))
    assert dealt == {NORMAL: len(ANOMALIES), **dict.fromkeys(ANOMALIES, 1)}


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_default_split_has_long_clips_both_normal_and_abnormal(split: str) -> None:
    long = [compose(0, split, i) for i in range(32)]
    long = [script for script in long if script.duration >= 60]
    assert {script.truth.normal for script in long} == {True, False}


def test_clips_last_twenty_to_thirty_seconds_or_sixty_to_ninety(scripts: list[Script]) -> None:
    assert all(20 <= s.duration <= 30 or 60 <= s.duration <= 90 for s in scripts)


def test_spans_lie_within_the_clip_in_order_and_last_two_to_ten_seconds(scripts: list[Script]) -> None:
    for script in scripts:
        spans = script.truth.spans
        assert spans is not None
        assert all(2.0 <= span.length <= 10.0 and span.end <= script.duration for span in spans), script.id
        assert all(a.end < b.start for a, b in pairwise(spans)), script.id


def test_spans_begin_and_end_on_frames(scripts: list[Script]) -> None:
    ends = [t for s in scripts for span in s.truth.spans or () for t in (span.start, span.end)]
    assert all(abs(t * RATE - round(t * RATE)) < 1e-6 for t in ends)


def test_normal_clips_have_no_span_and_others_have_one_or_two(scripts: list[Script]) -> None:
    counts = {(labels(s) == (NORMAL,), len(s.truth.spans or ())) for s in scripts}
    assert counts == {(True, 0), (False, 1), (False, 2)}


def test_spans_start_all_over_the_clip(scripts: list[Script]) -> None:
    shares = sorted(span.start / s.duration for s in scripts for span in s.truth.spans or ())
    assert shares[len(shares) // 10] < 0.2
    assert shares[-len(shares) // 10] > 0.6


def test_normal_clips_are_full_of_look_alikes(scripts: list[Script]) -> None:
    normal = [s for s in scripts if s.truth.normal]
    assert all(s.acts for s in normal)
    assert {act for s in normal for act in s.acts} == set(CONFUSERS)


def test_look_alikes_are_as_common_in_abnormal_clips(scripts: list[Script]) -> None:
    def plain(abnormal: bool) -> float:
        some = [s for s in scripts if s.truth.normal is not abnormal and s.duration <= 30]
        marked = sum(len(s.truth.spans or ()) for s in some) if abnormal else 1.35 * len(some)
        return (sum(len(s.acts) for s in some) - marked) / len(some)

    assert plain(abnormal=True) == pytest.approx(plain(abnormal=False), abs=0.2)


def test_neither_place_nor_light_tells_the_label(scripts: list[Script]) -> None:
    half = len(scripts) / 2
    for values in ([s.place.kind for s in scripts], [s.weather.time for s in scripts]):
        normal = Counter(value for value, s in zip(values, scripts, strict=True) if s.truth.normal)
        shares = {value: count / len(scripts) for value, count in Counter(values).items()}
        chi2 = 2 * sum((normal[value] - half * share) ** 2 / (half * share) for value, share in shares.items())
        assert chi2 < 24.3, "beyond 99.9 % of chance at seven degrees of freedom"


def test_a_clips_place_and_light_do_not_depend_on_its_label() -> None:
    one, other = write("a", 99, "Fire", long=False), write("b", 99, NORMAL, long=False)
    assert (one.place, one.weather, one.frames) == (other.place, other.weather, other.frames)


def test_abnormal_clips_are_not_fuller_than_normal_ones(scripts: list[Script]) -> None:
    def crowd(normal: bool) -> float:
        some = [len(s.actors) / s.duration for s in scripts if s.truth.normal is normal]
        return sum(some) / len(some)

    assert crowd(normal=False) == pytest.approx(crowd(normal=True), rel=0.15)
