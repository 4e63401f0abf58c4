"""The benchmarks from official files, and from small ones in their form."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.row import Row
from rocot.core.truth import NORMAL
from rocot.errors import ConfigError
from rocot.evaluate.benchmarks import SUITES, from_annotations, from_manifest, from_rows
from rocot.evaluate.published import PUBLISHED
from rocot.evaluate.result import evaluate
from rocot.evaluate.rows import of_clips, of_videos
from rocot.sources.known.files import Files
from tests.builders import EDITION, many
from tests.evaluate.toys import perfect
from tests.sources.known import valid_vau_bench
from tests.sources.known.imported import imported

Denominators = tuple[int, int, float, float]
"""Of grounding and of questions; percent of the longest option and of always A."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vau-bench/msad", (120, 240, 43.8, 68.3)),
        ("vau-bench/ecva", (402, 438, 76.9, 52.3)),
        ("vau-bench/ucf-crime", (124, 251, 75.7, 59.0)),
    ],
)
def test_vau_bench_has_its_published_denominators_and_blind_baselines(
    name: str, expected: Denominators, shared: Callable[[str], Path]
) -> None:
    benchmark = from_annotations(name, Files(shared("vau-bench")))
    found = evaluate(benchmark, perfect(benchmark))
    assert found.vau_r1 is not None
    assert found.qa is not None
    for one in (found.vau_r1.grounding, found.grounding):
        assert one is not None
        assert (one.cases, one.miou.value, one.r70.value) == (expected[0], 1, 1)
    theirs, blind = found.vau_r1.qa, found.qa.blind
    assert theirs is not None
    assert (theirs.questions, found.qa.questions, theirs.accuracy.value) == (expected[1], expected[1], 1)
    assert (_percent(blind.longest), _percent(blind.always_first)) == expected[2:]
    assert found.classification is not None
    for part in (found.classification.native, found.classification.common):
        assert part is not None
        assert part.accuracy.value == 1


@pytest.mark.parametrize(
    ("name", "located", "frames"), [("ucf-crime", 140, 1_111_808), ("xd-violence", 500, 2_335_801)]
)
def test_frames_agree_with_a_loop_over_the_official_numbers(
    name: str, located: int, frames: int, shared: Callable[[str], Path]
) -> None:
    folder = shared(name)
    benchmark = from_annotations(name, Files(folder))
    found = evaluate(benchmark, perfect(benchmark))
    assert found.grounding is not None
    assert (found.grounding.cases, found.grounding.miou.value) == (located, 1)
    assert found.frame_level is not None
    assert (found.frame_level.frames, found.frame_level.left_out, found.frame_level.value.value) == (frames, 0, 1)
    by_hand = 0
    for entry in imported(name, folder).entries:
        if entry.native_split == "test":
            inside = {
                frame
                for start, end in entry.intervals or ()
                for frame in range(int(start), min(int(end), entry.frames or 0))
            }
            by_hand += len(inside)
    assert found.frame_level.anomalous == by_hand
    empty = evaluate(benchmark, [])
    assert empty.frame_level is not None
    chance = 0.5 if name == "ucf-crime" else by_hand / frames
    assert empty.frame_level.value.value == pytest.approx(chance)


def test_small_files_in_the_same_form_give_cases(tmp_path: Path) -> None:
    valid_vau_bench.write(tmp_path)
    benchmark = from_annotations("vau-bench/ucf-crime", Files(tmp_path))
    assert [case.id for case in benchmark.cases] == [
        "RoadAccidents902_x264",
        "Burglary902_x264",
        "Normal_Videos_902_x264",
    ]
    assert benchmark.notes == ("3 of the 290 videos of the split are here",)
    found = evaluate(benchmark, perfect(benchmark))
    assert found.qa is not None
    assert found.grounding is not None
    assert (found.qa.questions, found.grounding.cases) == (1, 2)
    ecva = from_annotations("vau-bench/ecva", Files(tmp_path))
    doubtful = {case.id: case for case in ecva.cases}["1577"]
    assert (doubtful.truth.labels, doubtful.located) == (None, True)


def test_a_manifest_of_another_dataset_and_a_benchmark_that_is_none_are_told(tmp_path: Path) -> None:
    valid_vau_bench.write(tmp_path)
    made = imported("vau-bench", tmp_path)
    assert from_manifest("vau-bench/msad", made).classes[0] == NORMAL
    with pytest.raises(ConfigError, match="wants a manifest of ucf-crime"):
        from_manifest("ucf-crime", made)
    with pytest.raises(ConfigError, match="known are vau-bench/ucf-crime"):
        from_manifest("kinetics", made)


def test_a_releases_own_answers_are_measured_on_its_own_clips() -> None:
    rows = [Row.of(item, EDITION) for item in many(9)]
    split = rows[0].split
    benchmark = from_rows(rows, split)
    found = evaluate(benchmark, of_clips(rows, split))
    assert (found.missing, found.unknown) == (0, 0)
    assert found.reflection is not None
    flips = found.reflection.answers
    assert flips is not None
    assert (flips.confirmed, flips.corrected, flips.corrupted) == (3, 3, 3)
    assert {row.outcome for row in rows} == {"confirmed", "corrected", "corrupted"}
    videos, left_out = of_videos(rows)
    assert (len(videos), left_out) == (9, 0)
    assert videos[0].id == rows[0].video
    with pytest.raises(ConfigError, match="no rows of that split; it has train"):
        from_rows(rows, "elsewhere")


def test_every_published_row_is_of_a_benchmark_that_there_is() -> None:
    assert {one.benchmark for one in PUBLISHED} <= set(SUITES)
    assert all(0 < one.value < 100 for one in PUBLISHED)


def _percent(value: float | None) -> float:
    assert value is not None
    return round(100 * value, 1)
