"""How often the garbage collector looks while many records come and go."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_open: list[tuple[int, int, int]] = []
"""What was found on entering each block that is open; the first is how the process was."""


@contextmanager
def seldom_collected(*thresholds: int) -> Iterator[None]:
    """Has it look so seldom (see `gc.set_threshold`), and not at what was imported.

    It took 7 % of all CPU of a call, and a fifth of an export's: records hold no cycles, and go when nobody needs them.
    Blocks may overlap, as those of two runs in one process do, and end in any order: the last to end leaves the
    collector as the first found it.
    """
    with _lock:
        _open.append(gc.get_threshold())
        gc.freeze()
        gc.set_threshold(*thresholds)
    try:
        yield
    finally:
        with _lock:
            first = _open[0]
            _open.pop()
            if not _open:
                gc.set_threshold(*first)
                gc.unfreeze()
