"""An import: a dataset's official files, and the videos where they are, become a manifest."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from rocot import __version__
from rocot.core.truth import NORMAL
from rocot.errors import ConfigError
from rocot.sources.known.annotated import Annotated, Importer
from rocot.sources.known.dataset import Dataset
from rocot.sources.known.files import Files
from rocot.sources.known.settle import Found, settle
from rocot.sources.manifest.file import Header, Manifest, SplitHeader


def annotated(about: Dataset, files: Files) -> Sequence[Annotated]:
    """What the official files say, every video once a split.

    Raises ConfigError with every fault of the files, or where they hold no video at all.
    """
    said = list(_importer(about)(files, about))
    first: dict[tuple[str, str], Annotated] = {}
    for one in said:
        twin = first.setdefault((one.split, one.id), one)
        if twin is not one:
            file, _, line = one.said.rpartition(":")
            number = int(line) if line.strip().isdecimal() else 0
            files.fault(file if number else one.said, number, f"{one.id} stands there twice: also {twin.said}")
    files.check()
    if not said:
        raise ConfigError(f"{files.root}: no video of {about.title} in its files; is this the right folder?")
    return said


def manifest(
    about: Dataset, files: Files, said: Sequence[Annotated], found: Mapping[str, Found] | None = None
) -> Manifest:
    """The manifest of what was said.

    `found` holds the sound video files by `Annotated.video`, where they were looked for; what has none is left out.
    """
    if found is None:
        entries = tuple(settle(one, about, None) for one in said)
    else:
        entries = tuple(settle(one, about, found[one.video]) for one in said if one.video in found)
    common = dict.fromkeys(about.classes.values())
    header = Header(
        dataset=about.name,
        title=about.title,
        rocot=__version__,
        classes=(NORMAL, *about.classes),
        common=(NORMAL, *common),
        splits=tuple(
            SplitHeader(native=split.native, common=split.common, official=split.official) for split in about.splits
        ),
        terms=about.terms,
        licence=about.licence,
        redistribute_frames=about.redistribute_frames,
        citation=about.citation,
        stated=about.counting.stated,
        notes=tuple(files.notes),
    )
    return Manifest(header, entries)


def _importer(about: Dataset) -> Importer:
    module = import_module(f"rocot.sources.known.datasets.{about.name.replace('-', '_')}")
    read: Importer = module.read
    return read
