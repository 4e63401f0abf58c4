from collections.abc import Sequence
from pathlib import Path

import numpy as np

TRAIN = ["91_001", "91_0014", "92_117"]
TEST = ["91_002", "91_0015"]


def mask(folder: Path, name: str, values: Sequence[int]) -> None:
    """As the dataset keeps them."""
    path = folder / "test_frame_mask" / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.array(values, dtype=np.uint8))


def write(folder: Path) -> None:
    (folder / "SH_Train.txt").write_text("\n".join(TRAIN))
    (folder / "SH_Test.txt").write_text("\n".join(TEST))
    mask(folder, "91_0014", [0] * 48 + [1] * 24 + [0] * 24 + [1] * 12)
    mask(folder, "91_0015", [0] * 10 + [1] * 38)
