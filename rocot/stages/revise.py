"""Revise: the revised reasoning."""

from dataclasses import dataclass
from functools import partial

from rocot.assets import Prompts
from rocot.core.record import Json
from rocot.core.reflection import Reflected, Revised
from rocot.core.reply import clean, parse_answer
from rocot.stages.asking import closer_prompt, compose, credit, form, told
from rocot.teacher.protocol import Asks


@dataclass(frozen=True)
class Revise:
    """Asks again with the reflection's findings, and with the frames of its closer look.

    It forks from the first answer: a guided prompt never reaches it.
    """

    prompts: Prompts
    reviser: Asks
    name: str = "revise"
    output: type[Revised] = Revised

    @property
    def identity(self) -> Json:
        """The prompts that are used, and who answers how."""
        used = (self.prompts.revise, self.prompts.answer_json, self.prompts.answer_tagged)
        return {"prompts": [prompt.digest for prompt in used], "teacher": self.reviser.identity}

    def context(self, item: Reflected, /) -> Json:
        """Nothing besides the reflection."""
        return None

    async def __call__(self, item: Reflected, /) -> Revised:
        asked = self.prompts.revise.fill(reflection=told(item.reflection))
        asking = compose(self.prompts, self.reviser, item, item.task, item.initial_said.text, asked)
        ask, reply = await self.reviser.ask(
            asking, item, self.name, partial(parse_answer, task=item.task, classes=item.classes)
        )
        text = clean(reply.text)
        templates = (
            *closer_prompt(self.prompts, item),
            self.prompts.revise,
            form(self.prompts, item.task, ask.dialect),
        )
        return Revised(
            **dict(item),
            revised=parse_answer(text, item.task, item.classes),
            revised_said=credit(ask, text, *templates),
        )
