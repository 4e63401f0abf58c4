"""From asked times to what must be decoded for them: pure arithmetic over a sample table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rocot.video.sample_table import Integers, SampleTable


@dataclass(frozen=True)
class Span:
    """A stretch of samples in the order of decoding, from a key frame to the last that is wanted."""

    key: int
    targets: frozenset[int]

    @property
    def last(self) -> int:
        """The sample that ends the stretch."""
        return max(self.targets)


@dataclass(frozen=True)
class Plan:
    """Chooses samples for times, and spans for samples. Times are ticks of the track."""

    table: SampleTable

    @cached_property
    def order(self) -> Integers:
        """The samples that are shown, in the order of presentation."""
        shown = np.flatnonzero(self.table.shown)
        return shown[np.argsort(self.table.presentation[shown])]

    @cached_property
    def stamps(self) -> Integers:
        """When each of `order` appears."""
        return self.table.presentation[self.order]

    @cached_property
    def keys(self) -> Integers:
        """The samples at which decoding may start, in the order of decoding."""
        return np.flatnonzero(self.table.keys)

    @property
    def sound(self) -> bool:
        """Whether every shown frame stands on a key frame.

        Pictures that are shown ahead of the first key frame may lean on what is not there: only decoding tells.
        """
        if not len(self.order) or not len(self.keys):
            return False
        first = int(self.keys[0])
        return first == 0 and bool(self.stamps[0] >= self.table.presentation[first])

    def key_of(self, sample: int) -> int:
        """The last key frame that is decoded and shown no later than the sample.

        Shown no later: pictures behind a key frame in the file and ahead of it on screen lean on the group before.
        """
        at = int(np.searchsorted(self.keys, sample, "right")) - 1
        while self.table.presentation[self.keys[at]] > self.table.presentation[sample]:
            at -= 1  # ends at the first key frame: nothing is shown before it (`sound`)
        return int(self.keys[at])

    def choose(self, asked: Sequence[int], tolerance: int) -> list[int]:
        """For each asked time, ascending, the sample that is on screen then, or a cheaper one in its stead.

        Within the tolerance (ticks; 0 for none) the nearest key frame, failing that the frame with the fewest
        pictures between it and its key frame. The choices ascend as the times do: of two frames within the tolerance of
        two times, the later time never prefers the earlier frame.
        """
        places = [max(0, int(np.searchsorted(self.stamps, time, "right")) - 1) for time in asked]
        if tolerance:
            places = [self._cheapest(time, tolerance, place) for time, place in zip(asked, places, strict=True)]
        return [int(self.order[place]) for place in places]

    def _cheapest(self, time: int, tolerance: int, place: int) -> int:
        low, high = np.searchsorted(self.stamps, (time - tolerance, time + tolerance + 1))
        near = np.arange(low, high)
        if not len(near):
            return place
        keys = near[self.table.keys[self.order[near]]]
        if not len(keys):
            keys = np.append(near, place)
            depths = [sample - self.key_of(sample) for sample in self.order[keys].tolist()]
            keys = keys[np.array(depths) == min(depths)]
        return int(keys[np.argmin(np.abs(self.stamps[keys] - time))])

    def spans(self, samples: Sequence[int]) -> Iterator[Span]:
        """The stretches that hold these samples."""
        groups: dict[int, set[int]] = {}
        for sample in samples:
            groups.setdefault(self.key_of(sample), set()).add(sample)
        for key in sorted(groups):
            yield Span(key, frozenset(groups[key]))
