"""Pixels ship where every source lets them, or somebody says that they have the rights; and then not to all."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.errors import ConfigError
from rocot.recipe import Folder, Imported, Recipe, Release, Scenes
from rocot.release.origins import origins
from rocot.release.rights import Origin, Shipped, refusal, shipped, terms
from rocot.sources.known.dataset import Allowed
from rocot.sources.manifest.file import write
from tests.sources.manifest.toys import entry, manifest

STRICT = get_args(Allowed)


def origin(name: str, allows: Allowed = "licensed", *, frames: bool = True) -> Origin:
    return Origin(
        name=name,
        kind="folder",
        title=name,
        terms=f"the terms of {name}",
        licence="none stated",
        allows=allows,
        redistribute_frames=frames,
    )


def recipe(*sources: Scenes | Folder | Imported) -> Recipe:
    return Recipe(release=Release(name="tiny"), sources=sources)


OPEN = terms([origin("yard"), origin("scenes")])
CLOSED = terms([origin("yard"), origin("street", "unstated", frames=False), origin("shop", "research", frames=False)])


def test_where_all_sources_allow_it_frames_ship_to_everybody() -> None:
    assert shipped(OPEN) == Shipped(visibility="public")
    assert shipped(OPEN, "I drew them") == Shipped(visibility="public")
    assert refusal(shipped(OPEN), private=False, gated=False) is None


def test_one_source_that_does_not_allow_it_keeps_all_pixels_back() -> None:
    with pytest.raises(ConfigError) as caught:
        shipped(CLOSED)
    assert "street: the terms of street" in str(caught.value)
    assert "shop: the terms of shop" in str(caught.value)
    assert "yard:" not in str(caught.value)
    assert "--i-have-the-rights" in str(caught.value)


def test_who_has_the_rights_may_ship_to_a_private_or_gated_repository_alone() -> None:
    frames = shipped(CLOSED, "  licence 12 of the street's owner, 2026-03-01 ")
    assert frames == Shipped(visibility="restricted", rights="licence 12 of the street's owner, 2026-03-01")
    assert "private or gated" in str(refusal(frames, private=False, gated=False))
    assert refusal(frames, private=True, gated=False) is None
    assert refusal(frames, private=False, gated=True) is None


def test_a_release_without_pixels_goes_anywhere() -> None:
    assert refusal(None, private=False, gated=False) is None


@pytest.mark.parametrize("statement", ["", "  ", "two\nlines", "x" * 1001])
def test_a_statement_of_nothing_is_none(statement: str) -> None:
    with pytest.raises(ConfigError, match="--i-have-the-rights"):
        shipped(CLOSED, statement)


@given(st.lists(st.tuples(st.sampled_from(STRICT), st.booleans()), min_size=1, max_size=6))
def test_the_strictest_source_holds_for_the_whole(drawn: list[tuple[Allowed, bool]]) -> None:
    held = terms([origin(f"s{number}", allows, frames=frames) for number, (allows, frames) in enumerate(drawn)])
    assert held.allows == held.strictest.allows == max((allows for allows, _ in drawn), key=STRICT.index)
    assert held.redistribute_frames == all(frames for _, frames in drawn)
    assert [STRICT.index(one.allows) for one in held.sources] == sorted(
        (STRICT.index(allows) for allows, _ in drawn), reverse=True
    )
    assert len(held.forbidding) == sum(not frames for _, frames in drawn)


def test_rendered_scenes_are_ours_to_give() -> None:
    (scenes,) = origins(recipe(Scenes(kind="scenes", seed=7)))
    assert (scenes.name, scenes.seed, scenes.redistribute_frames) == ("scenes", 7, True)


def test_a_folder_is_not_given_on_unless_its_recipe_says_so() -> None:
    silent, said = (
        Folder(kind="folder", name="yard", videos=Path("v")),
        Folder(kind="folder", name="own", videos=Path("v"), terms="filmed by us", redistribute_frames=True),
    )
    first, second = origins(recipe(silent, said))
    assert (first.redistribute_frames, first.terms, first.allows) == (False, "none stated", "unstated")
    assert (second.redistribute_frames, second.terms, second.allows) == (True, "filmed by us", "licensed")
    licensed = Folder(kind="folder", name="b", videos=Path("v"), licence=" CC-BY-4.0 ", terms=" ")
    (third,) = origins(recipe(licensed))
    assert (third.redistribute_frames, third.terms, third.licence) == (False, "none stated", "CC-BY-4.0")
    assert third.allows == "licensed"
    with pytest.raises(ValueError, match="whose the videos are"):
        Folder(kind="folder", name="own", videos=Path("v"), redistribute_frames=True)


def test_terms_that_are_not_stated_are_no_part_of_a_recipes_digest() -> None:
    plain = recipe(Folder(kind="folder", name="a", videos=Path("v")))
    said = plain.model_dump(mode="json")["sources"][0]
    assert {"terms", "licence", "redistribute_frames"}.isdisjoint(said)


def imported(folder: Path, dataset: str) -> Origin:
    path = folder / f"{dataset}.parquet"
    write(path, manifest(dataset, entry("toy/a")))
    (found,) = origins(recipe(Imported(kind="manifest", name="m", manifest=path, videos=folder)))
    return found


def test_an_imported_dataset_brings_its_terms(tmp_path: Path) -> None:
    msad = imported(tmp_path, "msad")
    assert (msad.dataset, msad.allows, msad.redistribute_frames) == ("msad", "nothing derived", False)
    assert msad.homepage.startswith("https://")
    assert imported(tmp_path, "somebody's").allows == "unstated"


def test_a_dataset_whose_file_is_gone_is_not_given_on_and_names_no_folder(tmp_path: Path) -> None:
    gone = Imported(kind="manifest", name="m", manifest=tmp_path / "gone.parquet", videos=tmp_path)
    (found,) = origins(recipe(gone))
    assert not found.redistribute_frames
    assert str(tmp_path) not in found.model_dump_json()
