"""Parts of a listing: together they are the whole, and none opens what another has."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocot.core.part import Part
from rocot.machine import Machine
from rocot.recipe import Recipe
from rocot.sources.folder import FolderSource
from rocot.sources.footage import Here
from rocot.sources.manifest.file import Manifest, write
from rocot.sources.manifest.source import ManifestSource
from rocot.sources.parted import Share, every
from rocot.sources.protocol import Skipped, Source, Video
from rocot.sources.scenes.source import ScenesSource
from rocot.sources.truths import Truths
from rocot.tools.listed import listing
from tests.contracts.numbered import film
from tests.sources.manifest.test_file import entry, header
from tests.sources.test_folder import Known

NAMES = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=12, unique=True)


def shares(count: int) -> list[Share]:
    return [Share(Part(number=number, of=count)) for number in range(1, count + 1)]


def listed(source: Source) -> list[str]:
    return [one.id for one in source.videos("train")]


@settings(max_examples=25, deadline=None)
@given(names=NAMES, broken=st.booleans(), count=st.integers(1, 5))
def test_the_parts_of_a_folder_are_the_folder(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], broken: bool, count: int
) -> None:
    root = tmp_path_factory.mktemp("videos")
    for name in names:
        (root / f"{name}.mp4").write_text("bad" if broken and name == names[0] else "8")
    whole, opened, found = Known(), 0, []
    every_id = listed(FolderSource("yard", Here(root), None, "train", (), whole))
    told = shares(count)
    for share in told:
        reader = Known()
        found += listed(FolderSource("yard", Here(root), None, "train", (), reader, takes=share.of("yard")))
        opened += reader.probed
    assert sorted(found) == sorted(every_id) == sorted(names)
    assert opened == whole.probed == len(names), "each file is opened by one part"
    assert len({(share.census.videos, share.census.digest) for share in told}) == 1
    assert sum(share.census.own for share in told) == told[0].census.videos == len(names)


def test_the_parts_of_a_manifest_are_the_manifest(tmp_path: Path) -> None:
    root = tmp_path / "videos"
    root.mkdir()
    names = [f"v{number}" for number in range(12)]
    for name in names[1:]:
        (root / f"{name}.mp4").write_text("8")
    path = tmp_path / "yard.parquet"
    write(
        path, Manifest(header(), [*(entry(name) for name in names), entry("t", split="test", native_split="testing")])
    )
    found: list[Video | Skipped] = []
    told = shares(3)
    for share in told:
        source = ManifestSource("my-yard", path, Here(root), "native", Known(), takes=share.of("my-yard"))
        found += source.videos("train")
    assert sorted(one.id for one in found) == sorted(names)
    assert [one.id for one in found if isinstance(one, Skipped)] == ["v0"], "what is missing is told by one part"
    assert sum(share.census.own for share in told) == 12


def test_no_scene_of_another_part_is_rendered(tmp_path: Path) -> None:
    first, second = shares(2)
    names = [f"scene-train-{number:04d}" for number in range(2)]
    source = ScenesSource(tmp_path, train=2, takes=first.of("scenes"))
    own = [name for name in names if first.part.holds("scenes", name)]
    assert listed(source) == own
    assert sorted(path.stem for path in tmp_path.rglob("*.mp4")) == own
    assert first.census.videos == 2
    assert first.census.own == len(own)
    assert second.part != first.part


def test_parts_that_see_other_videos_have_another_digest() -> None:
    one, other = shares(2)
    for name in ("a", "b", "c"):
        one.of("yard")(name)
    for name in ("a", "c"):
        other.of("yard")(name)
    assert one.census.digest != other.census.digest
    assert every("anything")


def test_questions_that_are_chosen_among_all_are_the_same_in_parts(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    names = "abcdef"
    for name in names:
        film(tmp_path / "videos" / f"{name}.mp4", count=10)
    rows = "".join(f"{name}.mp4,What happens?,a fight,a fight in the yard,{'BA'[name > 'd']}\n" for name in names)
    (tmp_path / "questions.csv").write_text(f"path,question,A,B,answer\n{rows}")
    recipe = Recipe.model_validate(
        {
            "release": {"name": "asked"},
            "sources": [
                {
                    "kind": "folder",
                    "name": "yard",
                    "videos": tmp_path / "videos",
                    "questions": tmp_path / "questions.csv",
                    "classes": ("Normal",),
                }
            ],
            "teacher": {"model": "scripted"},
            "task": {"kind": "qa", "balance_lengths": True},
        }
    )
    machine = Machine(run=tmp_path / "run", cache=tmp_path / "cache")

    def clips(share: Share | None = None) -> list[str]:
        found = listing(recipe, machine, "train", Truths(), lambda _: None, share=share)
        return [clip.id for clip in found]

    told = [Share(Part(number=number, of=3), whole=True) for number in (1, 2, 3)]
    parts = [clips(share) for share in told]
    assert len(clips()) == 4
    assert sorted(name for part in parts for name in part) == sorted(clips())
    assert sum(share.census.own for share in told) == len(names)
