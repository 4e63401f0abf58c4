from pathlib import Path

TRAIN = """\
Abuse/Abuse901_x264.mp4
RoadAccidents/RoadAccidents901_x264.mp4
Training_Normal_Videos_Anomaly/Normal_Videos901_x264.mp4
"""
INTERVALS = """\
Arson902_x264.mp4  Arson  150  420  680  1267  \n\
Burglary902_x264.mp4  Burglary  1  300  -1  -1  \n\
Normal_Videos_902_x264.mp4  Normal  -1  -1  -1  -1  \n\
"""
TEST = """\
Arson/Arson902_x264.mp4
Burglary/Burglary902_x264.mp4
Testing_Normal_Videos_Anomaly/Normal_Videos_902_x264.mp4
"""
TEST_LENGTHS = """\
Testing_Normal_Videos_Anomaly/Normal_Videos_902_x264.mp4 530 Normal -1 -1 -1 -1 \n\
Arson/Arson902_x264.mp4 1266 Arson 150 420 680 1267 \n\
Burglary/Burglary902_x264.mp4 300 Burglary 1 300 -1 -1 \n\
"""
TRAIN_LENGTHS = """\
frames/Abuse/Abuse901_x264.mp4 0 2728 1
frames/RoadAccidents/RoadAccidents901_x264.mp4 0 600 8
frames/Normal/Normal_Videos901_x264.mp4 0 900 0
"""


def write(folder: Path) -> None:
    (folder / "Anomaly_Train.txt").write_text(TRAIN)
    (folder / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt").write_text(INTERVALS)
    (folder / "Anomaly_Test.txt").write_text(TEST)
    (folder / "UCF_Annotation.txt").write_text(TEST_LENGTHS)
    (folder / "UCF_train.txt").write_text(TRAIN_LENGTHS)
