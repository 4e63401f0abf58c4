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


class Wording(Record):
    """Characters of the texts that are sent."""

    opening: int
    """System, times of the frames, question: what all three asks begin with."""
    reflect: int
    revise: int


class Call(Record):
    """One ask of the three, for one sample."""

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


def calls(look: Look, wording: Wording, *, longest: int, one_model: bool) -> tuple[Call, Call, Call]:
    """The three asks of one sample. `longest` is the most tokens of a reply; `one_model`: who answers reflects."""
    reply = min(REPLY, longest)
    opening = look.frames * image_tokens(look.width, look.height) + _text(wording.opening)
    reflect = opening + reply + _text(wording.reflect)
    revise = opening + 2 * reply + _text(wording.revise)
    sent = ceil(look.octets * 4 / 3)

    def call(stage: str, prompt: int, repeated: int) -> Call:
        texts = CHARACTERS_A_TOKEN * (prompt - look.frames * image_tokens(look.width, look.height))
        return Call(stage=stage, prompt=prompt, repeated=repeated, reply=reply, octets=sent + texts)

    return (
        call("reason", opening, 0),
        call("reflect", reflect, opening if one_model else 0),
        call("revise", revise, opening + reply if one_model else opening),
    )


def _text(characters: int) -> int:
    return ceil(characters / CHARACTERS_A_TOKEN)
