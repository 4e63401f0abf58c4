"""How the three asks are worded: one growing conversation whose prefix never changes, so that a server caches it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rocot.assets import Prompts
from rocot.core.answer import Reflection
from rocot.core.chat import critique_text
from rocot.core.prompt import Ask, Part, Picture, Prompt, Text, Turn, stamp
from rocot.core.record import digest
from rocot.core.reflection import Frame, Framed, Relooked, Said
from rocot.core.reply import Dialect, Shape
from rocot.core.task import letter, lettered, letters
from rocot.core.truth import NORMAL, Truth
from rocot.teacher.protocol import Asks, Compose


def question(prompts: Prompts, item: Framed) -> str:
    """What is asked first, without the frames."""
    return prompts.reason.fill(
        count=str(len(item.frames)),
        start=f"{item.start:.2f}",
        end=f"{item.end:.2f}",
        classes=", ".join(item.classes),
        question="" if item.posed is None else item.posed.text,
        options=lettered(item.classes),
    )


def opening(prompts: Prompts, item: Framed, dialect: Dialect) -> tuple[Turn, ...]:
    """The prefix of all three asks: system, frames with their times between them, question."""
    frames = tuple((frame.time, frame.digest) for frame in item.frames)  # plain, so that a look-up hashes no records
    return _opened(prompts.system.text, frames, question(prompts, item), form(prompts, item.task, dialect).text)


@lru_cache(maxsize=256)  # of the clips in flight, all three asks begin with it
def _opened(system: str, frames: tuple[tuple[float, str], ...], asked: str, wanted: str) -> tuple[Turn, ...]:
    shown = [
        part
        for time, digest_of in frames
        for part in (
            {"kind": "text", "text": stamp(time)},
            {"kind": "picture", "time": time, "digest": digest_of},
        )
    ]
    parts = [*shown, {"kind": "text", "text": asked}, {"kind": "text", "text": wanted}]
    # All at once: part by part, 34 records take nearly twice as long.
    return said("system", system), Turn.model_validate({"role": "user", "parts": parts})


def closer(prompts: Prompts, item: Framed) -> tuple[Part, ...]:
    """The frames of the second, closer look, where there are any, and a word on them.

    Reflection and revision both begin their turn with them, so that the prefix they share reaches over them.
    """
    if not isinstance(item, Relooked) or not item.relook:
        return ()
    return *looked(item.relook), Text(text=prompts.relook.fill(count=str(len(item.relook))))


def closer_prompt(prompts: Prompts, item: Relooked) -> tuple[Prompt, ...]:
    """The template behind `closer`, where it is used."""
    return (prompts.relook,) if item.relook else ()


def looked(frames: Sequence[Frame]) -> Iterator[Part]:
    """Frames, each after its time."""
    for frame in frames:
        yield Text(text=stamp(frame.time))
        yield Picture(time=frame.time, digest=frame.digest)


def form(prompts: Prompts, shape: Shape, dialect: Dialect) -> Prompt:
    """The template that tells the form of the reply."""
    forms = {
        "reflection": (prompts.reflection_json, prompts.reflection_tagged),
        "opinion": (prompts.opinion_json, prompts.opinion_tagged),
        "review": (prompts.review_json, prompts.review_tagged),
    }
    as_json, tagged = forms.get(shape, (prompts.answer_json, prompts.answer_tagged))
    return as_json if dialect == "json" else tagged


def said(role: str, *texts: str) -> Turn:
    """A turn of text."""
    return Turn.model_validate({"role": role, "parts": [{"kind": "text", "text": text} for text in texts]})


def compose(prompts: Prompts, asks: Asks, item: Framed, shape: Shape, *follow_up: str) -> Compose:
    """Words an ask. `follow_up` is what was answered to the opening and what is asked now; empty for the first ask."""

    def worded(dialect: Dialect) -> Ask:
        turns = opening(prompts, item, dialect)
        if follow_up:
            answered, asked = follow_up
            texts = Text(text=asked), Text(text=form(prompts, shape, dialect).text)
            further = Turn(role="user", parts=(*closer(prompts, item), *texts))
            turns = (*turns, said("assistant", answered), further)
        return Ask(
            model=asks.model,
            turns=turns,
            shape=shape,
            dialect=dialect,
            classes=letters(item.classes) if item.task == "qa" else item.classes,
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


def spelt(truth: Truth, item: Framed) -> str:
    """Ground truth in words, for the guided reflection only."""
    if truth.choice in item.classes:
        return f"the right option is {letter(item.classes.index(truth.choice))}. {truth.choice}"
    if truth.normal is None:
        return "nothing is known of this clip"
    if truth.normal:
        return f"{NORMAL}, no anomaly"
    named = " and ".join(truth.labels) if truth.labels else "an anomaly of unknown kind"
    if item.task != "grounding":
        return named
    if truth.spans is None:
        return f"{named}, at an unknown time"
    return f"{named}, at " + " and ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in truth.spans)
