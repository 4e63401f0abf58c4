"""Judge: both answers graded against the ground truth, which no other stage holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from rocot.core.checks import Opinion, Review
from rocot.core.clip import Clip
from rocot.core.gate import EDITION, Gate, Story, faults_of
from rocot.core.record import Item, Json
from rocot.core.reflection import Countered, Criticised, Fault, Judged, Reanswered, Revised, Scores
from rocot.core.score import outcome, scores
from rocot.core.truth import Truth
from rocot.sources.protocol import TruthOf


def judge_by(gate: Json) -> "Judge":
    """The judge of a process that knows no truth but what it is told with each item."""

    def unknown(clip: Clip) -> Truth:
        raise AssertionError(clip.key)

    return Judge(Gate.model_validate(gate), unknown)


@dataclass(frozen=True)
class Judge:
    """Looks up the truth by clip, grades, and names the rules that the sample breaks. It asks nobody."""

    gate: Gate
    truth: TruthOf
    name: str = "judge"
    output: type[Judged] = Judged

    @property
    def identity(self) -> Json:
        """The gate of the recipe, but for what looks at whole runs, and the edition of the rules."""
        return {**self.gate.own, "rules": EDITION}

    @property
    def elsewhere(self) -> tuple[str, Json]:
        """See `judge_by`."""
        return "rocot.stages.judge:judge_by", self.gate.model_dump(mode="json")

    def context(self, item: Clip, /) -> Json:
        """The truth: a corrected label judges again, and asks nothing again."""
        return self.truth(item).model_dump(mode="json")

    async def __call__(self, item: Revised, /) -> Judged:
        """As `at_once`."""
        (judged,) = self.at_once([(item, self.context(item))])
        return judged

    def at_once(self, page: Sequence[tuple[Item, Json]], /) -> list[Judged]:
        """Grades items, each against the truth that is its context."""
        items = [item for item, _ in page if isinstance(item, Revised)]
        truths = [Truth.model_validate(context) for _, context in page]
        graded = [self._graded(item, truth) for item, truth in zip(items, truths, strict=True)]
        stories = [self._story(item, truth) for item, truth in zip(items, truths, strict=True)]
        found = faults_of(stories, self.gate)
        return [_judged(*one) for one in zip(items, truths, graded, found, strict=True)]

    def _graded(self, item: Revised, truth: Truth) -> Scores:
        return scores(item.initial, item.revised, truth, self.gate.tiou, self.gate.improved, item.in_common)

    def _story(self, item: Revised, truth: Truth) -> Story:
        reanswer, counterfactual, review = _checks(item)
        return Story(
            start=item.start,
            end=item.end,
            frame_times=tuple([frame.time for frame in item.frames]),
            relook_times=tuple([frame.time for frame in item.relook]),
            classes=item.classes,
            task=item.task,
            initial=item.initial,
            reflection=item.reflection,
            revised=item.revised,
            truth=truth,
            reanswer=reanswer,
            counterfactual=counterfactual,
            review=review,
            limits=self.gate,
        )


def _judged(item: Revised, truth: Truth, graded: Scores, found: tuple[Fault, ...]) -> Judged:
    return Judged(
        **vars(item),
        truth=truth,
        graded_on=truth.graded_on(located=item.revised.spans is not None),
        scores=graded,
        outcome=outcome(graded.initial_right, graded.revised_right),
        faults=found,
    )


def _checks(item: Revised) -> tuple[Opinion | None, Opinion | None, Review | None]:
    """What the checks of an item came to, where there were any: each of them may be the last that a recipe asks for."""
    again = item.reanswer if isinstance(item, Reanswered) else None
    without = item.counterfactual if isinstance(item, Countered) else None
    critic = item.critic if isinstance(item, Criticised) else None
    return (
        None if again is None else again.opinion,
        None if without is None else without.opinion,
        None if critic is None else critic.review,
    )
