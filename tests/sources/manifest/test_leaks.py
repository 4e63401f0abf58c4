"""Videos that are trained on here and tested on there."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rocot.sources.known.dataset import known
from rocot.sources.known.files import Files
from rocot.sources.known.importing import annotated
from rocot.sources.known.importing import manifest as imported
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.file import Manifest
from rocot.sources.manifest.leaks import Crossing, Leak, crossings, leaks
from rocot.sources.manifest.official import official_test
from tests.sources.manifest.toys import entry, manifest


def told(found: Iterable[Leak]) -> list[tuple[str, str, str, str]]:
    return [(leak.kind, leak.video, leak.here.name, leak.there.name) for leak in found]


def test_a_training_video_of_one_dataset_in_the_official_test_of_another_is_a_leak() -> None:
    one = manifest("one", entry("one/a"), entry("one/b", "test", "test"), entry("one/c", "test", "test"))
    two = manifest("two", entry("one/b"), entry("one/c", "dev", "val"), entry("one/a", "held out", "test"))
    assert told(leaks([one, two])) == [
        ("official test", "one/a", "one train", "two held out"),
        ("official test", "one/c", "two dev", "one test"),
        ("official test", "one/b", "two train", "one test"),
    ]
    assert leaks([one, two]) == leaks([two, one])


def test_one_split_in_two_datasets_is_none() -> None:
    one = manifest("one", entry("one/a"), entry("one/b", "test", "test"), entry("one/c", "val", "val"))
    two = manifest("two", entry("one/a"), entry("one/b", "test", "test"), entry("one/c"))
    assert leaks([one, two]) == []


def test_a_test_split_that_nobody_calls_official_may_be_trained_on_elsewhere() -> None:
    one = manifest("one", entry("one/a", "test", "test"), unofficial=("test",))
    assert leaks([one, manifest("two", entry("one/a"))]) == []


def test_a_video_in_two_splits_of_one_dataset_is_a_leak_told_once() -> None:
    twice = [entry("toy/a"), entry("toy/a", "dev", "val"), entry("toy/b"), entry("toy/b", "test", "test")]
    assert told(leaks([manifest("toy", *twice, unofficial=("test",))])) == [
        ("two splits", "toy/a", "toy train", "toy dev"),
        ("two splits", "toy/b", "toy train", "toy test"),
    ]


def test_an_official_test_video_in_its_own_training_split_is_told_as_that_and_once() -> None:
    one = manifest("toy", entry("toy/a"), entry("toy/a", "test", "test"))
    assert told(leaks([one])) == [("official test", "toy/a", "toy train", "toy test")]


def test_two_native_splits_for_training_are_no_line_to_cross() -> None:
    assert leaks([manifest("toy", entry("toy/a", "part 1"), entry("toy/a", "part 2"))]) == []


def test_the_shipped_lists_stand_in_for_a_manifest_that_is_not_there() -> None:
    two = manifest("two", entry("one/b"), entry("one/d", "test", "test"))
    official = {"one/b": "one", "one/d": "one"}.get
    (leak,) = leaks([two], official)
    assert told([leak]) == [("official test", "one/b", "two train", "one test")]
    assert leak.there.official
    with_it = leaks([two, manifest("one", entry("one/b", "Test list", "test"))], official)
    assert told(with_it) == [("official test", "one/b", "two train", "one Test list")]


def same_name_but_for_case(first: Sequence[Entry], second: Sequence[Entry]) -> Iterable[tuple[int, int, str]]:
    for at, one in enumerate(first):
        for number, other in enumerate(second):
            if one.video.lower() == other.video.lower():
                yield at, number, "their names are alike"


def with_files(name: str, *entries: Entry) -> Manifest:
    return manifest(name, *(one.model_copy(update={"sha256": "0" * 64}) for one in entries))


def test_a_twin_by_content_is_a_leak_where_it_crosses_the_line() -> None:
    one = with_files("one", entry("one/a", "test", "test"), entry("one/b"), entry("one/c", "test", "test"))
    two = with_files("two", entry("ONE/A"), entry("ONE/B"), entry("ONE/C", "test", "test"), entry("one/d"))
    (leak,) = leaks([one, two], alike=same_name_but_for_case)
    assert told([leak]) == [("same content", "ONE/A", "two train", "one test")]
    assert (leak.twin, leak.detail) == ("one/a", "their names are alike")


def test_a_twin_between_the_splits_of_one_dataset_is_a_leak() -> None:
    one = with_files("one", entry("one/a"), entry("ONE/A", "val", "val"), entry("One/a", "more", "train"))
    found = leaks([one], alike=same_name_but_for_case)
    assert told(found) == [
        ("same content", "One/a", "one more", "one val"),
        ("same content", "one/a", "one train", "one val"),
    ]


def test_leaks_are_counted_by_kind_and_places() -> None:
    one = manifest("one", *(entry(f"one/{name}", "test", "test") for name in "abc"))
    two = manifest("two", entry("one/a"), entry("one/b"), entry("one/c", "dev", "val"))
    found = leaks([one, two])
    counted = [(each.kind, each.here.name, each.there.name, tuple(each.videos)) for each in crossings(found)]
    assert counted == [
        ("official test", "two dev", "one test", ("one/c",)),
        ("official test", "two train", "one test", ("one/a", "one/b")),
    ]
    assert isinstance(crossings(found)[0], Crossing)


def official(dataset: str, folder: Path) -> Manifest:
    about, files = known(dataset), Files(folder)
    return imported(about, files, annotated(about, files))


def test_uca_trains_on_official_test_videos_of_ucf_crime(shared: Callable[[str], Path]) -> None:
    uca, ucf = official("uca", shared("uca")), official("ucf-crime", shared("ucf-crime"))
    alone = {(each.here.common, each.there.name): len(each.videos) for each in crossings(leaks([uca], official_test))}
    assert alone == {("train", "ucf-crime test"): 214, ("val", "ucf-crime test"): 22}
    both = {(each.here.name, each.there.name): len(each.videos) for each in crossings(leaks([uca, ucf]))}
    assert both == {
        ("uca train", "ucf-crime test"): 214,
        ("uca val", "ucf-crime test"): 22,
        ("ucf-crime train", "uca test"): 310 - 50,
    }


def test_vau_bench_shares_two_videos_between_val_and_test(shared: Callable[[str], Path]) -> None:
    found = leaks([official("vau-bench", shared("vau-bench"))], official_test)
    assert told(found) == [
        ("official test", f"ecva/{number}", "vau-bench val", "vau-bench test ECVA") for number in (1953, 1955)
    ]


def test_the_official_splits_of_ucf_crime_and_xd_violence_do_not_leak(shared: Callable[[str], Path]) -> None:
    both = [official(name, shared(name)) for name in ("ucf-crime", "xd-violence")]
    assert leaks(both, official_test) == []
