"""Ordinary causes that can pass for an event, each held against what the second look measured."""

from collections.abc import Sequence

import numpy as np

from rocot.core.answer import Check
from rocot.core.span import Span
from rocot.teacher.embedded.signals import Signals

BRIGHTER = 1.12
"""A whole picture that is brighter by this factor has had its light or exposure changed."""
SHAKEN = 0.8
"""Percent of the picture's height: beyond it a shift of the camera moves edges by more than their blur."""


def rivals(signals: Signals, spans: Sequence[Span]) -> tuple[Check, ...]:
    """A lamp or exposure, and a shaken camera: whether they could explain what is claimed in these spans."""
    if not len(signals.values) or not spans:
        return ()
    times = signals.times
    inside = np.zeros(len(times), np.bool_)
    for span in spans:
        inside |= (times >= span.start - 0.01) & (times <= span.end + 0.01)
    if not inside.any():
        return ()
    start, end = float(times[inside][0]), float(times[inside][-1])
    factor = 2 ** (float(signals.of("exposure")[0][inside].max()) / 4)
    kept = 2 ** (float(np.median(signals.of("exposure")[0][~inside])) / 4) if (~inside).any() else 1.0
    lit = factor >= BRIGHTER and factor > kept * 1.05
    shift = float(np.expm1(signals.of("shake")[0][inside].max()))
    return (
        Check(
            claim="No lamp and no change of exposure explains it.",
            finding=f"The exposure of the whole picture departs by a factor of {factor:.2f} at most in this stretch, "
            f"and by {kept:.2f} usually outside it"
            + (": the light itself changes, and that share of the difference proves nothing." if lit else "."),
            start=start, end=end, holds=not lit,
        ),
        Check(
            claim="The camera stands still meanwhile.",
            finding=f"Matched against the ordinary picture, the frames are off by {shift:.1f} % of its height at most"
            + (": a shake, which moves every edge in view." if shift > SHAKEN else "."),
            start=start, end=end, holds=shift <= SHAKEN,
        ),
    )  # fmt: skip
