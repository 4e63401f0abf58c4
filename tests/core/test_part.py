import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocot.core.part import Part, place_of

ROOT = Path(__file__).parents[2]
COUNTS = st.integers(1, 500)
NAMES = st.text(min_size=1, max_size=40)


@given(st.sets(st.tuples(NAMES, NAMES), max_size=50), COUNTS)
def test_parts_partition_every_set_of_videos(videos: set[tuple[str, str]], count: int) -> None:
    parts = [Part(number=number, of=count) for number in range(1, count + 1)]
    for source, video in videos:
        assert sum(part.holds(source, video) for part in parts) == 1


def test_where_a_video_belongs_stays_for_ever() -> None:
    assert place_of("scenes", "scene-train-0000") == int("4be1d23141908ba2", 16)
    assert place_of("yard", "\udce4") == place_of("yard", "?"), "a name that is no UTF-8 has a place as well"


def test_where_a_video_belongs_is_the_same_for_every_hash_seed() -> None:
    code = "from rocot.core.part import place_of; print(place_of('yard', 'gate'))"
    seeds = ("0", "1", "2")
    told = {
        subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed})
        for seed in seeds
    }
    assert told == {f"{place_of('yard', 'gate')}\n".encode()}


def test_parts_are_about_as_large_as_one_another() -> None:
    counts = [0] * 8
    for number in range(8000):
        counts[place_of("yard", f"{number}") % 8] += 1
    assert min(counts) > 900
    assert max(counts) < 1100


@given(COUNTS, COUNTS)
def test_a_part_is_spelt_and_read_again(one: int, other: int) -> None:
    part = Part(number=min(one, other), of=max(one, other))
    assert Part.parse(str(part)) == Part.parse(f"{part.number}-of-{part.of}") == part


@pytest.mark.parametrize("text", ["", "3", "0/8", "9/8", "-1/8", "3/0", "a/8", "3/8/1", "3//8", "1/1000000", "٣/٨"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)part"):
        Part.parse(text)
