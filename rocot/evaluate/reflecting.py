"""What reflection did to answers that came with a first one: the measures of a release's report (`measures.flips`).

A first answer is needed; a second one that is missing or cannot be read is wrong. Right is what the judge calls right:
the label, and where both have spans temporal IoU of the benchmark's floor at least. Where neither answer gives a label,
none was asked, and the spans alone are right or wrong.
"""

from collections.abc import Sequence

from rocot.core.answer import Answer
from rocot.core.record import Record
from rocot.core.score import outcome, scores
from rocot.core.truth import UNCLEAR, Truth
from rocot.evaluate.answered import UNNAMED, Answered, answer, chosen
from rocot.evaluate.case import Benchmark
from rocot.evaluate.prediction import Conclusion
from rocot.measures.flips import SUMS, Flips, added, flips
from rocot.measures.flips import Grounding as GroundingChange
from rocot.measures.flips import grounding as grounding_change
from rocot.measures.resample import by_video

NOTHING = Answer(evidence=(), reasoning="-", label=UNCLEAR, spans=())
"""Stands for an answer that did not come: it is never right, and finds nothing."""


class Reflecting(Record):
    """First and final answers of the cases that have both sides of the truth and a first answer."""

    answers: Flips | None
    """Label and spans; None where no first answer has any."""
    grounding: GroundingChange | None
    """Temporal IoU before and after; None likewise."""
    choices: Flips | None
    """Of questions with options; None where no first answer chose."""


def reflecting(pairs: Sequence[Answered], benchmark: Benchmark) -> Reflecting | None:
    """None where no prediction has a first answer."""
    named, asked = [], []
    for pair in pairs:
        if pair.first is None:
            continue
        if pair.first.label is not None or pair.first.spans is not None:
            first, last = answer(pair.first, benchmark), _final(pair.final, benchmark)
            truth = _asked_truth(pair)
            named.append((pair.case.video, _sums(first, last, truth, benchmark, located=pair.case.located)))
        if pair.first.choice is not None and pair.case.answer is not None:
            truth = Truth(choice=pair.case.options[pair.case.answer])
            first, last = (_choice(said, pair) for said in (pair.first, pair.final))
            asked.append((pair.case.video, _sums(first, last, truth, benchmark, located=False)))
    if not named and not asked:
        return None
    answers, choices = by_video(named, len(SUMS)), by_video(asked, len(SUMS))
    return Reflecting(
        answers=flips(answers) if named else None,
        grounding=grounding_change(answers) if named else None,
        choices=flips(choices) if asked else None,
    )


def _asked_truth(pair: Answered) -> Truth:
    labelled = any(said is not None and said.label is not None for said in (pair.first, pair.final))
    return pair.case.truth if labelled else Truth(spans=pair.case.truth.spans)


def _final(said: Conclusion | None, benchmark: Benchmark) -> Answer:
    given = said is not None and (said.label is not None or said.spans is not None)
    return answer(said, benchmark) if said is not None and given else NOTHING


def _choice(said: Conclusion | None, pair: Answered) -> Answer:
    option = None if said is None else chosen(said, pair.case)
    return Answer(evidence=(), reasoning="-", label=option or UNNAMED, spans=None)


def _sums(first: Answer, last: Answer, truth: Truth, benchmark: Benchmark, *, located: bool) -> list[float]:
    graded = scores(first, last, truth, benchmark.tiou_floor, benchmark.improved_floor)
    cell = outcome(graded.initial_right, graded.revised_right)
    return added(cell, graded, benchmark.improved_floor, changed=not first.same_as(last), located=located)
