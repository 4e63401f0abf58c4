"""A small release about real films, so that its frames can be made again."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rocot.core.reflection import Frame, Framed, Judged
from rocot.core.truth import Truth
from rocot.engine.blobs import Blobs
from rocot.recipe import Folder, FramesRecipe, Recipe, Release
from rocot.release.album import Album
from rocot.release.export import export
from rocot.release.manifest import Manifest, read_manifest
from rocot.release.places import Places, places
from rocot.sources.footage import Here
from rocot.video.av_reader import AvReader
from rocot.video.hydrate import Hydrator
from rocot.video.mark import mark_of
from rocot.video.protocol import Look
from tests.builders import CLASSES, EDITION, Sample, answer, reflection, spans, wordy
from tests.contracts.numbered import film
from tests.release.test_export import samples

FRAMES = FramesRecipe(count=4, height=96)
LOOK = Look(height=96, quality=85)
TIMES = (0.3, 1.1, 1.9, 2.7)
CLOSER = (1.3, 1.5)


def recipe(videos: Path, **source: object) -> Recipe:
    folder = Folder.model_validate({"kind": "folder", "name": "yard", "videos": videos, **source})
    return Recipe(release=Release(name="tiny"), sources=(folder,), frames=FRAMES)


def frames(path: Path, times: Sequence[float]) -> tuple[Frame, ...]:
    return tuple(
        Frame(time=one.time, digest=hashlib.sha256(one.jpeg).hexdigest(), width=one.width, height=one.height)
        for one in AvReader().read(path, times, LOOK).stills
    )


def judged(path: Path, number: int = 0, *, rollout: int = 0, closer: bool = False) -> Judged:
    """A sample about a film of 3 s: a fight from 1 to 2 s, found in the end."""
    shown = Framed(
        id=f"yard/{path.stem}",
        source="yard",
        video=path.stem,
        split="train",
        mark=mark_of(path),
        start=0,
        end=3,
        duration=3,
        classes=CLASSES,
        frames=frames(path, TIMES),
        reader="av",
        rollout=rollout,
    )
    right = answer(((1.0, 2.0),))
    first = answer(()) if closer else right
    told = reflection("revise" if closer else "keep", pairs=((1.0, 2.0),))
    sample = Sample(shown, first, told, right, Truth(labels=("Fighting",), spans=spans([(1, 2)])))
    sample = sample.but(relook=frames(path, CLOSER) if closer else ())
    return wordy(sample, number).judged()


def films(folder: Path, names: str = "ab") -> list[Path]:
    """Films that differ; `a` is the one that tests look for under other names."""
    folder.mkdir(parents=True, exist_ok=True)
    return [film(folder / f"{name}.mp4", options={"g": str(10 + place)}).path for place, name in enumerate(names)]


def released(run: Path, items: Sequence[Judged], of: Recipe, split: str = "train") -> Manifest:
    export(run, of, EDITION.fingerprint, samples(items, split))
    made = read_manifest(run / "release")
    assert made is not None
    return made


def album(cache: Path, videos: dict[str, Places], *, nearly: bool = False) -> Album:
    blobs = Blobs(cache / "frames")
    return Album(videos, lambda _: Hydrator(AvReader(), blobs, LOOK, nearly=nearly), threads=2)


def yard(*folders: Path) -> dict[str, Places]:
    return places({"yard": [Here(folder) for folder in folders]}, {})
