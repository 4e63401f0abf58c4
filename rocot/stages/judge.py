"""Judge: both answers graded against the ground truth, which no other stage holds."""

from dataclasses import dataclass

from rocot.core.gate import EDITION, Gate, Story, faults
from rocot.core.record import Json
from rocot.core.reflection import Criticised, Judged, Revised
from rocot.core.score import outcome, scores
from rocot.sources.protocol import TruthOf


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

    def context(self, item: Revised, /) -> Json:
        """The truth: a corrected label judges again, and asks nothing again."""
        return self.truth(item).model_dump(mode="json")

    async def __call__(self, item: Revised, /) -> Judged:
        truth, checked = self.truth(item), Criticised.of(item)
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
            reanswer=None if checked.reanswer is None else checked.reanswer.opinion,
            counterfactual=None if checked.counterfactual is None else checked.counterfactual.opinion,
            review=None if checked.critic is None else checked.critic.review,
        )
        return Judged(
            **dict(checked),
            truth=truth,
            graded_on=truth.graded_on(located=item.revised.spans is not None),
            scores=graded,
            outcome=outcome(graded.initial_right, graded.revised_right),
            faults=faults(story, self.gate),
        )
