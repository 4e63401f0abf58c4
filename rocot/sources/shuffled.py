"""Shuffled truth, the control of a guided recipe: each reflection is handed the truth of another clip.

What is gained all the same is not learnt from the truth. Clips whose answers may use the same labels and whose truth
goes as deep stand in a ring, in the order of sha256 of their ids, and each is handed that of the next one of another
video, its spans moved to where they would lie in this clip. Normal and anomalous clips stand in one ring: to be handed
only what is normal would tell that a clip is. Of a question with options that one is handed which stands where the
other question's right one does. A clip that stands alone is handed that nothing is known.
"""

from bisect import bisect_right
from hashlib import sha256

from rocot.core.clip import Clip
from rocot.core.span import Span
from rocot.core.truth import Truth

_Ring = list[tuple[str, Clip, Truth]]


class Shuffled:
    """Learns clips and their truth, then hands each clip another one's (a `TruthOf`). Memory grows with the clips."""

    def __init__(self) -> None:
        self._rings: dict[tuple[object, ...], _Ring] = {}
        self._known: dict[str, tuple[object, ...]] = {}
        self._sorted = True

    def learn(self, clip: Clip, truth: Truth) -> None:
        """Puts a clip into its ring. Every clip of a split is learnt before any is handed a truth."""
        asked = len(clip.classes) if truth.choice is not None else clip.classes
        ring = asked, truth.labels is None, truth.spans is None
        self._rings.setdefault(ring, []).append((_place(clip), clip, truth))
        self._known[clip.id] = ring
        self._sorted = False

    def donor(self, clip: Clip) -> str:
        """Id of the clip whose truth is handed; empty where there is none."""
        found = self._next(clip)
        return "" if found is None else found[0].id

    def __call__(self, clip: Clip) -> Truth:
        """The other clip's truth, as if it had happened in this one; KeyError for a clip that was never learnt."""
        found = self._next(clip)
        if found is None:
            return Truth()
        other, truth = found
        spans = None if truth.spans is None else tuple(_moved(span, other, clip) for span in truth.spans)
        choice = None if truth.choice is None else clip.classes[other.classes.index(truth.choice)]
        return Truth(labels=truth.labels, spans=spans, choice=choice)

    def _next(self, clip: Clip) -> tuple[Clip, Truth] | None:
        if not self._sorted:
            for ring in self._rings.values():
                ring.sort(key=lambda one: one[0])
            self._sorted = True
        ring = self._rings[self._known[clip.id]]
        after = bisect_right(ring, _place(clip), key=lambda one: one[0])
        around = (ring[(after + step) % len(ring)] for step in range(len(ring)))
        return next(
            ((other, truth) for _, other, truth in around if (other.source, other.video) != (clip.source, clip.video)),
            None,
        )


def _place(clip: Clip) -> str:
    return sha256(clip.id.encode("utf-8", "replace")).hexdigest()


def _moved(span: Span, there: Clip, here: Clip) -> Span:
    """The same part of another clip, seconds of the source video; hundredths, as truths are spelt."""
    scale = (here.end - here.start) / (there.end - there.start)
    start, end = (round(here.start + (edge - there.start) * scale, 2) for edge in (span.start, span.end))
    return Span(start=start, end=max(end, start + 0.01))
