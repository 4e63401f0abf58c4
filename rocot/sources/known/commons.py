"""What a source's labels are in the common taxonomy, so that answers can be graded on both."""

from collections.abc import Sequence
from functools import cache

from rocot.core.truth import NORMAL
from rocot.sources.known.dataset import known, shipped, taxonomy

SPELT_AS = "vau-bench"
"""Whose labels scenes and folders use, where they use any that are known."""


@cache
def commons(classes: Sequence[str], dataset: str = SPELT_AS) -> tuple[str, ...]:
    """For each class the common one that it belongs to, "" for none; nothing at all where no class has one.

    `dataset` is whose labels they are; a common class is its own.
    """
    own = known(dataset).classes if dataset in shipped() else {}
    found = tuple(NORMAL if name == NORMAL else own.get(name, name if name in taxonomy() else "") for name in classes)
    return found if set(found) - {NORMAL, ""} else ()
