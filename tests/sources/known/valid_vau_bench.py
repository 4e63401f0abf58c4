import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

HEADER = [
    "Video Name",
    "Question",
    "Option 1",
    "Option 2",
    "Option 3",
    "Option 4",
    "Correct Option",
    "Key Object",
    "Description",
    "Reasoning",
    "Anomaly Class",
    "Start Time",
    "End Time",
]
ROW = {
    "Video Name": "ucf_Abuse901_x264.mp4",
    "Question": "What does the man, in a hurry, do?",
    "Option 1": "He waves",
    "Option 2": "He runs",
    "Option 3": "He sits",
    "Option 4": "He sleeps",
    "Correct Option": "B",
    "Key Object": "man",
    "Description": "A man runs over a yard.",
    "Reasoning": "### Specific Anomaly Type: none ### Location: a yard",
    "Anomaly Class": "Abuse",
    "Start Time": "1.5",
    "End Time": "4.25",
}
TEXTS = [name for name in HEADER if name not in ("Video Name", "Start Time", "End Time")]
LITERAL = (
    "{'Location': 'a yard', 'Key Evidence': [\"the man's pace\", 'a ladder'], 'Cause and Effect': {'Cause': 'rain'}}"
)


def row(name: str, **cells: str) -> dict[str, str]:
    """The row above with other cells; `Start_Time` stands for `Start Time`."""
    return {**ROW, "Video Name": name, **{key.replace("_", " "): cell for key, cell in cells.items()}}


def normal(name: str, **cells: str) -> dict[str, str]:
    return row(name, Anomaly_Class="Normal", Start_Time="0.0", End_Time="0.0", **cells)


def unlocalised(name: str, **cells: str) -> dict[str, str]:
    return row(name, Start_Time="-1.0", End_Time="-1.0", **cells)


def without_texts(name: str, start: str, end: str) -> dict[str, str]:
    return {**dict.fromkeys(TEXTS, "-1"), "Video Name": name, "Start Time": start, "End Time": end}


def table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write(folder: Path) -> None:
    table(
        folder / "ucf_subset_train.csv", [unlocalised("ucf_Abuse901_x264.mp4"), normal("ucf_Normal_Videos901_x264.mp4")]
    )
    table(
        folder / "val.csv",
        [
            row("ecva_17.mp4", Anomaly_Class="Food Safety"),
            unlocalised("msad_Traffic_accident_6.mp4", Anomaly_Class="Traffic_accident"),
            normal("msad_mall4.mp4", Key_Object=""),
        ],
    )
    table(
        folder / "test_ucf_crime.csv",
        [
            row("RoadAccidents902_x264.mp4", Anomaly_Class="Traffic_accident", Reasoning=LITERAL),
            without_texts("Burglary902_x264.mp4", "12.5", "45.33"),
            without_texts("Normal_Videos_902_x264.mp4", "0.0", "0.0"),
        ],
    )
    table(
        folder / "test_msad.csv",
        [
            row("Assault_2.mp4", Correct_Option="D. He sleeps", Anomaly_Class="Assault"),
            normal("MSAD_normal_testing_1.mp4"),
        ],
    )
    table(
        folder / "test_ecva.csv",
        [row("14.mp4", Reasoning=LITERAL), row("1577.mp4", Anomaly_Class="Normal", Start_Time="2.0", End_Time="150.0")],
    )
