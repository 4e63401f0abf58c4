import json
from pathlib import Path

from rocot.core.record import Json


def clip(subset: str, kind: str = "ego: turning", first: int = 300, frames: int = 120, start: int = 40) -> Json:
    """Of an anomaly of two seconds."""
    return {
        "video_start": first,
        "video_end": first + frames - 1,
        "anomaly_start": start,
        "anomaly_end": start + 20,
        "anomaly_class": kind,
        "num_frames": frames,
        "subset": subset,
    }


def write(folder: Path) -> None:
    train = {"Aa0-_bbbbbb_000300": clip("train"), "Aa0-_bbbbbb_000900": clip("train", "other: lateral", 900)}
    tested = {"Cc1-_dddddd_000100": clip("val", "other: unknown", 100, frames=60)}
    for split, records in (("train", train), ("val", tested)):
        (folder / f"metadata_{split}.json").write_text(json.dumps(records, indent=2))
