"""What only a whole split can tell: rows alike, reflections alike, and what the mix takes."""

import random
from collections import Counter
from collections.abc import Sequence

import apsw
import pytest

from rocot.core.gate import RUN_RULES, Gate, Rules
from rocot.core.row import Row
from rocot.recipe import Mix
from rocot.release.likeness import HELD, Groups, Runs, bands_of, find_meetings, jaccards, runs_of
from rocot.release.screen import Screen, Verdict
from tests.builders import EDITION, Sample, corrected, fight
from tests.mutations import RUN_MUTATIONS, RunMutation, like
from tests.styles import clean_samples


def rows_of(samples: Sequence[Sample]) -> list[Row]:
    return [Row.of(sample.judged(), EDITION) for sample in samples]


def screened(rows: Sequence[Row], gate: Gate | None = None, mix: Mix | None = None) -> dict[str, Verdict]:
    screen = Screen(gate or Gate(), mix or Mix())
    for row in rows:
        screen.add(row)
    return dict(zip([row.id for row in rows], screen.verdicts(), strict=True))


def broken(verdicts: dict[str, Verdict], rule: str) -> set[str]:
    return {name for name, verdict in verdicts.items() if rule in {fault.rule for fault in verdict.faults}}


@pytest.mark.parametrize("mutation", RUN_MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_spoilt_run_is_told_under_the_right_name(mutation: RunMutation) -> None:
    rows = rows_of(mutation.spoil(like(mutation.of)))
    clean = broken(screened(rows_of(like(mutation.of))), mutation.rule)
    wanted = {row.id for row in rows[-mutation.told :]}
    assert broken(screened(rows), mutation.rule) - clean == wanted


def test_every_rule_of_whole_runs_has_two_mutations() -> None:
    counts = Counter(mutation.rule for mutation in RUN_MUTATIONS)
    assert len({mutation.name for mutation in RUN_MUTATIONS}) == len(RUN_MUTATIONS)
    assert set(counts) == set(RUN_RULES)
    assert min(counts.values()) >= 2


def test_no_clean_sample_is_rejected_for_what_the_others_say() -> None:
    found = screened(rows_of([sample for _, sample in clean_samples(300)]))
    assert broken(found, "similar reflections") == set()
    assert {verdict.not_kept for verdict in found.values()} == {None}


def test_the_order_of_rows_changes_no_verdict() -> None:
    rows = rows_of([one for mutation in RUN_MUTATIONS[:6:2] for one in mutation.spoil(like(mutation.of))[-8:]])
    rows = [row.model_copy(update={"id": f"{index}", "clip": f"{index}"}) for index, row in enumerate(rows)]
    gate, mix = Gate(rules=Rules(similar_reflections="reject", near_duplicate="reject")), Mix(per_class=3, seed=5)
    wanted = screened(rows, gate, mix)
    assert {verdict.not_kept for verdict in wanted.values()} >= {"fault", "mix: class", None}
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        assert screened(rows, gate, mix) == wanted


def test_of_near_duplicates_the_soundest_stays() -> None:
    twins = [fight("a").but(reflection=fight().reflection.model_copy(update={"verdict": "revise"})),
             fight("b"), fight("c"), fight("d")]  # fmt: skip
    gate = Gate(duplicate=0.8, rules=Rules(near_duplicate="reject", similar_reflections="off"))
    found = screened(rows_of(twins), gate)  # the first says revise and changes nothing
    assert broken(found, "near duplicate") == {"yard/a#0", "yard/c#0", "yard/d#0"}
    assert [verdict.not_kept for verdict in found.values()] == ["fault", None, "fault", "fault"]
    assert "yard/b#0" in found["yard/c#0"].faults[0].detail


def test_rows_of_two_splits_are_not_compared() -> None:
    found = screened(rows_of([fight("a"), fight("b", split="test")]))
    assert broken(found, "near duplicate") == set()


def test_a_rule_that_is_off_is_not_looked_at() -> None:
    gate = Gate(rules=Rules(similar_reflections="off", near_duplicate="off"))
    found = screened(rows_of([fight("a"), fight("b"), corrected("c")]), gate)
    assert {verdict.faults for verdict in found.values()} == {()}


def test_likeness_is_the_share_of_runs_in_common() -> None:
    first, second = runs_of("one two three four five"), runs_of("one two three four six")
    assert jaccards(first, [first, second, runs_of("none of it")]) == [1, pytest.approx(2 / 4), 0]
    assert jaccards(second, []) == []
    assert jaccards(runs_of("at 12.5 s he falls", numbers=False), [runs_of("at 3 s he falls", numbers=False)]) == [1]
    assert [runs_of(text).size for text in ("", "one", "one two", "one two three")] == [1, 1, 1, 1]


def test_a_text_joins_the_leader_that_it_is_most_like() -> None:
    """Whoever is held against all leaders one by one finds the same, and the same texts again find the same leader."""
    rng = random.Random(4)
    bases = [[f"word{rng.randrange(40)}" for _ in range(30)] for _ in range(4)]
    texts = [" ".join(word if rng.random() > 0.03 else "other" for word in rng.choice(bases)) for _ in range(150)]
    groups, leaders = Groups(apsw.Connection(""), "some", 0.9), dict[tuple[str, int], Runs]()
    for number, text in enumerate([*texts, *texts]):
        place, runs = rng.choice(["train", "test"]), runs_of(text)
        like, leader = max(
            ((_like(runs, other), -one) for (there, one), other in leaders.items() if there == place), default=(0.0, 0)
        )
        wanted = (-leader, like) if like >= 0.9 else (number, 1.0)
        assert groups.join(place, number, runs, bands_of(runs)) == wanted
        if wanted[0] == number:
            leaders[place, number] = runs
    assert 50 < len(leaders) < 250


def _like(one: Runs, other: Runs) -> float:
    first, second = set(one.tolist()), set(other.tolist())
    return len(first & second) / len(first | second)


@pytest.mark.parametrize("held", [HELD, 200])
def test_who_shares_no_band_with_another_joins_nobody(held: int) -> None:
    """What is found among those that meet is what is found among all, also where numbers are sorted in parts."""
    rng = random.Random(3)
    words = [f"word{index}" for index in range(400)]
    bases = [rng.choices(words, k=40) for _ in range(60)]
    texts = [" ".join(word if rng.random() > 0.02 else "other" for word in rng.choice(bases)) for _ in range(200)]
    texts += [" ".join(rng.choices(words, k=40)) for _ in range(200)]
    every = [runs_of(text) for text in texts]
    database = apsw.Connection("")
    database.execute("CREATE TABLE row (member INTEGER PRIMARY KEY, whole_bands BLOB)")
    database.executemany("INSERT INTO row VALUES (?, ?)", [(n, bands_of(one).tobytes()) for n, one in enumerate(every)])
    find_meetings(database, "row", "whole", held)
    met = {member for (member,) in database.execute("SELECT member FROM whole_met")}
    assert 150 < len(met) < 220
    some, everybody = Groups(database, "some", 0.85), Groups(database, "everybody", 0.85)
    wanted = {number: everybody.join("train", number, one, bands_of(one)) for number, one in enumerate(every)}
    found = {
        number: some.join("train", number, one, bands_of(one)) for number, one in enumerate(every) if number in met
    }
    assert {number: joined for number, joined in wanted.items() if joined[0] != number} == {
        number: joined for number, joined in found.items() if joined[0] != number
    }
    assert len({joined[0] for joined in found.values()}) < len(found)
