"""Critic: whether the errors that the reflection names are really there."""

from dataclasses import dataclass

from rocot.assets import Prompts
from rocot.core.answer import Answer, Reflection
from rocot.core.prompt import Ask, Part, Prompt, Text, Turn
from rocot.core.record import Json
from rocot.core.reflection import Criticised, Frame, Framed, Reviewed, Revised
from rocot.core.reply import Dialect, clean, parse_review
from rocot.stages.asking import credit, form, looked, said, told
from rocot.teacher.protocol import Asks


class Unseen(Framed):
    """A clip that an ask tells of in words alone."""

    @property
    def shown(self) -> tuple[Frame, ...]:
        """None of its frames."""
        return ()


@dataclass(frozen=True)
class Critic:
    """Has the reflection judged by one who reads question, first answer and reflection, and sees the frames or not."""

    prompts: Prompts
    checker: Asks
    seeing: bool = False
    name: str = "critic"
    output: type[Criticised] = Criticised

    @property
    def identity(self) -> Json:
        """The prompts that are used, and who answers how."""
        used = (*self._templates, self.prompts.review_json, self.prompts.review_tagged)
        return {"prompts": [prompt.digest for prompt in used], "teacher": self.checker.identity}

    @property
    def _templates(self) -> tuple[Prompt, ...]:
        seen = (self.prompts.system, self.prompts.critic_frames) if self.seeing else ()
        return *seen, self.prompts.critic

    def context(self, item: Revised, /) -> Json:
        """Nothing besides the reflection."""
        return None

    async def __call__(self, item: Revised, /) -> Criticised:
        if not _names_an_error(item.reflection):
            return Criticised(**dict(item), critic=Reviewed(unchecked="no error named"))
        about = item if self.seeing else Unseen(**{name: getattr(item, name) for name in Framed.model_fields})
        ask, reply = await self.checker.ask(lambda dialect: self._ask(item, dialect), about, self.name, parse_review)
        text = clean(reply.text)
        review = Reviewed(
            review=parse_review(text),
            said=credit(ask, text, *self._templates, form(self.prompts, "review", ask.dialect)),
        )
        return Criticised(**dict(item), critic=review)

    def _ask(self, item: Revised, dialect: Dialect) -> Ask:
        asked = self.prompts.critic.fill(
            question=item.question, answer=spelt(item.initial), reflection=told(item.reflection)
        )
        parts: tuple[Part, ...] = (Text(text=asked), Text(text=form(self.prompts, "review", dialect).text))
        turns: tuple[Turn, ...] = ()
        if self.seeing:
            turns = (said("system", self.prompts.system.text),)
            before = Text(text=self.prompts.critic_frames.fill(count=str(len(item.shown))))
            parts = *looked(item.shown), before, *parts
        return Ask(
            model=self.checker.model,
            turns=(*turns, Turn(role="user", parts=parts)),
            shape="review",
            dialect=dialect,
            classes=item.classes,
            sampling=self.checker.sampling,
            rollout=item.rollout,
        )


def _names_an_error(reflection: Reflection) -> bool:
    return reflection.verdict == "revise" or any(not check.holds for check in reflection.checks)


def spelt(answer: Answer) -> str:
    """An answer in words, without the form that its teacher gave it."""
    seen = [f"- {part.start:.2f}-{part.end:.2f} s: {part.observation}" for part in answer.evidence]
    told = [] if answer.description is None else [answer.description]
    spans = " and ".join(f"{span.start:.2f}-{span.end:.2f} s" for span in answer.spans or ()) or "none"
    where = "" if answer.spans is None else f" Spans: {spans}."
    return "\n".join([*seen, *told, answer.reasoning, f"Answer: {answer.label}.{where}"])
