from collections import Counter
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.sources.manifest.leaks import leaks
from rocot.sources.manifest.official import official_test
from tests.sources.known import valid_shanghaitech
from tests.sources.known.imported import entries, imported, seconds, video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    valid_shanghaitech.write(tmp_path)
    return tmp_path


def whole(folder: Path) -> None:
    """Lists of the re-split's size: 175 + 63 and 155 + 44, with a mask for each of the 107."""
    for file, first, normal, abnormal in (("SH_Train.txt", 0, 175, 63), ("SH_Test.txt", 500, 155, 44)):
        names = [f"91_{first + i:03}" for i in range(normal)]
        tested = [f"91_{first + i:04}" for i in range(abnormal)]
        (folder / file).write_text("\n".join([*tested, *names]))
        for name in tested:
            valid_shanghaitech.mask(folder, name, [0, 1, 1, 0])


def test_lists_of_the_official_size_give_the_official_counts(tmp_path: Path) -> None:
    whole(tmp_path)
    made = imported("shanghaitech", tmp_path)
    counts = Counter((entry.split, entry.truth.normal) for entry in made.entries)
    assert counts == {("train", True): 175, ("train", False): 63, ("test", True): 155, ("test", False): 44}
    assert sum(entry.frames == 4 and entry.intervals == ((1.0, 3.0),) for entry in made.entries) == 107
    assert made.header.notes == ()


def test_training_videos_of_the_re_split_that_the_dataset_itself_tests_on_are_leaks(folder: Path) -> None:
    (folder / "SH_Train.txt").write_text("01_0014\n91_0014\n01_001")
    found = leaks([imported("shanghaitech", folder)], official_test)
    assert [(leak.video, leak.here.name, leak.there.name) for leak in found] == [
        ("shanghaitech/01_0014", "shanghaitech SH_Train", "shanghaitech test")
    ]


def test_three_digits_are_normal_and_four_abnormal(folder: Path) -> None:
    made = entries("shanghaitech", folder)
    assert (made["91_001"].labels, made["91_001"].spans) == (("Normal",), ())
    assert made["91_0014"].labels == ("Anomaly",)
    assert made["91_0014"].video == "shanghaitech/91_0014"


def test_the_ones_of_a_mask_are_spans_once_the_video_tells_its_rate(folder: Path) -> None:
    made = entries("shanghaitech", folder, {"shanghaitech/91_0014": video(24.0, 108)})
    assert seconds(made["91_0014"]) == [(2.0, 3.0), (4.0, 4.5)]
    bare = entries("shanghaitech", folder)["91_0015"]
    assert (bare.intervals, bare.frames, bare.localised) == (((10.0, 48.0),), 48, False)
    assert "seconds need the video" in bare.corrections[0]


def test_a_missing_mask_leaves_the_video_unlocalised_and_is_said(folder: Path) -> None:
    (folder / "test_frame_mask" / "91_0015.npy").unlink()
    made = entries("shanghaitech", folder)["91_0015"]
    assert (made.intervals, made.localised) == (None, False)
    assert made.corrections == ("no mask of it in test_frame_mask: not localised",)


def test_a_mask_of_zeros_leaves_an_abnormal_video_unlocalised(folder: Path) -> None:
    valid_shanghaitech.mask(folder, "91_0015", [0, 0, 0])
    made = entries("shanghaitech", folder)["91_0015"]
    assert (made.localised, made.labels) == (False, ("Anomaly",))
    assert made.corrections == ("the name says abnormal, no frame of the mask is: not localised",)


def test_masks_of_videos_in_no_list_are_counted(folder: Path) -> None:
    valid_shanghaitech.mask(folder, "91_0099", [0, 1])
    assert "test_frame_mask/91_0099.npy: the first of 1 masks" in " ".join(
        imported("shanghaitech", folder).header.notes
    )


def test_arrays_elsewhere_are_no_masks(folder: Path) -> None:
    (folder / "features").mkdir()
    (folder / "features" / "91_0014.npy").write_bytes(b"features")
    assert entries("shanghaitech", folder)["91_0014"].frames == 108


@pytest.mark.parametrize("name", ["91_01", "91_00141", "91/0014", "../0014", "91_001.avi"])
def test_another_name_is_told_with_its_line(folder: Path, name: str) -> None:
    (folder / "SH_Test.txt").write_text(f"91_002\n{name}")
    with pytest.raises(ConfigError, match=r"SH_Test\.txt:2: want 01_001 or 01_0014"):
        imported("shanghaitech", folder)


def test_a_damaged_mask_is_told_with_its_file(folder: Path) -> None:
    (folder / "test_frame_mask" / "91_0014.npy").write_bytes(b"binary")
    with pytest.raises(ConfigError, match=r"test_frame_mask/91_0014\.npy: not a NumPy array"):
        imported("shanghaitech", folder)


def test_a_video_of_as_many_frames_as_its_mask_has_the_right_length_at_any_rate(folder: Path) -> None:
    for rate in (10.0, 24.0, 23.976):
        made = entries("shanghaitech", folder, {"shanghaitech/91_0014": video(rate, 108)})["91_0014"]
        assert made.corrections == ()
    made = entries("shanghaitech", folder, {"shanghaitech/91_0014": video(24.0, 72)})["91_0014"]
    assert "the annotation says 4.5 s, the video lasts 3.0 s" in made.corrections
