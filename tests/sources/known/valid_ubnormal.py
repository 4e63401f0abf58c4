import io
from pathlib import Path

import numpy as np

LISTS = {
    "normal_training": [
        "normal_scene_1_scenario1_90",
        "normal_scene_91_scenario_6_1",
        "normal_scene_92_scenario_2_fog",
    ],
    "abnormal_training": ["abnormal_scene_91_scenario_1"],
    "normal_validation": ["normal_scene_93_scenario_2"],
    "abnormal_validation": ["abnormal_scene_93_scenario_3_smoke"],
    "normal_test": ["normal_scene_94_scenario_1"],
    "abnormal_test": ["abnormal_scene_94_scenario_2_fire"],
}
ROWS = "4,30,89\r\n7,60,119\r\n"


def array(values: list[float]) -> bytes:
    """As numpy.save writes it."""
    file = io.BytesIO()
    np.save(file, np.array(values, dtype=np.float64))
    return file.getvalue()


def write(folder: Path) -> None:
    for name, names in LISTS.items():
        (folder / f"{name}_video_names.txt").write_text("\n".join(names))
    gt = folder / "gt"
    gt.mkdir(parents=True)
    (gt / "abnormal_scene_91_scenario_1_tracks.txt").write_bytes(ROWS.encode())
    floats = "2.000000000000000000e+00,1.500000000000000000e+01,4.400000000000000000e+01\r\n"
    (gt / "abnormal_scene_93_scenario_3_smoke_tracks.txt").write_bytes(floats.encode())
    (gt / "normal_scene_94_scenario_1_tracks.txt").write_bytes(array([1.0] * 90))
    (gt / "abnormal_scene_94_scenario_2_fire_tracks.txt").write_bytes(array([1.0] * 30 + [0.0] * 45 + [1.0] * 15))
