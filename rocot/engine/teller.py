"""The process beside a run that tells by seals which clips have ended: `python -m rocot.engine.teller`.

The first line says where the run is and what its steps are, each further one holds a page of clips. It only reads the
store.
"""

from collections.abc import Callable
from pathlib import Path

from pydantic_core import from_json

from rocot.engine.answering import answer
from rocot.engine.ended import Chart, Endings, sent, summed
from rocot.engine.reader import StoreReader


def teller(first: bytes) -> Callable[[bytes], bytes]:
    """What answers pages."""
    said = from_json(first)
    endings = Endings(StoreReader(Path(said["folder"])), Chart(**said["chart"]))

    def told(page: bytes) -> bytes:
        return sent(summed(endings.of(from_json(page))))

    return told


if __name__ == "__main__":
    answer(teller)
