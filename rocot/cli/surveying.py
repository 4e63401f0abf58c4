"""One pass over the clips of a plan: what they come to, what of it is stored, how it falls into parts.

Nothing is kept of a clip once it has passed, and a hundred bytes of a video at most.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rocot.core.clip import Clip
from rocot.core.part import place_of
from rocot.core.record import Item
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Step
from rocot.engine.walk import fans_out, look

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_PARTS = 10_000
"""That are proposed."""


@dataclass
class Standing:
    """What of a plan is stored, and what is to be done, by stage."""

    there: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, store: StoreReader | None, steps: Sequence[Step], clip: Clip) -> Counter[str]:
        """Counts all chains of a clip, without asking or writing anything; what of it is to be done."""
        known: list[Item] = [clip]
        missing: Counter[str] = Counter()
        unknown = 0
        for index, step in enumerate(steps):
            if (rollouts := fans_out(steps, index)) is not None:
                known = [item.fanned(number) for item in known for number in range(rollouts)]
                unknown *= rollouts
            further: list[Item] = []
            for item in known:
                sight = None if store is None else look(store, step, item, store.last_outcome())
                if sight is None or sight.outcome is None:
                    unknown += 1
                else:
                    self.there[step.stage.name] += 1
                    further += [] if sight.item is None else [sight.item]
            missing[step.stage.name] = unknown
            known = further
        for name, number in missing.items():
            self.missing[name] += number
        return missing


@dataclass(frozen=True)
class Spread:
    """Of the parts of a run."""

    least: float
    mean: float
    most: float


class Shares:
    """What each video comes to, in the order of the listing; first all that is to be asked, then what that costs."""

    def __init__(self, asking: Iterable[str]) -> None:
        """`asking` are the stages that ask."""
        self._places = array("Q")
        self._clips = array("d")
        self._asked = {stage: array("d") for stage in asking}
        self._units: Mapping[str, float] = {}

    def __len__(self) -> int:
        return len(self._places)

    def begin(self, source: str, video: str) -> None:
        """Another video passes."""
        self._places.append(place_of(source, video))
        for column in (self._clips, *self._asked.values()):
            column.append(0.0)

    def add(self, missing: Mapping[str, int]) -> None:
        """A clip of it passes; `missing` is what of it is to be done, by stage."""
        self._clips[-1] += 1
        for stage, column in self._asked.items():
            column[-1] += missing.get(stage, 0)

    def price(self, units: Mapping[str, float]) -> None:
        """What a call costs, by stage; 0 where nothing is to be paid, or nobody knows."""
        self._units = units

    def spread(self, name: str, parts: int) -> Spread:
        """How `videos`, `clips`, `calls` or `cost` fall into so many parts."""
        loads = self._loads(name, parts)
        return Spread(float(loads.min()), float(loads.mean()), float(loads.max()))

    def fewest(self, name: str, most: float) -> int | None:
        """About the least number of parts of which none comes to more; None where no number will do.

        Beyond 64 it goes on by hundredths: more parts may be less even, and a few more than needed cost nothing.
        """
        weights = self._weights(name)
        parts = max(1, int(-(-float(weights.sum()) // most)))
        while parts <= MOST_PARTS and weights.max(initial=0.0) <= most:
            if self._loads(name, parts).max(initial=0.0) <= most:
                return parts
            parts += max(1, parts // 100)
        return None

    def heaviest(self, name: str) -> float:
        """What one video comes to at most."""
        return float(self._weights(name).max(initial=0.0))

    def _weights(self, name: str) -> "npt.NDArray[np.float64]":
        import numpy as np

        if name == "videos":
            return np.ones(len(self), np.float64)
        if name == "clips":
            return np.frombuffer(self._clips, np.float64)
        whole = np.zeros(len(self), np.float64)
        for stage, column in self._asked.items():
            whole += np.frombuffer(column, np.float64) * (1.0 if name == "calls" else self._units.get(stage, 0.0))
        return whole

    def _loads(self, name: str, parts: int) -> "npt.NDArray[np.float64]":
        import numpy as np

        numbers = (np.frombuffer(self._places, np.uint64) % np.uint64(parts)).astype(np.int64)
        return np.bincount(numbers, self._weights(name), minlength=parts).astype(np.float64)


@dataclass
class Survey:
    """What the clips of a split come to."""

    shares: Shares
    clips: int = 0
    footage: float = 0.0
    """Seconds."""
    depths: Counter[str] = field(default_factory=Counter)
    """How deep the truth of the clips goes."""
    standing: Standing = field(default_factory=Standing)
    _last: tuple[str, str] = "", ""

    def add(self, clip: Clip, depth: str, missing: Mapping[str, int]) -> None:
        """A clip passes; those of one video follow one another. `missing` is what of it is to be done, by stage."""
        if (clip.source, clip.video) != self._last:
            self._last = clip.source, clip.video
            self.shares.begin(*self._last)
        self.clips += 1
        self.footage += clip.end - clip.start
        self.depths[depth] += 1
        self.shares.add(missing)
