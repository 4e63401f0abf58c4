"""Rate: VAU-Eval's judge, who holds a text against a reference."""

from dataclasses import dataclass

from rocot.assets import RatingPrompts
from rocot.core.prompt import Ask, Prompt, Text, Turn
from rocot.core.rating import Rated, Told
from rocot.core.record import Json
from rocot.core.reply import Dialect, clean, parse_rating
from rocot.stages.asking import credit
from rocot.teacher.protocol import Asks


@dataclass(frozen=True)
class Rate:
    """Has a text rated by one who sees no frame and knows no name."""

    prompts: RatingPrompts
    judge: Asks
    name: str = "rate"
    output: type[Rated] = Rated

    @property
    def identity(self) -> Json:
        """The prompts that are used, and who answers how."""
        used = (self.prompts.vau_eval, self.prompts.rating_json, self.prompts.rating_tagged)
        return {"prompts": [prompt.digest for prompt in used], "teacher": self.judge.identity}

    def context(self, item: Told, /) -> Json:
        """Nothing besides both texts."""
        return None

    async def __call__(self, item: Told, /) -> Rated:
        ask, reply = await self.judge.ask(lambda dialect: self.ask(item, dialect), item, self.name, parse_rating)
        text = clean(reply.text)
        said = credit(ask, text, self.prompts.vau_eval, self._form(ask.dialect))
        return Rated(**dict(item), rating=parse_rating(text), rating_said=said)

    def ask(self, item: Told, dialect: Dialect) -> Ask:
        """The call about a text."""
        asked = self.prompts.vau_eval.fill(reference=item.reference, answer=item.answer)
        parts = (Text(text=asked), Text(text=self._form(dialect).text))
        return Ask(
            model=self.judge.model,
            turns=(Turn(role="user", parts=parts),),
            shape="rating",
            dialect=dialect,
            classes=(),
            sampling=self.judge.sampling,
        )

    def _form(self, dialect: Dialect) -> Prompt:
        return self.prompts.rating_json if dialect == "json" else self.prompts.rating_tagged
