"""What asking will take, before anything is asked: tokens and bytes, by rules of thumb that are written down here."""

from math import ceil

from rocot.core.record import Record

CHARACTERS_A_TOKEN = 4
"""English text under the tokenizers of today's large models, about."""
PATCH = 28
"""Pixels on a side that become one token in Qwen2-VL and its kin; others are within a factor of two of it."""
REPLY = 400
"""Tokens of a reply: an answer with its evidence, or a reflection with its checks. Measured replies replace it."""


class Look(Record):
    """What one clip is seen as; taken from a clip whose frames were really read."""

    frames: int
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    octets: int
    """Bytes of all its JPEGs."""
    relook: int = 0
    """Frames that reflection and revision see besides; counted as if every first answer named a span."""


class Wording(Record):
    """Characters of the texts that are sent."""

    opening: int
    """System, times of the frames, question: what all three asks begin with."""
    reflect: int
    revise: int


class Call(Record):
    """One ask, for one sample."""

    stage: str
    prompt: int
    """Tokens sent."""
    repeated: int
    """Of these, tokens that an earlier ask of the same sample has sent: a prefix cache serves them."""
    reply: int
    """Tokens of the reply."""
    octets: int
    """Bytes sent: base64 makes four of three."""


def image_tokens(width: int, height: int) -> int:
    """ceil(width / 28) * ceil(height / 28), pixels."""
    return ceil(width / PATCH) * ceil(height / PATCH)


class Answerer(Record):
    """Who is asked."""

    model: str
    longest: int
    """Tokens of a reply, at most."""


def calls(
    look: Look, wording: Wording, teacher: Answerer, reflector: Answerer, reviser: Answerer
) -> tuple[Call, Call, Call]:
    """The three asks of one sample. What a prefix cache knows it knows of the same model alone."""
    first, found, last = (min(REPLY, who.longest) for who in (teacher, reflector, reviser))
    image = image_tokens(look.width, look.height)
    opening, closer = look.frames * image + _text(wording.opening), look.relook * image
    reflect = opening + first + closer + _text(wording.reflect)
    revise = opening + first + found + closer + _text(wording.revise)
    again = opening if reviser.model == teacher.model else 0
    if reviser.model == reflector.model:
        again = opening + first + closer

    def call(stage: str, frames: int, prompt: int, repeated: int, reply: int) -> Call:
        sent = ceil(look.octets * frames / look.frames * 4 / 3)
        texts = CHARACTERS_A_TOKEN * (prompt - frames * image)
        return Call(stage=stage, prompt=prompt, repeated=repeated, reply=reply, octets=sent + texts)

    both = look.frames + look.relook
    return (
        call("reason", look.frames, opening, 0, first),
        call("reflect", both, reflect, opening if reflector.model == teacher.model else 0, found),
        call("revise", both, revise, again, last),
    )


def lone(stage: str, look: Look, who: Answerer, *, frames: int, characters: int) -> Call:
    """An ask that follows on from no other: so many frames, and so many characters of text."""
    images = frames * image_tokens(look.width, look.height)
    words = _text(characters)
    sent = ceil(look.octets * frames / look.frames * 4 / 3) + CHARACTERS_A_TOKEN * words
    return Call(stage=stage, prompt=images + words, repeated=0, reply=min(REPLY, who.longest), octets=sent)


def _text(characters: int) -> int:
    return ceil(characters / CHARACTERS_A_TOKEN)
