"""What a file's index says of its frames, for those who sample by motion: when each is shown, its bytes, its kind."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from rocot.core.motion import Packets, kinds_of
from rocot.video.index import Index, index_of
from rocot.video.mark import check_plain


def packets_of(path: Path, start: float, end: float) -> Packets:
    """Those of the frames that appear in [start, end), seconds from the first frame shown. Raises VideoError."""
    check_plain(path)
    status = path.stat()
    index = _index(path, status.st_mtime_ns, status.st_size)
    part = slice(*np.searchsorted(index.times, [start, end]))
    order = np.argsort(index.decoded[part])
    kinds = kinds_of(index.keys[part][order].tolist(), order.tolist())
    by_place = dict(zip(order.tolist(), kinds, strict=True))
    return Packets(
        times=index.times[part].tolist(),
        sizes=index.sizes[part].tolist(),
        kinds=[by_place[place] for place in range(len(by_place))],
    )


@lru_cache(maxsize=4)
def _index(path: Path, changed: int, size: int) -> Index:  # noqa: ARG001 - a file that changed is another file
    """Kept for the windows of a long video: without sample tables all its packets are read, 2 s for an hour."""
    return index_of(path)
