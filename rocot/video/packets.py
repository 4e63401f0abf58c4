"""What a file's index says of its frames, for those who sample by motion: when each is shown, its bytes, its kind."""

from pathlib import Path

import numpy as np

from rocot.core.motion import Packets, kinds_of
from rocot.video.index import index_of


def packets_of(path: Path, start: float, end: float) -> Packets:
    """Those of the frames that appear in [start, end), seconds from the first frame shown. Raises VideoError."""
    index = index_of(path)
    part = slice(*np.searchsorted(index.times, [start, end]))
    order = np.argsort(index.decoded[part])
    kinds = kinds_of(index.keys[part][order].tolist(), order.tolist())
    by_place = dict(zip(order.tolist(), kinds, strict=True))
    return Packets(
        times=index.times[part].tolist(),
        sizes=index.sizes[part].tolist(),
        kinds=[by_place[place] for place in range(len(by_place))],
    )
