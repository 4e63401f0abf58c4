"""The checks in a release: what validation computes again, and what the report counts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rocot.core.reflection import Reviewed
from rocot.core.row import Row
from rocot.prices import Prices
from rocot.release.page import page
from rocot.release.shards import write_shards
from rocot.release.summarize import summarize
from rocot.release.validate import validate
from tests.builders import EDITION, Sample, corrected, corrupted, criticised, fight, seen
from tests.release.test_page import Read
from tests.release.test_validate import Values, shard

SAMPLES: tuple[Sample, ...] = (
    fight("a").but(reanswer=seen("Fighting"), critic=Reviewed(unchecked="no error named")),
    fight("b").but(reanswer=seen("Normal"), critic=Reviewed(unchecked="no error named")),
    corrected("c").but(reanswer=seen("Fighting"), critic=criticised("real")),
    corrected("d").but(reanswer=seen(None), critic=criticised("not real")),
    corrupted("e").but(reanswer=seen("Fighting"), critic=criticised("not real", "cannot tell")),
)
SIGHTS = (
    "near the gate a tall man in a raincoat pushes a cyclist off the kerb",
    "under the lamp three youths with caps circle a bench and shove its owner",
    "beside a parked lorry the driver and a passer-by trade punches over a crate",
    "on the stairs of the station two porters wrestle for a suitcase and fall",
    "in front of the kiosk a woman in green swings her umbrella at a runner",
)
"""One a sample, so that none of them is like another."""


def apart(sample: Sample, sight: str) -> Sample:
    """The sample in words of its own."""
    first, last = (
        answer.model_copy(update={"reasoning": f"{answer.reasoning} Seen: {sight}."})
        for answer in (sample.initial, sample.revised)
    )
    said = sample.reflection.model_copy(update={"critique": f"{sample.reflection.critique} There {sight}."})
    return sample.but(initial=first, reflection=said, revised=last)


def rows() -> list[Row]:
    told = (apart(sample, sight) for sample, sight in zip(SAMPLES, SIGHTS, strict=True))
    return [Row.of(sample.judged(), EDITION) for sample in told]


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    write_shards(tmp_path, "train", rows(), Row)
    return tmp_path


def test_rows_with_checks_are_valid_and_their_rules_are_found_again(shards: Path) -> None:
    report = validate(shards)
    assert (report.exit_code, report.rows, report.kept) == (0, 5, 3)
    assert {finding.reason: finding.count for finding in report.faults} == {"critic finds no error": 2}
    assert {finding.reason: finding.count for finding in report.warnings} == {"blind reanswer disagrees": 2}


def asked(values: Values) -> None:
    values["provenance"]["reanswer"] = None


def agreed(values: Values) -> None:
    values["reanswer"]["finding"] = "agrees"


def excused(values: Values) -> None:
    values["critic"]["unchecked"] = "no error named"


def unframed(values: Values) -> None:
    values["reanswer"]["frame_times"] = [7.0, 5.0]


def cleared(values: Values) -> None:
    values["critic"]["review"]["points"][0]["verdict"] = "real"


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (asked, "findings disagree"),
        (agreed, "findings disagree"),
        (excused, "findings disagree"),
        (unframed, "findings disagree"),
        (cleared, "faults disagree"),
    ],
)
def test_a_row_that_contradicts_its_checks_is_invalid(
    tmp_path: Path, spoil: Callable[[Values], None], rule: str
) -> None:
    values = Row.of(fight("a").but(reanswer=seen("Normal"), critic=criticised("not real")).judged(), EDITION)
    told = values.model_dump(mode="json")
    spoil(told)
    report = validate(shard(tmp_path, [told]))
    assert report.exit_code == 1
    assert rule in {finding.reason for finding in report.invalid}


def test_the_report_counts_findings_by_outcome(shards: Path) -> None:
    found = {(one.check, one.finding): one for one in summarize(shards, Prices()).summary.checks}
    assert list(found) == [
        ("reanswer", "agrees"),
        ("reanswer", "disagrees"),
        ("reanswer", "abstains"),
        ("critic", "agrees"),
        ("critic", "disagrees"),
        ("critic", "unchecked"),
    ]
    agreed = found["reanswer", "agrees"]
    assert (agreed.rows, agreed.outcomes, agreed.right) == (2, {"confirmed": 1, "corrected": 1}, 1)
    assert found["reanswer", "disagrees"].outcomes == {"confirmed": 1, "corrupted": 1}
    assert found["critic", "disagrees"].right == pytest.approx(1 / 2)


def test_the_page_shows_the_checks_of_those_that_have_any(shards: Path, tmp_path: Path) -> None:
    read = Read(page(summarize(shards, Prices()), None))
    assert read.figures["reanswer agrees"] == {"2"}
    assert read.figures["critic unchecked"] == {"2"}
    assert "What the checks found" in read.words
    (tmp_path / "plain").mkdir()
    write_shards(tmp_path / "plain", "train", [Row.of(fight("a").judged(), EDITION)], Row)
    assert "What the checks found" not in Read(page(summarize(tmp_path / "plain", Prices()), None)).words
