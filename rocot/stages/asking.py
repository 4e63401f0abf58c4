"""How the three asks are worded: one growing conversation whose prefix never changes, so that a server caches it."""

from rocot.assets import Prompts
from rocot.core.answer import Reflection
from rocot.core.chat import critique_text
from rocot.core.prompt import Ask, Picture, Prompt, Text, Turn, stamp
from rocot.core.record import digest
from rocot.core.reflection import Framed, Said
from rocot.core.reply import Dialect, Shape
from rocot.core.truth import NORMAL, Truth
from rocot.teacher.protocol import Asks, Compose


def question(prompts: Prompts, item: Framed) -> str:
    """What is asked first, without the frames."""
    return prompts.reason.fill(
        count=str(len(item.frames)), start=f"{item.start:.2f}", end=f"{item.end:.2f}", classes=", ".join(item.classes)
    )


def opening(prompts: Prompts, item: Framed, dialect: Dialect) -> tuple[Turn, ...]:
    """The prefix of all three asks: system, frames with their times between them, question."""
    looked = [
        part
        for frame in item.frames
        for part in (Text(text=stamp(frame.time)), Picture(time=frame.time, digest=frame.digest))
    ]
    asked = Text(text=question(prompts, item)), Text(text=form(prompts, "answer", dialect).text)
    return said("system", prompts.system.text), Turn(role="user", parts=(*looked, *asked))


def form(prompts: Prompts, shape: Shape, dialect: Dialect) -> Prompt:
    """The template that tells the form of the reply."""
    forms = {
        ("answer", "json"): prompts.answer_json,
        ("answer", "tagged"): prompts.answer_tagged,
        ("reflection", "json"): prompts.reflection_json,
        ("reflection", "tagged"): prompts.reflection_tagged,
    }
    return forms[shape, dialect]


def said(role: str, *texts: str) -> Turn:
    """A turn of text."""
    return Turn.model_validate({"role": role, "parts": [{"kind": "text", "text": text} for text in texts]})


def compose(prompts: Prompts, asks: Asks, item: Framed, shape: Shape, *follow_up: str) -> Compose:
    """Words an ask. `follow_up` is what was answered to the opening and what is asked now; empty for the first ask."""

    def worded(dialect: Dialect) -> Ask:
        turns = opening(prompts, item, dialect)
        if follow_up:
            answered, asked = follow_up
            turns = (*turns, said("assistant", answered), said("user", asked, form(prompts, shape, dialect).text))
        return Ask(
            model=asks.model,
            turns=turns,
            shape=shape,
            dialect=dialect,
            classes=item.classes,
            sampling=asks.sampling,
            rollout=item.rollout,
        )

    return worded


def credit(ask: Ask, text: str, *prompts: Prompt) -> Said:
    """The record of who said what to which prompts."""
    return Said(text=text, model=ask.model, prompt=digest([prompt.digest for prompt in prompts]), call=ask.key)


def told(reflection: Reflection) -> str:
    """A reflection as the revision is told of it."""
    return f"{critique_text(reflection)}\nVerdict: {reflection.verdict}."


def spelt(truth: Truth) -> str:
    """Ground truth in words, for the guided reflection only."""
    if truth.normal is None:
        return "nothing is known of this clip"
    if truth.normal:
        return f"{NORMAL}, no anomaly"
    named = " and ".join(truth.labels) if truth.labels else "an anomaly of unknown kind"
    if truth.spans is None:
        return f"{named}, at an unknown time"
    return f"{named}, at " + " and ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in truth.spans)
