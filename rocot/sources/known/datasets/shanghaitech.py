"""ShanghaiTech Campus, as the weakly supervised re-split lists it: two lists of names, and the masks of test frames."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rocot.core.truth import NORMAL
from rocot.sources.known.annotated import Annotated
from rocot.sources.known.arrays import marked, runs
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files

MASKS = "test_frame_mask"
"""The folder of the masks; features of the same names may lie in others."""

_NAME = re.compile(r"[0-9]{2}_(?:[0-9]{3}|(?P<tested>[0-9]{4}))")
"""Three digits: a training video of the dataset's own split, normal. Four: one of its 107 test videos, abnormal."""


def read(files: Files, about: Dataset) -> Iterator[Annotated]:
    """The training videos of the re-split, then its test videos, in the order of their lists."""
    listed: set[str] = set()
    for split in about.splits:
        for one in _listed(files, about, files.need(f"{split.native}.txt"), split.native):
            listed.add(one.id)
            yield one
    strange = [path for path in files.matching("*.npy") if path.parent.name == MASKS and path.stem not in listed]
    if strange:
        files.note(files.name(strange[0]), f"the first of {len(strange)} masks whose videos are in no list: left out")


def _listed(files: Files, about: Dataset, path: Path, split: str) -> Iterator[Annotated]:
    (anomaly,) = about.classes  # the files name no others
    for line in files.lines(path):
        name = _NAME.fullmatch(line.text)
        if name is None:
            files.fault(files.name(path), line.number, f"want 01_001 or 01_0014, say (got {line.text[:100]!r})")
        else:
            label = anomaly if name["tested"] else NORMAL
            yield _annotated(files, name[0], label, split, f"{files.name(path)}:{line.number}")


def _annotated(files: Files, name: str, label: str, split: str, said: str) -> Annotated:
    intervals: tuple[tuple[float, float], ...] | None = ()
    frames: NDArray[np.bool_] | None = None
    corrections: tuple[str, ...] = ()
    if label != NORMAL:
        mask = files.find(f"{MASKS}/{name}.npy")
        frames = marked(files, mask) if mask else None
        intervals = runs(frames) or None if frames is not None else None
        if mask is None:
            corrections = (f"no mask of it in {MASKS}: not localised",)
        elif intervals is None:
            corrections = ("the name says abnormal, no frame of the mask is: not localised",)
    return Annotated(
        id=name,
        video=f"shanghaitech/{name}",
        split=split,
        file=f"{name}.avi",
        labels=(label,),
        intervals=intervals,
        frames=None if frames is None else len(frames),
        corrections=corrections,
        said=said,
    )
