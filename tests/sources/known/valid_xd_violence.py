"""XD-Violence as its files are, with invented videos: every shape of a name, one video with intervals that overlap."""

import json
from pathlib import Path

TRAIN = (
    "Some.Film.2001__#00-01-02_00-02-03_label_B2-G-0",
    "v=a_b-c=d__#1_label_B1",
    "v=0123456789A__#0-27-17_0-28-07_label_G",
    "v=BCDEFGHIJKL__#1_label_A",
)
FILM = "Some.Film.2001__#01-02-03_01-03-04_label_B4-B1-B6"
TUBE = "v=-x=_y__#1_label_B5-0-0"
CALM = "v=QRSTUVWXYZ0__#00-00-00_00-00-10_label_A"


def write(folder: Path) -> None:
    """All files, the optional ones too."""
    of = "/media/anyone/vggish-features"
    (folder / "audio.list").write_text("".join(f"{of}/train/{name}__vggish.npy\n" for name in TRAIN))
    (folder / "audio_test.list").write_text("".join(f"{of}/test/{name}__vggish.npy\n" for name in (FILM, TUBE, CALM)))
    (folder / "annotations.txt").write_text(f"{FILM}.mp4 0 24 48 96 120 1439\n{TUBE} 1 240")
    (folder / "annotations_multiclasses.txt").write_text(
        f"{FILM}.mp4 B4 0 24 B1 48 96 B6 72 96 B2 120 1439\n{TUBE} B5 1 240"
    )
    train = [{"video_name": name, "path": f"/x/{name}", "video_label": 1, "length": 480} for name in TRAIN]
    (folder / "xd_train.json").write_text(json.dumps(train))
    test = [
        {"video": FILM, "temporal_label": [-1, -1], "length": 1440, "label": "0"},
        {"video": TUBE, "temporal_label": [1, 240], "length": 264, "label": "1"},
        {"video": CALM, "temporal_label": [-1, -1], "length": 240, "label": "0"},
    ]
    (folder / "xd_test_800.json").write_text(json.dumps(test))
