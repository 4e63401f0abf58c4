"""Finding the sample that `rocot show` shows."""

from difflib import get_close_matches

from rocot.cli.runs import Run
from rocot.cli.sample import sample
from rocot.cli.screen import out
from rocot.core.clip import Clip
from rocot.core.reflection import Judged
from rocot.core.row import Row
from rocot.engine.counts import count_splits
from rocot.engine.harvest import Harvest, Lost
from rocot.errors import ConfigError
from rocot.release.export import edition

TELLING = ("corrected", "corrupted", "confirmed", "unresolved", "ungraded")
"""Outcomes, the most telling first."""
ENOUGH = 500
"""Samples that are looked at for a telling one."""


def found(run: Run, key: str | None) -> Row:
    """The row of that id, or a telling one. Raises ConfigError where there is none."""
    judged = _named(run, key) if key is not None else _telling(run)
    return Row.of(judged, edition(run.recipe, run.plan.fingerprint))


def print_sample(row: Row) -> None:
    """Prints a row as wide as the terminal is, 120 columns at most."""
    console = out()
    width = min(console.width, 120)
    console.print(sample(row, width), width=width, soft_wrap=False)


def _telling(run: Run) -> Judged:
    best: Judged | None = None
    seen = 0
    for split in count_splits(run.store):
        for item in _harvest(run).items(split.split):
            if isinstance(item, Judged) and (best is None or _rank(item) < _rank(best)):
                best = item
            seen += 1
            if seen >= ENOUGH or (best is not None and _rank(best) == 0):
                break
    if best is None:
        raise ConfigError(f"{run.folder}: no finished sample to show; `rocot status` tells how far the run is")
    return best


def _named(run: Run, key: str) -> Judged:
    clip, _, number = key.rpartition("#")
    clip, number = (clip, number) if clip and number.isdigit() else (key, "0")
    for item in _harvest(run).clip(clip):
        if isinstance(item, Judged) and item.rollout == int(number):
            return item
        if isinstance(item, Lost) and item.key in (clip, f"{clip}#{number}"):
            why = f"{item.reason}: {item.detail}" if item.detail else item.reason
            raise ConfigError(f"{item.key} is no row: {item.kind} at the stage {item.stage} ({why})")
    ids = run.store.rows(str, "SELECT id FROM clip WHERE gone = 0 ORDER BY id LIMIT 20000")
    close = get_close_matches(clip, ids, n=1, cutoff=0.4) or [name for name in ids if clip in name][:1]
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ConfigError(f"{run.folder}: no sample {key}{hint}")


def _harvest(run: Run) -> Harvest[Judged]:
    return Harvest(run.store, Clip, tuple(run.plan), Judged)


def _rank(item: Judged) -> int:
    return TELLING.index(item.outcome)
