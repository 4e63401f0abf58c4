import random
from itertools import pairwise

import pytest

from rocot.core.motion import Kind, Packets, by_motion, kinds_of
from rocot.core.sampling import uniform

USUAL: dict[Kind, int] = {"I": 12_000, "P": 1500, "B": 300}
FPS = 25


def footage(  # noqa: PLR0913 - each is one way in which footage differs
    seconds: float,
    moving: tuple[float, float] = (0, 0),
    *,
    group: int = 50,
    noise: float = 0.2,
    factor: float = 3.0,
    drift: float = 0.0,
) -> Packets:
    """I, then B B P over and over; while it moves P and B take `factor` times as much. `drift`: doublings a minute."""
    dice = random.Random(seconds)
    kinds: list[Kind] = ["I" if at % group == 0 else "P" if at % 3 == 0 else "B" for at in range(int(seconds * FPS))]
    times = [at / FPS for at in range(len(kinds))]
    sizes = []
    for time, kind in zip(times, kinds, strict=True):
        busy = factor if kind != "I" and moving[0] <= time < moving[1] else 1
        sizes.append(int(USUAL[kind] * busy * 2 ** (dice.gauss(0, noise) + drift * time / 60)))
    return Packets(times, sizes, kinds)


def share(times: tuple[float, ...], low: float, high: float) -> float:
    return sum(low <= time < high for time in times) / len(times)


def test_more_frames_fall_where_it_moves() -> None:
    times = by_motion(footage(60, (40, 46)), 0, 60, 32)
    assert share(times, 40, 46) >= 3 * 0.1


def test_quiet_stretches_are_still_seen() -> None:
    times = by_motion(footage(60, (40, 46), factor=30), 0, 60, 32)
    gaps = [after - before for before, after in pairwise((0.0, *times, 60.0))]
    assert max(gaps) <= 2 * 60 / 32 + 1e-6


@pytest.mark.parametrize("noise", [0, 0.3])
def test_where_nothing_moves_the_times_are_about_even(noise: float) -> None:
    even = uniform(0, 60, 32)
    times = by_motion(footage(60, noise=noise), 0, 60, 32)
    assert max(abs(one - other) for one, other in zip(times, even, strict=True)) <= (0.9 if noise else 1e-6)


def test_key_frames_are_no_motion() -> None:
    even = by_motion(footage(60, noise=0, group=12), 0, 60, 8)
    assert even == pytest.approx(uniform(0, 60, 8))


def test_night_that_falls_is_no_motion() -> None:
    times = by_motion(footage(600, drift=0.5, noise=0), 0, 600, 20)
    assert share(times, 0, 300) >= 0.45


@pytest.mark.parametrize(
    "packets", [Packets((), (), ()), Packets([0, 1, 2], [9, 900, 9], ["I", "I", "I"]), Packets([0], [0], ["P"])]
)
def test_where_sizes_say_nothing_the_times_are_even(packets: Packets) -> None:
    assert by_motion(packets, 0, 3, 5) == pytest.approx(uniform(0, 3, 5))


@pytest.mark.parametrize("count", [1, 7, 512])
def test_times_ascend_within_the_clip(count: int) -> None:
    times = by_motion(footage(60, (40, 46), factor=100), 20, 50, count)
    assert len(times) == count
    assert all(20 <= time < 50 for time in times)
    assert all(before < after for before, after in pairwise(times))


def test_packets_around_a_clip_tell_what_is_usual_in_it() -> None:
    """A clip that moves for most of its time: within it alone, moving would be the usual."""
    whole = footage(180, (66, 110))
    times = by_motion(whole, 60, 120, 32)
    assert share(times, 66, 110) > 44 / 60 + 0.05


def test_a_b_frame_is_told_by_its_place() -> None:
    decoded = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    keys = [place in (0, 6) for place in decoded]
    assert "".join(kinds_of(keys, decoded)) == "IPBBIBBPBB"


def test_packets_are_cut_by_time() -> None:
    part = footage(10).between(4, 6)
    assert (part.times[0], part.times[-1], len(part.sizes), len(part.kinds)) == (4, 6 - 1 / FPS, 50, 50)
