import json
from pathlib import Path

from rocot.core.record import Json


def video(frames: int, label: list[Json], events: list[Json], clips: list[Json]) -> dict[str, Json]:
    """A video as the database has it; every text is invented, and tells where it stands."""
    parts: list[Json] = [
        {"judgement": f"Judgement {index}.", "description": f"Description {index}."} for index in range(len(events))
    ]
    return {
        "n_frames": frames,
        "fps": 30.0,
        "label": label,
        "events": events,
        "clips": clips,
        "clips_caption": [
            [f"Caption {index} {part}." for part in range(len(group))]
            for index, group in enumerate(clips)
            if isinstance(group, list)
        ],
        "events_summary": [f"Summary {index}." for index in range(len(events))],
        "video_summary": "A summary of all.",
        "events_summary_split": parts,
        "video_summary_split": {"judgement": "A judgement.", "description": "All of it.", "analysis": "And why."},
    }


DATABASE: dict[str, Json] = {
    "Arson901_x264": video(
        1795, ["Arson"], [[33.333, 59.867], [33.333, 59.8]], [[[33.333, 55.6]], [[33.333, 55.6], [50.0, 61.0]]]
    ),
    "Burglary901_x264": video(900, ["Burglary"], [[2.0, 6.5], [20.0, 25.0]], [[[2.0, 7.4]], [[20.0, 22.0]]]),
    "Normal_Videos_901_x264": video(300, [], [[1.0, 4.0]], [[[1.0, 4.0]]]),
}


def line(number: int, kind: str, task: str, path: str) -> dict[str, Json]:
    return {
        "id": number,
        "type": kind,
        "task": task,
        "video": path,
        "prompt": f"What of {task}?",
        "anwser": f"Answer {number}.",
    }


LINES = [
    line(0, "video", "judgement", "ucf-crime/videos/test/Burglary901_x264.mp4"),
    line(1, "event", "description", "ucf-crime/events/test/Burglary901_x264_E1.mp4"),
    line(2, "clip", "caption", "ucf-crime/clips/test/Burglary901_x264_E0C0.mp4"),
    line(3, "clip", "caption", "xd-violence/clips/test/v=ab-c__#1_label_B1-0-0_E0C0.mp4"),
    line(4, "video", "analysis", "ucf-crime/videos/test/Abuse999_x264.mp4"),
]


def write(folder: Path) -> None:
    (folder / "ucf_database_test.json").write_text(json.dumps(DATABASE))
    text = "\n".join(json.dumps(line) for line in LINES)
    (folder / "merge_instruction_test_final.jsonl").write_text(text + "\n")
