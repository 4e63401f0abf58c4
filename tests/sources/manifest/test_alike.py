"""The same footage under another name is found, and other footage is not taken for it."""

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from rocot.errors import VideoError
from rocot.sources.manifest.alike import NEAR, alike
from rocot.sources.manifest.entry import Entry
from rocot.sources.manifest.fingerprint import NOTHING, OFFSETS, fingerprint
from rocot.video.av_reader import AvReader
from tests.sources.manifest.streets import COPIES, Luma, shot, street
from tests.sources.manifest.toys import entry


def known(path: Path) -> Entry:
    """A record of a film, with what is measured of it."""
    duration = AvReader().probe(path).duration
    hashes = fingerprint(AvReader(), path, duration)
    return entry(f"toy/{path.name}", sha256=str(path), hashes=hashes).model_copy(update={"duration": duration})


def found(first: Entry, second: Entry) -> list[str]:
    there = [how for _, _, how in alike([first], [second])]
    back = [how for _, _, how in alike([second], [first])]
    assert there == back
    return there


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four films: two acts at each of two places."""
    folder = tmp_path_factory.mktemp("films")
    return [
        shot(folder / f"place{place}-act{act}.mp4", street(place, act)) for place in range(2) for act in range(1, 3)
    ]


@pytest.fixture(scope="module")
def originals(films: list[Path]) -> list[Entry]:
    return [known(path) for path in films]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_known_from_its_original_and_from_no_other_film(
    films: list[Path], originals: list[Entry], tmp_path: Path, name: str
) -> None:
    for number, film in enumerate(films):
        copy = known(COPIES[name](film, tmp_path))
        assert [at for at, _, _ in alike(originals, [copy])] == [number]


def test_other_acts_and_other_places_are_other_footage(originals: list[Entry]) -> None:
    pairs = [(at, number) for at, number, _ in alike(originals, originals)]
    assert pairs == [(number, number) for number in range(4)]


def test_how_a_copy_is_known_is_told(films: list[Path], originals: list[Entry], tmp_path: Path) -> None:
    def told(name: str) -> list[str]:
        return found(originals[0], known(COPIES[name](films[0], tmp_path)))

    assert told("coarse.mp4") == ["10 of 10 frames agree"]
    assert told("starts-later.mp4") == ["5 of 5 frames agree from the end"]
    assert told("ends-earlier.mkv") == ["5 of 5 frames agree from the start"]


def test_equal_files_are_known_whatever_they_show() -> None:
    one, same, other = (entry("toy/a", sha256=digit * 64) for digit in "112")
    assert found(one, same) == ["the same file"]
    assert found(one, other) == []
    assert found(entry("toy/a"), entry("toy/b")) == []


def plain(brightness: int) -> Iterable[Luma]:
    return (np.full((144, 192), brightness, np.uint8) for _ in range(100))


def test_black_and_empty_pictures_are_known_by_nothing(tmp_path: Path) -> None:
    black, grey = known(shot(tmp_path / "black.mp4", plain(16))), known(shot(tmp_path / "grey.mp4", plain(130)))
    assert set(black.hashes) == set(grey.hashes) == {NOTHING}
    assert found(black, grey) == found(black, black.model_copy(update={"sha256": "x"})) == []


def test_a_title_that_two_films_share_makes_no_copies_of_them(tmp_path: Path) -> None:
    title = [*street(7, None, 5)]
    one, other = (
        known(shot(tmp_path / f"{act}.mp4", [*title, *street(act, act, 20), *title[:10]])) for act in (11, 12)
    )
    assert found(one, other) == []


def test_where_nothing_moves_length_must_tell(tmp_path: Path) -> None:
    night, another = known(shot(tmp_path / "1.mp4", street(3, None, 20))), street(3, None, 24)
    assert found(night, known(shot(tmp_path / "2.mp4", another))) == []
    assert found(night, known(COPIES["coarse.mp4"](tmp_path / "1.mp4", tmp_path))) == ["10 of 10 frames agree"]


def test_a_film_too_short_for_four_frames_is_not_compared(tmp_path: Path) -> None:
    def filmed(seconds: int) -> list[str]:
        one = known(shot(tmp_path / f"{seconds}.mp4", street(4, 4, seconds)))
        return found(one, one.model_copy(update={"sha256": "another"}))

    assert filmed(2) == []
    assert filmed(3) == ["4 of 4 frames agree"]


def test_the_few_frames_of_a_film_of_one_second_are_none(tmp_path: Path) -> None:
    assert set(known(shot(tmp_path / "1.mp4", street(5, 5, 1))).hashes) == {NOTHING}


def test_a_file_without_a_frame_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(VideoError):
        fingerprint(AvReader(), path, 10.0)


def test_every_pair_of_many_is_found_and_no_other() -> None:
    rng = random.Random(1)
    first = [looks(rng) for _ in range(150)]
    second = [looks(rng) for _ in range(90)]
    planted = {(0, 89), (63, 0), (64, 1), (149, 45), (100, 45)}
    for at, number in planted:
        first[at] = blurred(second[number], rng)
    assert {(at, number) for at, number, _ in alike(first, second)} == planted
    assert list(alike(first, [])) == list(alike([], second)) == []


def test_one_frame_of_six_may_disagree_and_no_more() -> None:
    rng = random.Random(2)
    one = looks(rng)
    assert found(one, strayed(one, 1, rng)) == ["15 of 16 frames agree"]
    assert found(one, strayed(one, 2, rng)) == ["14 of 16 frames agree"]
    assert found(one, strayed(one, 3, rng)) == ["7 of 8 frames agree from the end"]
    assert found(one, strayed(one, 4, rng)) == []


def looks(rng: random.Random) -> Entry:
    hashes = tuple(f"{rng.getrandbits(64):016x}" for _ in range(2 * len(OFFSETS)))
    return entry("toy/x", sha256=hashes[0], hashes=hashes)


def blurred(one: Entry, rng: random.Random) -> Entry:
    """With up to four bits of each hash turned over."""
    hashes = []
    for digits in one.hashes:
        number = int(digits, 16)
        for bit in rng.sample(range(64), rng.randint(0, 4)):
            number ^= 1 << bit
        hashes.append(f"{number:016x}")
    return one.model_copy(update={"hashes": tuple(hashes), "sha256": "blurred"})


def strayed(one: Entry, frames: int, rng: random.Random) -> Entry:
    """With so many frames at either end, in turn, that have nothing to do with it."""
    hashes = list(one.hashes)
    for number in range(frames):
        hashes[number // 2 + (number % 2) * len(OFFSETS)] = f"{rng.getrandbits(64):016x}"
    return one.model_copy(update={"hashes": tuple(hashes), "sha256": "strayed"})


def test_the_streets_are_worth_a_test(originals: list[Entry]) -> None:
    """Some frames of two acts in one place look the same, as in the scenes that the threshold was measured on."""
    near = [
        (int(one, 16) ^ int(other, 16)).bit_count() <= NEAR
        for first, second in (originals[:2], originals[2:])
        for one, other in zip(first.hashes, second.hashes, strict=True)
        if NOTHING not in {one, other}
    ]
    assert 0.1 < sum(near) / len(near) < 0.7
