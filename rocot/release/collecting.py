"""How often the garbage collector looks while a release is written."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from rocot.engine.presser import YOUNG


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Has it look as seldom as in the processes beside, and not at what was imported: it took a fifth of all CPU.

    Samples and rows hold no cycles, and go with their sheet.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
