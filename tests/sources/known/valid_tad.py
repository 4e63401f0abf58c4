from pathlib import Path

TRAIN = """\
frames/abnormal/01_Accident_901.mp4 0 200 1
frames/abnormal/05_else_901.mp4 0 90 5
frames/normal/Normal_901.mp4 0 60 0"""
TEST = """\
frames/abnormal/01_Accident_902.mp4 100 1 25 75
frames/abnormal/03_IllegalOccupation_901.mp4 250 3 0 251
frames/abnormal/07_RoadSpills_901.mp4 300 7 100 301
frames/normal/Normal_902.mp4 80 0 0 80
"""


def write(folder: Path) -> None:
    (folder / "TAD_train.txt").write_text(TRAIN)
    (folder / "TAD_test.txt").write_text(TEST)
