import json
from pathlib import Path

from rocot.core.record import Json

TRAIN: dict[str, Json] = {
    "Abuse901_x264": {
        "duration": 60.5,
        "timestamps": [[20.0, 31.4], [0.3, 12.0], [0.3, 12.0]],
        "sentences": ["A cart rolls past. ", " A dog sits by a gate.", "The dog\u2019s bowl is\tblue."],
    },
    "Normal_Videos_901_x264": {
        "duration": 4000.0,
        "timestamps": [[68.2, 3725.5]],
        "sentences": ["A cleaner wipes the counter."],
    },
}
VAL: dict[str, Json] = {
    "Normal_Videos902_x264": {"duration": 9.9, "timestamps": [[1.0, 9.9]], "sentences": ["Someone waits."]},
}
TEST = """\
RoadAccidents903_x264 00:01.2 00:08.2 ##A van stops ##1 at a crossing.
RoadAccidents903_x264 7:05.0 00:37:24.0 ## It drives on.
Stealing903_x264 00:59:59.9 01:00:00.1 ##A door opens.
RoadAccidents903_x264 00:00.0 00:01.0 ##The street is empty."""
"""In the shape of the text files, where one video's lines may stand apart."""


def write(folder: Path) -> None:
    (folder / "UCFCrime_Train.json").write_text(json.dumps(TRAIN))
    (folder / "UCFCrime_Val.json").write_text(json.dumps(VAL))
    (folder / "UCFCrime_Test.txt").write_text(TEST)
