"""What a recipe lists: its sources, their clips, and those that leak."""

from collections.abc import Callable, Iterator, Sequence

from rocot.core.clip import Clip
from rocot.machine import Machine
from rocot.recipe import Imported, Recipe, Scenes, SourceRecipe
from rocot.sources.forecast import Forecast
from rocot.sources.parted import Share, every
from rocot.sources.protocol import Skipped, Source, Video
from rocot.sources.shuffled import Shuffled
from rocot.sources.truths import Truths
from rocot.sources.withdrawn import Without
from rocot.sources.withdrawn import skipped as withheld
from rocot.tools.reading import footage, reader


def sources(
    recipe: Recipe,
    machine: Machine,
    rendered: Callable[[int, int], None] | None = None,
    share: Share | None = None,
) -> Sequence[Source]:
    """The recipe's sources, in its order, with the videos of a part. `rendered(done, missing)` tells of scenes made."""
    from rocot.sources.folder import FolderSource
    from rocot.sources.scenes.source import ScenesSource

    def made(source: SourceRecipe) -> Source:
        takes = every if share is None else share.of(source.name)
        if isinstance(source, Scenes):
            counts = source.train, source.test
            return ScenesSource(machine.cache / "scenes", *counts, source.seed, rendered, source.anomalies, takes)
        opens, salvage = reader(recipe.frames, machine), recipe.frames.damaged == "partial"
        if isinstance(source, Imported):
            from rocot.sources.manifest.source import ManifestSource  # it brings pyarrow along

            where = source.name, source.manifest, footage(source.videos, machine), source.labels
            return ManifestSource(*where, opens, salvage=salvage, takes=takes)
        return FolderSource(
            source.name,
            footage(source.videos, machine),
            source.annotations,
            source.split,
            source.classes,
            opens,
            questions=source.questions,
            salvage=salvage,
            takes=takes,
        )

    return [made(source) for source in recipe.sources]


def listing(  # noqa: PLR0913, PLR0917 - a run, its split, and who learns of what
    recipe: Recipe,
    machine: Machine,
    split: str,
    truths: Truths,
    skipped: Callable[[Skipped], None],
    rendered: Callable[[int, int], None] | None = None,
    forecast: Forecast | None = None,
    share: Share | None = None,
) -> Iterator[Clip]:
    """The clips of a split, in a fixed order, without those that leak and those that are withdrawn.

    See `rocot.sources.windows.clips`. With a `share`, those of a part; it must be a new one.

    Raises ConfigError for a source that cannot be used.
    """
    from rocot.sources.windows import clips

    gone = recipe.withdrawn_ids
    found = [Without(source, gone) for source in sources(recipe, machine, rendered, share)]
    guarded = guard(recipe, split)
    for clip in clips(
        found, split, recipe.windows, truths, skipped, guarded, recipe.allow_leaks, recipe.task, forecast
    ):
        if share is not None and not share.part.holds(clip.source, clip.video):
            continue
        if clip.id in gone:
            skipped(withheld(clip.id, clip.source))
        else:
            yield clip


def shuffle(
    recipe: Recipe, machine: Machine, split: str, rendered: Callable[[int, int], None] | None = None
) -> Shuffled:
    """What the reflections of a control are handed; of any other recipe, nothing. It lists the whole split.

    Raises ConfigError for a source that cannot be used.
    """
    shuffled, truths = Shuffled(), Truths()
    if recipe.teacher.guided == "shuffled":
        for clip in listing(recipe, machine, split, truths, lambda _: None, rendered):
            shuffled.learn(clip, truths(clip))
    return shuffled


def guard(recipe: Recipe, split: str) -> Callable[[Video], str]:
    """Says which test split holds a video, "" for none: `official test split of ucf-crime`. Nothing leaks into test.

    It knows the recipe's manifests, with what their videos look like, and the official lists that ship with rocot.
    Raises ConfigError for a manifest that cannot be read.
    """
    paths = [source.manifest for source in recipe.sources if isinstance(source, Imported)]
    if split == "test" or not paths:
        return lambda _: ""
    from rocot.sources.manifest.alike import alike
    from rocot.sources.manifest.file import Streamed
    from rocot.sources.manifest.leaks import leaks
    from rocot.sources.manifest.official import official_test

    found = leaks(map(Streamed, paths), official_test, alike)
    tests = {
        leak.video: f"{'official ' * leak.there.official}test split of {leak.there.dataset}"
        + f", by what it shows: it is {leak.twin} there" * bool(leak.twin)
        for leak in found
        if leak.here.common == split and leak.there.common == "test"
    }
    return lambda video: tests.get(video.identity, "")
