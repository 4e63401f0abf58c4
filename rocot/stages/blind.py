"""A blind look: a fresh ask about some frames of a clip, in words that tell nothing of what was said, or left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rocot.assets import Prompts
from rocot.core.checks import Unchecked
from rocot.core.prompt import Ask, Text, Turn
from rocot.core.record import Json
from rocot.core.reflection import Frame, Framed, Looked
from rocot.core.reply import Dialect, clean, parse_opinion
from rocot.stages.asking import credit, form, looked, said
from rocot.teacher.protocol import Asks


@dataclass(frozen=True)
class Blind:
    """Has frames judged by one who is told nothing else. A part of the stages that choose them."""

    prompts: Prompts
    checker: Asks

    @property
    def identity(self) -> dict[str, Json]:
        """The prompts that are used, and who answers how."""
        used = (self.prompts.system, self.prompts.blind, self.prompts.opinion_json, self.prompts.opinion_tagged)
        return {"prompts": [prompt.digest for prompt in used], "teacher": self.checker.identity}

    async def __call__(self, item: Framed, frames: Sequence[Frame], stage: str, otherwise: Unchecked) -> Looked:
        """What the checker makes of these frames of a clip; without any nobody is asked, and `otherwise` says why.

        Raises TeacherError, ServiceError, ReplyError.
        """
        if not frames:
            return Looked(unchecked=otherwise)
        alone = _alone(item, frames)
        parse = partial(parse_opinion, classes=item.classes)
        ask, reply = await self.checker.ask(lambda dialect: self.worded(alone, dialect), alone, stage, parse)
        text = clean(reply.text)
        templates = self.prompts.system, self.prompts.blind, form(self.prompts, "opinion", ask.dialect)
        return Looked(frames=alone.frames, opinion=parse(text), said=credit(ask, text, *templates))

    def worded(self, item: Framed, dialect: Dialect) -> Ask:
        """The ask about an item's frames. Those of a whole clip begin as its first ask does."""
        asked = self.prompts.blind.fill(count=str(len(item.frames)), classes=", ".join(item.classes))
        parts = *looked(item.frames), Text(text=asked), Text(text=form(self.prompts, "opinion", dialect).text)
        return Ask(
            model=self.checker.model,
            turns=(said("system", self.prompts.system.text), Turn(role="user", parts=parts)),
            shape="opinion",
            dialect=dialect,
            classes=item.classes,
            sampling=self.checker.sampling,
            rollout=item.rollout,
        )


def _alone(item: Framed, frames: Sequence[Frame]) -> Framed:
    """The clip with these frames and nothing else that is known of it: an ask that is made from it cannot tell more."""
    kept = {name: getattr(item, name) for name in Framed.model_fields}
    return Framed(**kept | {"frames": tuple(frames), "lost": ()})
