"""A teacher that answers from a list and remembers what it was asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from rocot.core.clip import Clip
from rocot.core.prompt import Ask, Sampling, Text
from rocot.core.record import Json
from rocot.core.reflection import About, Frame, Framed
from rocot.core.reply import Dialect
from rocot.core.truth import Truth
from rocot.teacher.protocol import Compose, Parse, Reply, Usage

ANSWER: dict[str, Json] = {
    "evidence": [{"start": 3.0, "end": 4.0, "observation": "Two men exchange blows."}],
    "reasoning": "Blows are exchanged, nobody plays.",
    "label": "Fighting",
    "spans": [{"start": 3.0, "end": 7.5}],
}
REFLECTION: dict[str, Json] = {
    "checks": [
        {"claim": "The fight starts at 3 s.", "finding": "They still talk.", "start": 3.0, "end": 4.0, "holds": False}
    ],
    "critique": "The first blow falls at 4 s.",
    "verdict": "revise",
}
REVISED: dict[str, Json] = ANSWER | {"spans": [{"start": 4.0, "end": 7.5}]}

CLIP = Clip(
    id="yard/one",
    source="yard",
    video="one",
    split="train",
    path="/somewhere/fighting-0001.mp4",
    mark="m",
    start=0,
    end=10,
    duration=10,
    classes=("Normal", "Fighting"),
)
FRAMED = Framed(
    **dict(CLIP),
    frames=tuple(Frame(time=time, digest=f"{time:.0f}" * 64, width=320, height=240) for time in (2.5, 7.5)),
    reader="av",
)


@dataclass
class Listed:
    """Answers in order; in the asked dialect, or the one it insists on."""

    replies: Sequence[Json]
    dialect: Dialect = "json"
    model: str = "listed"
    sampling: Sampling = field(default_factory=Sampling)
    asked: list[Ask] = field(default_factory=list)

    @property
    def identity(self) -> Json:
        return self.model

    async def ask(self, compose: Compose, item: About, stage: str, parse: Parse) -> tuple[Ask, Reply]:
        ask = compose(self.dialect)
        self.asked.append(ask)
        reply = self.replies[len(self.asked) - 1]
        text = reply if isinstance(reply, str) else json.dumps(reply)
        return ask, Reply(text=text, finish="stop", model=self.model, usage=Usage())


def spoken(ask: Ask) -> str:
    """An ask as a reader sees it: a frame stands as [frame <first digits of its digest>]."""
    lines: list[str] = []
    for turn in ask.turns:
        lines.append(f"== {turn.role}")
        lines += [part.text if isinstance(part, Text) else f"[frame {part.digest[:8]}]" for part in turn.parts]
    return "\n".join(lines) + "\n"


class Known:
    """Truth by clip id."""

    def __init__(self, **truths: Truth) -> None:
        self.truths = {key.replace("__", "/"): truth for key, truth in truths.items()}

    def __call__(self, clip: Clip) -> Truth:
        return self.truths[clip.id]
