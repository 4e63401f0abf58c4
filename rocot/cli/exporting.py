"""From a run's store to its release: what `generate` ends with and `export` does."""

from pathlib import Path

from rocot.core.reflection import Judged
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Plan
from rocot.recipe import Recipe
from rocot.release.export import Exported, export, gathered


def export_split(  # a run, its flow, its split, and one switch by name
    run: Path, store: StoreReader, recipe: Recipe, plan: Plan[Judged], split: str, *, controls: bool = False
) -> Exported:
    """Writes one split of a run's release. Raises StoreError."""
    return export(run, recipe, plan.fingerprint, gathered(store, tuple(plan), split), controls=controls)
