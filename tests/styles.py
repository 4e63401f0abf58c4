"""Clean samples as several teachers would write them, templated and free: no rule may reject one of them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rocot.core.answer import Answer, Check, Evidence, Reflection
from rocot.core.clip import Clip
from rocot.core.span import Span
from rocot.core.truth import NORMAL, Truth
from tests.builders import Sample, framed

CLASSES = (NORMAL, "Fighting", "Robbery", "Traffic_accident", "Fire", "People_falling")
SCENES = {
    "Fighting": ("two men in dark jackets push each other and swing their fists", "a greeting or a game"),
    "Robbery": ("a person in a grey hood leans over the counter and grabs the till", "a customer who pays"),
    "Traffic_accident": ("a white van drives into the side of a red car at the crossing", "an ordinary stop"),
    "Fire": ("flames and dark smoke rise from the bin beside the door", "the reflection of a lamp"),
    "People_falling": ("an elderly woman slips on the wet stairs and stays down", "someone who sits down"),
}
CALM = (
    "a black car waits at the barrier and drives on",
    "people walk along the pavement, some with bags",
    "a man in black unlocks the shutter of his shop",
    "two boys chase a ball across the yard and laugh",
    "rain sets in and the lamps come on one after another",
)
Style = Callable[["Scene"], tuple[Answer, Reflection, Answer]]


@dataclass(frozen=True)
class Scene:
    """What happens, and what the first answer makes of it."""

    label: str
    first: tuple[Span, ...]
    last: tuple[Span, ...]
    at: float
    """Seconds, of the frame that shows it best."""
    end: float
    sight: str
    rival: str
    calm: str

    @property
    def changed(self) -> bool:
        return self.first != self.last

    def named(self, spans: tuple[Span, ...]) -> str:
        return self.label if spans else NORMAL

    def stretch(self, spans: tuple[Span, ...]) -> str:
        return " and ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in spans) or "no span"


def said(scene: Scene, spans: tuple[Span, ...], reasoning: str, *, seen: bool) -> Answer:
    what = scene.sight if spans else scene.calm
    marks = [(span.start, span.end) for span in spans] or [(0.0, scene.end)]
    evidence = tuple(Evidence(start=start, end=end, observation=what) for start, end in marks) if seen else ()
    return Answer(evidence=evidence, reasoning=reasoning, label=scene.named(spans), spans=spans)


def weighed(scene: Scene, *checks: Check, critique: str) -> Reflection:
    return Reflection(checks=checks, critique=critique, verdict="revise" if scene.changed else "keep")


def templated(scene: Scene) -> tuple[Answer, Reflection, Answer]:
    def reasoned(spans: tuple[Span, ...]) -> str:
        if not spans:
            return f"The stretch that departs most from routine shows that {scene.calm}. Nothing calls for action."
        return f"From {spans[0].start:.2f} to {spans[0].end:.2f} s {scene.sight}. That is not {scene.rival}."

    first, last = (said(scene, spans, reasoned(spans), seen=True) for spans in (scene.first, scene.last))
    claim = f"The frames show {scene.label} at {scene.stretch(scene.first)}." if scene.first else "Nothing happens."
    check = Check(claim=claim, finding=f"Followed closely, {scene.sight if scene.last else scene.calm}.",
                  start=scene.at, end=scene.at, holds=not scene.changed)  # fmt: skip
    told = "The second look calls for a change." if scene.changed else "The answer should stand."
    return first, weighed(scene, check, critique=f"At {scene.at:.2f} s: {told}"), last


def chatty(scene: Scene) -> tuple[Answer, Reflection, Answer]:
    """No fields but the text: a reply in tags."""

    def reasoned(spans: tuple[Span, ...]) -> str:
        if not spans:
            return (
                f"Okay, let me go through the frames. At <{scene.at:.2f}s> {scene.calm}. Is anyone hurt? I don't think "
                f"so. Before 2 s the scene is normal, and it stays that way. I would say this is ordinary."
            )
        return (
            f"Okay, let me see. At first {scene.calm}. Around <{scene.at:.2f}s> though, {scene.sight}."
            f" It could be {scene.rival}, but the movement is too sudden for that. So I go with {scene.label}."
        )

    first, last = (said(scene, spans, reasoned(spans), seen=False) for spans in (scene.first, scene.last))
    if scene.changed:
        critique = (
            f"Wait. I passed over something: at <{scene.at:.2f}s> {scene.sight}. My first answer said "
            f"{scene.named(scene.first)}, which is hard to square with that. The correct label should be {scene.label}."
        )
    else:
        critique = f"I looked again at <{scene.at:.2f}s>: {scene.sight if scene.last else scene.calm}. I stay with it."
    return first, weighed(scene, critique=critique), last


def terse(scene: Scene) -> tuple[Answer, Reflection, Answer]:
    def reasoned(spans: tuple[Span, ...]) -> str:
        return f"{(scene.sight if spans else scene.calm).capitalize()}."

    first, last = (said(scene, spans, reasoned(spans), seen=True) for spans in (scene.first, scene.last))
    what = scene.sight if scene.last else scene.calm
    told = "Missed at first" if scene.changed else "Confirmed"
    return first, weighed(scene, critique=f"{told}: {what}."), last


def listed(scene: Scene) -> tuple[Answer, Reflection, Answer]:
    def reasoned(spans: tuple[Span, ...]) -> str:
        lines = [f"- {time:.2f} s: {scene.calm}" for time in (1.0, 3.0, 5.0)]
        if spans:
            lines += [f"- {scene.at:.2f} s: {scene.sight}", f"Label: {scene.label}, {scene.stretch(spans)}"]
        else:
            lines.append("Label: Normal")
        return "\n".join(lines)

    first, last = (said(scene, spans, reasoned(spans), seen=True) for spans in (scene.first, scene.last))
    checks = [
        Check(claim=f"label is {scene.named(scene.first)}", finding=f"{scene.sight if scene.last else scene.calm}",
              start=scene.at, end=scene.at, holds=not scene.changed),
        Check(claim=f"It might be {scene.rival}.", finding="Too sudden for that." if scene.last else "Quite so.",
              start=scene.at, end=scene.at, holds=not scene.last),
    ]  # fmt: skip
    return first, weighed(scene, *checks, critique="1. label: see above\n2. span: see above\n3. verdict below"), last


def essay(scene: Scene) -> tuple[Answer, Reflection, Answer]:
    def reasoned(spans: tuple[Span, ...]) -> str:
        calm = f"For most of the clip there is no anomaly: {scene.calm}, and people keep their pace."
        if not spans:
            return f"{calm} One might think of {scene.label.lower()}, but no frame bears it out. It is normal."
        return (
            f"{calm} Then, at about {scene.at:.1f} s, {scene.sight}. If this were {scene.rival}, it would end soon and"
            f" the bystanders would not turn round. The event runs from {spans[0].start:.2f} to {spans[0].end:.2f} s. "
            f"Its first frames settle where it starts; its end is less certain, since the last frame is partly hidden."
        )

    first, last = (said(scene, spans, reasoned(spans), seen=False) for spans in (scene.first, scene.last))
    if not scene.changed:
        what = scene.sight if scene.last else scene.calm
        critique = f"My reading rests on one claim, that {what}. The frame at {scene.at:.2f} s bears it out, no more."
    elif scene.first:
        critique = f"The span is too wide: at {scene.at:.2f} s {scene.sight}, and well before and after it nobody does."
    else:
        critique = (
            f"The first answer said nothing about {scene.at:.2f} s, where {scene.sight}. That changes the verdict."
        )
    return first, weighed(scene, critique=critique), last


STYLES: dict[str, Style] = {style.__name__: style for style in (templated, chatty, terse, listed, essay)}
KINDS = ("confirmed", "found", "narrowed", "calm")


def scene_of(dice: random.Random, kind: str, times: tuple[float, ...]) -> Scene:
    """A scene whose spans lie on frames; `found` is missed at first, `narrowed` told too wide."""
    label = dice.choice(list(SCENES))
    sight, rival = SCENES[label]
    low = dice.randrange(3, len(times) - 5)
    span = (Span(start=times[low], end=times[low + 2]),)
    wide = (Span(start=times[low - 2], end=times[low + 4]),)
    first = {"confirmed": span, "found": (), "narrowed": wide, "calm": ()}[kind]
    return Scene(
        label, first, () if kind == "calm" else span, times[low + 1], times[-1], sight, rival, dice.choice(CALM)
    )


def clean_samples(count: int, seed: int = 0) -> Iterator[tuple[str, Sample]]:
    """So many, of every style and kind in turn, each with its name."""
    dice = random.Random(seed)
    names = [(style, kind) for style in STYLES for kind in KINDS]
    for index in range(count):
        style, kind = names[index % len(names)]
        length = round(dice.uniform(12, 58), 2)
        there = Clip(id=f"yard/c{index:03d}", source="yard", video=f"c{index:03d}", split="train", path="/videos/c.mp4",
                     mark="a" * 64, start=0.0, end=length, duration=length, classes=CLASSES)  # fmt: skip
        shown = framed(there, count=16)
        scene = scene_of(dice, kind, tuple(frame.time for frame in shown.frames))
        first, reflection, last = STYLES[style](scene)
        truth = Truth(labels=(scene.named(scene.last),), spans=tuple(
            Span(start=span.start - 0.31, end=span.end + 0.27) for span in scene.last))  # fmt: skip
        yield f"{style} {kind} {index}", Sample(shown, first, reflection, last, truth)
