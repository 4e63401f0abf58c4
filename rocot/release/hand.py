"""The process beside an export that makes sheets: `python -m rocot.release.hand`.

It reads lines from standard input and answers each: the first says what the export is, each further one names a stretch
of clips. It reads the run's store and writes into the folder that it is told. It ends when its parent does.
"""

import gc
import os
import signal
import sys
from pathlib import Path

from rocot.engine.presser import YOUNG, Known, type_named
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.release.gather import harvest
from rocot.release.hands import Setting, Stretch
from rocot.release.sheets import Maker


def main() -> None:
    """Serves until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the parent decides
        signal.signal(number, signal.SIG_IGN)
    gc.set_threshold(YOUNG)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what prints shall not print into an answer
    first = sys.stdin.buffer.readline()
    if not first:
        return
    setting = Setting.model_validate_json(first)
    sys.path[:] = setting.paths
    steps = [
        Step(Known(type_named(output), name), fingerprint, rollouts)
        for name, output, fingerprint, rollouts in setting.steps
    ]
    maker = Maker(Path(setting.folder), setting.edition, setting.gate, setting.mix, frozenset(setting.gone))
    with StoreReader(Path(setting.run)) as store:
        found = harvest(store, steps, maker.gone)
        for line in sys.stdin.buffer:
            part = Stretch.model_validate_json(line)
            sheet = maker.sheet(part.number, found.items(setting.split, after=part.after, last=part.last))
            answers.write(sheet.model_dump_json().encode() + b"\n")
            answers.flush()


if __name__ == "__main__":
    main()
