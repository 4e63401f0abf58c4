"""A folder of videos: what it gives, in which order, and what it says of what it cannot give."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rocot.core.motion import Packets
from rocot.core.span import Span
from rocot.core.truth import Truth
from rocot.errors import ConfigError, VideoError
from rocot.sources.folder import VAU_BENCH, FolderSource
from rocot.sources.footage import Here
from rocot.sources.protocol import Skipped, Video, mark_of
from rocot.video.av_reader import AvReader
from rocot.video.protocol import Facts, Look, Taken
from tests.contracts.numbered import film

HEADER = "path,label,start,end\n"


class Known:
    """A reader for which every file lasts ten seconds, but for those that hold another number, or say they are bad."""

    name = "known"

    def __init__(self) -> None:
        self.probed = 0
        self.threads = set[int]()

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        self.probed += 1
        self.threads.add(threading.get_ident())
        said = path.read_text()
        if said == "bad":
            raise VideoError("damaged", f"{path.name}: it says so")
        if said == "slow":
            time.sleep(0.05)
        return Facts(duration=float(said) if said[:1].isdigit() else 10.0, width=2, height=2, fps=25, codec="none")

    def read(
        self, path: Path, times: Sequence[float], look: Look, *, tolerance: float = 0.0, salvage: bool = False
    ) -> Taken:
        raise NotImplementedError

    def packets(self, path: Path, start: float, end: float) -> Packets:
        raise NotImplementedError


MakeSource = Callable[..., FolderSource]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def make(tmp_path: Path, root: Path) -> MakeSource:
    def make(csv: str | None = None, *names: str, classes: tuple[str, ...] = (), **contents: str) -> FolderSource:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(contents.get(name.split(".")[0], "video"))
        annotations = None if csv is None else tmp_path / "a.csv"
        if annotations is not None and csv is not None:
            annotations.write_text(HEADER + csv)
        return FolderSource("mine", Here(root), annotations, "train", classes, Known())

    return make


def listed(source: FolderSource) -> list[Video]:
    found = list(source.videos("train"))
    assert all(isinstance(video, Video) for video in found), found
    return [video for video in found if isinstance(video, Video)]


def one(source: FolderSource) -> Video | Skipped:
    (found,) = source.videos("train")
    return found


def test_videos_come_in_order_whatever_takes_how_long(make: MakeSource, root: Path) -> None:
    source = make(None, "b.mp4", "a/z.AVI", "a/b/c.mkv", "notes.txt", ".hidden.mp4", ".cache/x.mp4", b="slow")
    videos = listed(source)
    assert [video.id for video in videos] == ["a/b/c", "a/z", "b"]
    first = videos[0]
    assert (first.source, first.split, first.duration) == ("mine", "train", 10.0)
    assert first.path == str(root / "a/b/c.mkv")
    assert first.mark == mark_of(root / "a/b/c.mkv")
    assert [video.id for video in listed(source)] == ["a/b/c", "a/z", "b"]


def test_another_split_is_empty(make: MakeSource) -> None:
    assert list(make(None, "a.mp4").videos("test")) == []


def test_the_csv_gives_the_truth_and_silence_gives_none(make: MakeSource) -> None:
    source = make("a.mp4,Fighting,1,2\na.mp4,Arson,3,4\nb.mp4,Normal,,\n", "a.mp4", "b.mp4", "c.mp4")
    assert [video.truth for video in listed(source)] == [
        Truth(labels=("Fighting", "Arson"), spans=(Span(start=1, end=2), Span(start=3, end=4))),
        Truth(labels=("Normal",), spans=()),
        Truth(),
    ]


def test_classes_are_those_given_else_those_of_the_csv_else_those_of_vau_bench(make: MakeSource) -> None:
    csv = "a.mp4,Fighting,1,2\nb.mp4,Arson,3,4\n"
    assert listed(make(csv, "a.mp4", "b.mp4"))[0].classes == ("Normal", "Arson", "Fighting")
    given = ("Fighting", "Normal", "Arson", "Robbery")
    assert listed(make(csv, classes=given))[0].classes == ("Normal", "Fighting", "Arson", "Robbery")
    assert listed(make("a.mp4,,1,2\n"))[0].classes == VAU_BENCH
    assert listed(make(None))[0].classes == VAU_BENCH
    assert len(set(VAU_BENCH)) == 20


def test_videos_that_would_share_an_id_keep_their_suffix(make: MakeSource) -> None:
    source = make(None, "a.avi", "a.mp4", "a.mp4.mkv", "b.mp4", "c/a.mp4")
    ids = [video.id for video in listed(source)]
    assert ids == ["a.avi", "a.mp4", "a.mp4.mkv", "b", "c/a"]


def test_spans_a_little_past_the_end_are_cut_and_far_past_it_skip_the_video(make: MakeSource) -> None:
    within = one(make("a.mp4,Fighting,4,10.9\n", "a.mp4"))
    assert isinstance(within, Video)
    assert within.truth.spans == (Span(start=4, end=10.0),)
    for csv in ("a.mp4,Fighting,4,11.2\n", "a.mp4,Fighting,10.1,10.9\n"):
        past = one(make(csv))
        assert isinstance(past, Skipped)
        assert past.reason == "span past the end"
        assert "ends at 10.00 s" in past.detail


def test_what_spoils_one_video_skips_it_and_goes_on(make: MakeSource, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.mp4").write_text("secret")
    source = make("gone.mp4,Fighting,1,2\nlink.mp4,Fighting,1,2\nok.mp4,Normal,,\n", "bad.mp4", "ok.mp4", bad="bad")
    (root / "link.mp4").symlink_to(outside / "secret.mp4")
    (root / "linked").symlink_to(outside)
    (root / "broken.mp4").symlink_to("nowhere")
    (root / "loop.mp4").symlink_to("loop.mp4")
    (root / "inside.mp4").symlink_to("ok.mp4")
    (root / "inner").symlink_to(root)
    (root / "folder.mp4").mkdir()
    os.mkfifo(root / "pipe.mp4")
    source = FolderSource("mine", Here(root), tmp_path / "a.csv", "train", (), Plain())
    found = list(source.videos("train"))
    assert [(video.id, video.reason) for video in found if isinstance(video, Skipped)] == [
        ("bad", "damaged"),
        ("broken", "missing file"),
        ("gone", "missing file"),
        ("inner", "linked folder"),
        ("link", "outside the folder"),
        ("linked", "outside the folder"),
        ("loop", "missing file"),
        ("pipe", "not a video"),
    ]
    assert [video.id for video in found if isinstance(video, Video)] == ["inside", "ok"]


class Plain(Known):
    """Known, which looks whether it is handed a plain file."""

    def probe(self, path: Path, *, salvage: bool = False) -> Facts:
        mark_of(path)
        return super().probe(path)


def test_names_that_no_store_can_hold_skip_the_video(make: MakeSource) -> None:
    source = make(None, "ok.mp4", "line\nfeed.mp4", "v\udcff.mp4", "esc\x1b[31m.mp4", "a, b#1=v=é.mp4")
    found = list(source.videos("train"))
    assert [video.id for video in found if isinstance(video, Video)] == ["a, b#1=v=é", "ok"]
    skipped = [video for video in found if isinstance(video, Skipped)]
    assert {video.reason for video in skipped} == {"unusable name"}
    assert all(video.id.isprintable() for video in skipped)


def test_a_folder_or_csv_that_cannot_be_used_says_what_to_do(make: MakeSource, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no videos in it; put some there"):
        make(None, "notes.txt").videos("train")
    with pytest.raises(ConfigError, match="no such folder"):
        FolderSource("mine", Here(tmp_path / "none"), None, "train", (), Known()).videos("train")
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        FolderSource("mine", Here(root / "notes.txt"), None, "train", (), Known()).videos("train")
    (root / "a.mp4").write_text("video")
    with pytest.raises(ConfigError, match="no such file; annotations must be a CSV"):
        FolderSource("mine", Here(root), tmp_path / "none.csv", "train", (), Known()).videos("train")
    with pytest.raises(ConfigError, match="none of its 2 paths lies in"):
        make("videos/a.mp4,Fighting,1,2\nvideos/b.mp4,Fighting,1,2\n").videos("train")


def test_files_are_opened_as_they_are_asked_for_and_several_at_once(root: Path) -> None:
    for number in range(200):
        (root / f"{number:03}.mp4").write_text("slow")
    reader = Known()
    source = FolderSource("mine", Here(root), None, "train", (), reader)
    stream = source.videos("train")
    assert [next(stream).id for _ in range(3)] == ["000", "001", "002"]
    threads = min(8, os.cpu_count() or 1)
    time.sleep(0.3 + 4 * 0.05)
    assert reader.probed <= 3 + 4 * threads
    del stream
    assert len(reader.threads) == threads


def test_real_videos_are_read(root: Path, tmp_path: Path) -> None:
    film(root / "a.mp4")
    (root / "b.mp4").write_text("This is no video.")
    (tmp_path / "a.csv").write_text(HEADER + "a.mp4,Fighting,1,3.5\nb.mp4,Fighting,1,2\n")
    source = FolderSource("mine", Here(root), tmp_path / "a.csv", "train", (), AvReader())
    video, skipped = source.videos("train")
    assert isinstance(video, Video)
    assert isinstance(skipped, Skipped)
    assert (video.duration, video.truth.spans) == (3.0, (Span(start=1, end=3),))
    assert (skipped.id, skipped.reason) == ("b", "not a video")
