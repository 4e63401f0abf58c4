"""From a run's store to its release: what `generate` ends with and `export` does."""

from pathlib import Path

from rocot.core.reflection import Judged
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Plan
from rocot.recipe import Recipe
from rocot.release.export import Exported, export, gathered
from rocot.release.pixels import Pixels


def export_split(  # a run, its flow, its split, and what else goes in by name
    run: Path,
    store: StoreReader,
    recipe: Recipe,
    plan: Plan[Judged],
    split: str,
    *,
    controls: bool = False,
    pixels: Pixels | None = None,
) -> Exported:
    """Writes one split of a run's release. Raises StoreError, ConfigError where frames cannot be had."""
    samples = gathered(store, tuple(plan), split)
    return export(run, recipe, plan.fingerprint, samples, controls=controls, pixels=pixels)
