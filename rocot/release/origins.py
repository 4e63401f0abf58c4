"""Where a recipe's videos come from, and under which terms: what the manifest and the card say of its sources."""

from rocot.errors import ConfigError
from rocot.recipe import Folder, Imported, Recipe, Scenes, SourceRecipe
from rocot.release.rights import Origin
from rocot.sources.known.dataset import UNSTATED, known, shipped
from rocot.sources.manifest.file import read_header


def origins(recipe: Recipe) -> tuple[Origin, ...]:
    """The recipe's sources, in its order.

    What the file of an imported dataset does not tell, because it is gone or damaged, counts as not allowed: a release
    without pixels is made all the same.
    """
    return tuple(_origin(source) for source in recipe.sources)


def _origin(source: SourceRecipe) -> Origin:
    if isinstance(source, Scenes):
        return Origin(
            name=source.name,
            kind="scenes",
            seed=source.seed,
            title="Rendered scenes",
            obtain="rocot renders them from the seed: `rocot hydrate` needs no videos for them",
            terms="drawn by rocot; nobody else's pictures are in them",
            licence="Apache-2.0",
            allows="licensed",
            hub_licence="apache-2.0",
            redistribute_frames=True,
        )
    return _of_folder(source) if isinstance(source, Folder) else _of_dataset(source)


def _of_folder(source: Folder) -> Origin:
    licence = source.licence.strip() or UNSTATED
    return Origin(
        name=source.name,
        kind="folder",
        title=source.name,
        terms=source.terms.strip() or UNSTATED,
        licence=licence,
        allows="licensed" if licence != UNSTATED or source.redistribute_frames else "unstated",
        redistribute_frames=source.redistribute_frames,
    )


def _of_dataset(source: Imported) -> Origin:
    try:
        header = read_header(source.manifest)
    except ConfigError:
        return Origin(
            name=source.name,
            kind="manifest",
            title=source.name,
            terms="not known: the file of the import is gone or damaged",
            licence="not known",
            allows="unstated",
            redistribute_frames=False,
        )
    about = known(header.dataset) if header.dataset in shipped() else None
    return Origin(
        name=source.name,
        kind="manifest",
        dataset=header.dataset,
        title=header.title,
        homepage="" if about is None else about.homepage,
        obtain="" if about is None else about.obtain,
        terms=header.terms,
        licence=header.licence,
        allows="unstated" if about is None else about.allows,
        hub_licence="other" if about is None else about.hub_licence,
        redistribute_frames=header.redistribute_frames and (about is None or about.redistribute_frames),
        citation=header.citation,
    )
