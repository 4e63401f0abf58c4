"""Means over boxes by summed areas, and boxes beside boxes."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rocot.teacher.embedded.footage import Floats
from rocot.teacher.embedded.things import Boxes


class Sums:
    """Means over fixed boxes, of several pictures by name."""

    def __init__(self, pictures: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Each picture: frames x rows x columns."""
        self._tables = {name: _summed(picture) for name, picture in pictures.items()}

    def mean(self, name: str, boxes: Boxes) -> Floats:
        """`boxes`: n x 4, pixels; the result: n x frames, not below 0."""
        table = self._tables[name]
        top, left, bottom, right = boxes.T
        area = np.maximum((bottom - top) * (right - left), 1)
        total = table[:, bottom, right] - table[:, top, right] - table[:, bottom, left] + table[:, top, left]
        result: Floats = np.maximum(total / area, 0).T.astype(np.float32)
        return result


def _summed(picture: npt.NDArray[np.generic]) -> Floats:
    count, rows, columns = picture.shape
    table = np.zeros((count, rows + 1, columns + 1), np.float32)
    np.cumsum(picture, axis=1, dtype=np.float32, out=table[:, 1:, 1:])
    np.cumsum(table[:, 1:, 1:], axis=2, out=table[:, 1:, 1:])
    return table


def grown(boxes: Boxes, size: tuple[int, ...]) -> Boxes:
    """Boxes with half their size more on each side, within a picture of `size` (rows, columns)."""
    down, across = (boxes[:, 2] - boxes[:, 0]) // 2 + 1, (boxes[:, 3] - boxes[:, 1]) // 2 + 1
    return np.stack([
        np.maximum(boxes[:, 0] - down, 0), np.maximum(boxes[:, 1] - across, 0),
        np.minimum(boxes[:, 2] + down, size[0]), np.minimum(boxes[:, 3] + across, size[1]),
    ], axis=-1)  # fmt: skip


def headroom(boxes: Boxes, person: npt.NDArray[np.float64]) -> Boxes:
    """Where the upper half of a person would be who stands at the foot of a box: empty above one who lies."""
    foot = boxes[:, 2]
    top = np.maximum(foot - person, 0).astype(np.intp)
    bottom = np.maximum((foot - 0.6 * person).astype(np.intp), top + 1)
    return np.stack([top, boxes[:, 1], bottom, boxes[:, 3]], axis=-1)
