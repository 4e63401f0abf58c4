"""Items for tests, with defaults for all that a test does not care about."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from rocot.core.answer import Answer, Check, Evidence, Reflection
from rocot.core.checks import Opinion, Point, Review
from rocot.core.clip import Clip
from rocot.core.gate import Gate, Story, faults
from rocot.core.reflection import Frame, Framed, Judged, Looked, Reviewed, Said
from rocot.core.row import Edition
from rocot.core.sampling import uniform
from rocot.core.score import outcome, scores
from rocot.core.span import Span
from rocot.core.truth import NORMAL, Truth

CLASSES = (NORMAL, "Fighting", "Robbery")
EDITION = Edition(
    release="tiny",
    version="0.1.0",
    fingerprint="f" * 64,
    rocot="0.1.0",
    tiou_floor=0.5,
    improved_floor=0.05,
    keep=("confirmed", "corrected"),
)
Pairs = Sequence[tuple[float, float]]


def spans(pairs: Pairs) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end) for start, end in pairs)


def clip(name: str = "v0", *, start: float = 0.0, end: float = 16.0, split: str = "train") -> Clip:
    return Clip(
        id=f"yard/{name}",
        source="yard",
        video=name,
        split=split,
        path=f"/videos/{name}.mp4",
        mark="a" * 64,
        start=start,
        end=end,
        duration=max(end, 16.0),
        classes=CLASSES,
    )


def framed(of: Clip | None = None, *, count: int = 8, rollout: int = 0) -> Framed:
    of = of or clip()
    frames = tuple(
        Frame(time=time, digest=f"{index:064x}", width=320, height=240)
        for index, time in enumerate(uniform(of.start, of.end, count))
    )
    return Framed(**dict(of), frames=frames, reader="av", rollout=rollout)


def answer(pairs: Pairs = ((4.0, 8.0),), label: str | None = None, reasoning: str | None = None) -> Answer:
    label = label or ("Fighting" if pairs else NORMAL)
    seen = tuple(
        Evidence(start=start, end=end, observation="two figures close in and strike out") for start, end in pairs
    )
    told = "Blows are exchanged; a greeting would end sooner." if pairs else "People pass; nothing calls for action."
    return Answer(evidence=seen, reasoning=reasoning or told, label=label, spans=spans(pairs))


def reflection(verdict: str = "keep", critique: str | None = None, pairs: Pairs = ((4.0, 8.0),)) -> Reflection:
    checks = tuple(
        Check(claim="They strike.", finding="Arms swing.", start=low, end=high, holds=verdict == "keep")
        for low, high in pairs
    )
    told = critique or ("The claims hold." if verdict == "keep" else "The first answer passed over the stretch before.")
    return Reflection.model_validate({"checks": checks, "critique": told, "verdict": verdict})


@dataclass(frozen=True)
class Sample:
    """A judged sample to be; grades and faults follow from the answers as they do in the flow."""

    framed: Framed
    initial: Answer
    reflection: Reflection
    revised: Answer
    truth: Truth
    floor: float = 0.5
    relook: tuple[Frame, ...] = ()
    gate: Gate = field(default_factory=Gate)
    reanswer: Looked | None = None
    counterfactual: Looked | None = None
    critic: Reviewed | None = None

    def judged(self) -> Judged:
        graded = scores(self.initial, self.revised, self.truth, self.floor, self.gate.improved, self.framed.in_common)
        return Judged(
            **dict(self.framed),
            relook=self.relook,
            question=f"What happens from {self.framed.start:.2f} s to {self.framed.end:.2f} s?",
            initial=self.initial,
            initial_said=said("1"),
            reflection=self.reflection,
            reflection_said=said("2"),
            revised=self.revised,
            revised_said=said("3"),
            reanswer=self.reanswer,
            counterfactual=self.counterfactual,
            critic=self.critic,
            truth=self.truth,
            graded_on=self.truth.graded_on(located=self.revised.spans is not None),
            scores=graded,
            outcome=outcome(graded.initial_right, graded.revised_right),
            faults=faults(self.story(), self.gate),
        )

    def story(self) -> Story:
        """What the rules look at."""
        return Story(
            start=self.framed.start,
            end=self.framed.end,
            frame_times=tuple(frame.time for frame in self.framed.frames),
            relook_times=tuple(frame.time for frame in self.relook),
            classes=self.framed.classes,
            task=self.framed.task,
            initial=self.initial,
            reflection=self.reflection,
            revised=self.revised,
            truth=self.truth,
            reanswer=None if self.reanswer is None else self.reanswer.opinion,
            counterfactual=None if self.counterfactual is None else self.counterfactual.opinion,
            review=None if self.critic is None else self.critic.review,
        )

    def but(self, **changes: object) -> "Sample":
        """The same sample with other parts."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the dataclass names its parts


def said(mark: str) -> Said:
    return Said(text="raw reply", model="scripted", prompt=mark * 64, call=mark * 64)


def seen(label: str | None, *, frames: Sequence[Frame] = ()) -> Looked:
    """A blind look that came to this label; None abstains."""
    opinion = Opinion(evidence=(), reasoning="Two figures, and nothing before or after.", label=label)
    shown = tuple(frames) or framed().frames[2:4]
    return Looked(frames=shown, opinion=opinion, said=said("4"))


def criticised(*verdicts: str) -> Reviewed:
    """A review with a point for each verdict."""
    points = [
        {"error": "It starts too late.", "reason": "They still talk.", "verdict": verdict} for verdict in verdicts
    ]
    return Reviewed(review=Review(points=tuple(map(Point.model_validate, points))), said=said("5"))


def fight(name: str = "v0", **of: object) -> Sample:
    """A fight from 4 to 8 s that both answers find: confirmed."""
    there = clip(name, **of)  # type: ignore[arg-type]  # the words of clip
    return Sample(framed(there), answer(), reflection(), answer(), Truth(labels=("Fighting",), spans=spans([(4, 8)])))


def corrected(name: str = "v0", **of: object) -> Sample:
    """The first answer sees nothing, the revision finds the fight."""
    return fight(name, **of).but(initial=answer(()), reflection=reflection("revise"))


def corrupted(name: str = "v0", **of: object) -> Sample:
    """The first answer finds the fight, the revision drops it."""
    return fight(name, **of).but(revised=answer(()), reflection=reflection("revise"))


def many(count: int, split: str = "train") -> list[Judged]:
    """Judged items in the order of their keys, of all kinds; no two say nearly the same."""
    kinds = (fight, corrected, corrupted)
    made = [wordy(kinds[index % 3](f"v{index:05d}", split=split), index).judged() for index in range(count)]
    return sorted(made, key=lambda item: item.key)


def wordy(sample: Sample, number: int) -> Sample:
    """The sample with words of its own in its reasonings and its critique: two or three of them tell it from others."""
    told = " ".join(
        f"{hue} {thing}" for hue, thing in zip(_drawn(number, HUES), _drawn(number + 1, THINGS), strict=True)
    )
    initial, revised = (
        one.model_copy(update={"reasoning": f"{one.reasoning} Beside it: {told}."})
        for one in (sample.initial, sample.revised)
    )
    critique = f"{sample.reflection.critique} Looked at besides: {told}."
    return sample.but(
        initial=initial, revised=revised, reflection=sample.reflection.model_copy(update={"critique": critique})
    )


HUES = ["red", "grey", "green", "amber", "violet", "teal", "dusty", "bright", "broken", "narrow", "rusty", "striped"]
THINGS = [
    "gate",
    "crate",
    "lamp",
    "bench",
    "awning",
    "kiosk",
    "bollard",
    "ladder",
    "barrel",
    "hedge",
    "trolley",
    "poster",
]


def _drawn(number: int, words: list[str]) -> list[str]:
    return Random(number).sample(words, 8)
