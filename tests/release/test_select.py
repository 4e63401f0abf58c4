"""The mix: counts add up, caps and shares hold, and nothing hangs on the order of the rows."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rocot.recipe import Mix, Shares
from rocot.release.select import Candidate, draw, room, select

SHARE = st.one_of(st.none(), st.floats(0.4, 1))
MIXES = st.builds(
    Mix,
    seed=st.integers(0, 3),
    per_video=st.one_of(st.none(), st.integers(1, 3)),
    per_source=st.one_of(st.none(), st.integers(1, 30)),
    per_class=st.one_of(st.none(), st.integers(1, 20)),
    shares=st.builds(Shares, corrected=SHARE, confirmed=SHARE, normal=SHARE),
)
CANDIDATES = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from("uvwxyz"),
        st.sets(st.sampled_from(["Fire", "Robbery", "Fighting"]), min_size=1, max_size=2),
        st.sampled_from(["normal", "corrected", "confirmed"]),
    ),
    max_size=60,
)


def candidates(drawn: list[tuple[str, str, set[str], str]]) -> list[Candidate]:
    return [
        Candidate(number, source, video, ("Normal",) if kind == "normal" else tuple(sorted(classes)), kind)
        for number, (source, video, classes, kind) in enumerate(drawn)
    ]


def left(rows: list[Candidate], mix: Mix) -> dict[int, str]:
    return dict(select(sorted(rows, key=lambda row: draw(mix.seed, str(row.member))), mix))


@given(CANDIDATES, MIXES)
@settings(max_examples=150, deadline=None)
def test_what_is_kept_and_what_is_left_come_to_all_and_every_cap_holds(
    drawn: list[tuple[str, str, set[str], str]], mix: Mix
) -> None:
    rows = candidates(drawn)
    out = left(rows, mix)
    kept = [row for row in rows if row.member not in out]
    assert len(out) + len(kept) == len(rows)
    assert set(out.values()) <= {"mix: video", "mix: source", "mix: class", "mix: share"}
    videos = Counter((row.source, row.video) for row in kept)
    classes = Counter(label for row in kept for label in row.classes)
    assert max(videos.values(), default=0) <= (mix.per_video or 10**9)
    assert max(Counter(row.source for row in kept).values(), default=0) <= (mix.per_source or 10**9)
    assert max(classes.values(), default=0) <= (mix.per_class or 10**9)
    for kind, number in Counter(row.kind for row in kept).items():
        share = getattr(mix.shares, kind)
        assert share is None or number < share * len(kept) + 1


@given(CANDIDATES, MIXES, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_nothing(
    drawn: list[tuple[str, str, set[str], str]], mix: Mix, dice: random.Random
) -> None:
    rows = candidates(drawn)
    wanted = left(rows, mix)
    dice.shuffle(rows)
    assert left(rows, mix) == wanted


@given(CANDIDATES)
@settings(deadline=None)
def test_the_mix_by_default_keeps_all_that_it_may(drawn: list[tuple[str, str, set[str], str]]) -> None:
    assert left(candidates(drawn), Mix()) == {}


@given(st.dictionaries(st.sampled_from(["normal", "corrected", "confirmed"]), st.integers(0, 400)))
def test_no_more_rows_would_fit_the_shares(counts: dict[str, int]) -> None:
    shares = Shares(corrected=0.5, confirmed=0.3, normal=0.2)
    taken = room(counts, shares)
    whole = sum(taken.values())
    for more in range(whole + 1, sum(counts.values()) + 1):
        allowed = {kind: int(-(-(getattr(shares, kind) * more - 1e-9) // 1)) for kind in counts}
        assert sum(min(counts[kind], allowed[kind]) for kind in counts) < more


def rows(count: int) -> list[Candidate]:
    return [Candidate(number, "yard", f"v{number // 4}", ("Fire",), "confirmed") for number in range(count)]


def test_another_seed_draws_other_rows() -> None:
    first, second = (left(rows(80), Mix(per_video=2, seed=seed)) for seed in (0, 1))
    assert len(first) == len(second) == 40
    assert first != second


def test_a_row_more_moves_only_rows_of_its_own_video() -> None:
    mix = Mix(per_video=2)
    before, after = left(rows(79), mix), left(rows(80), mix)
    moved = {member for member in range(79) if (member in before) != (member in after)}
    assert moved <= {76, 77, 78}


def test_half_the_rows_kept_may_be_confirmed() -> None:
    mixed = [Candidate(n, "yard", str(n), ("Fire",), "corrected" if n < 10 else "confirmed") for n in range(100)]
    out = left(mixed, Mix(shares=Shares(confirmed=0.5)))
    assert Counter(out.values()) == {"mix: share": 79}  # 11 of 21: to within a row
    assert all(member >= 10 for member in out)


def test_shares_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ValidationError, match="must come to 1"):
        Shares(corrected=0.3, confirmed=0.3, normal=0.3)
