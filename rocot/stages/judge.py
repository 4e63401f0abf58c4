"""Judge: both answers graded against the ground truth, which no other stage holds."""

from dataclasses import dataclass

from rocot.core.checks import Opinion, Review
from rocot.core.clip import Clip
from rocot.core.gate import EDITION, Gate, Story, faults
from rocot.core.record import Item, Json
from rocot.core.reflection import Countered, Criticised, Judged, Reanswered, Revised
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
        return self.at_once(item, self.context(item))

    def at_once(self, item: Item, context: Json, /) -> Judged:
        """Grades an item against the truth that is its context."""
        assert isinstance(item, Revised)
        truth, (reanswer, counterfactual, review) = Truth.model_validate(context), _checks(item)
        graded = scores(item.initial, item.revised, truth, self.gate.tiou, self.gate.improved, item.in_common)
        story = Story(
            start=item.start,
            end=item.end,
            frame_times=tuple(frame.time for frame in item.frames),
            relook_times=tuple(frame.time for frame in item.relook),
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
        return Judged(
            **vars(item),
            truth=truth,
            graded_on=truth.graded_on(located=item.revised.spans is not None),
            scores=graded,
            outcome=outcome(graded.initial_right, graded.revised_right),
            faults=faults(story, self.gate),
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
