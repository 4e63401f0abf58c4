"""Reason: the initial reasoning."""

from dataclasses import dataclass
from functools import partial

from rocot.assets import Prompts
from rocot.core.record import Json
from rocot.core.reflection import Framed, Reasoned
from rocot.core.reply import clean, parse_answer
from rocot.stages.asking import compose, credit, form, question
from rocot.teacher.protocol import Asks


@dataclass(frozen=True)
class Reason:
    """Asks the teacher for its first answer, from the frames alone."""

    prompts: Prompts
    teacher: Asks
    name: str = "reason"
    output: type[Reasoned] = Reasoned

    @property
    def identity(self) -> Json:
        """The prompts that are used, and who answers how."""
        used = (self.prompts.system, self.prompts.reason, self.prompts.answer_json, self.prompts.answer_tagged)
        return {"prompts": [prompt.digest for prompt in used], "teacher": self.teacher.identity}

    def context(self, item: Framed, /) -> Json:
        """Nothing besides the frames."""
        return None

    async def __call__(self, item: Framed, /) -> Reasoned:
        asking = compose(self.prompts, self.teacher, item, item.task)
        ask, reply = await self.teacher.ask(
            asking, item, self.name, partial(parse_answer, task=item.task, classes=item.classes)
        )
        text = clean(reply.text)
        templates = self.prompts.system, self.prompts.reason, form(self.prompts, item.task, ask.dialect)
        return Reasoned(
            **dict(item),
            question=question(self.prompts, item),
            initial=parse_answer(text, item.task, item.classes),
            initial_said=credit(ask, text, *templates),
        )
