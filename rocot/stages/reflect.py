"""Reflect: the self-reflection on the initial reasoning, after a closer look where the recipe wants one."""

from collections.abc import Callable
from dataclasses import dataclass

from rocot.assets import Prompts
from rocot.core.clip import Clip
from rocot.core.record import Json
from rocot.core.reflection import NOBODY, Reasoned, Reflected, Relooked
from rocot.core.reply import clean, parse_reflection
from rocot.sources.protocol import TruthOf
from rocot.stages.asking import closer_prompt, compose, credit, form, spelt
from rocot.stages.relook import Relook
from rocot.teacher.protocol import Asks


@dataclass(frozen=True)
class Reflect:
    """Has the first answer examined; blind, unless the recipe hands this one stage the truth."""

    prompts: Prompts
    reflector: Asks
    guide: TruthOf | None = None
    relook: Relook | None = None
    donor: Callable[[Clip], str] | None = None
    """In a control, whose truth `guide` tells; None where it is the clip's own."""
    name: str = "reflect"
    output: type[Reflected] = Reflected

    @property
    def identity(self) -> Json:
        """The prompts that are used, who answers how, whether it is guided, and whether it looks again."""
        asked = self.prompts.reflect if self.guide is None else self.prompts.guided
        used = (asked, self.prompts.reflection_json, self.prompts.reflection_tagged)
        identity: dict[str, Json] = {
            "prompts": [prompt.digest for prompt in used],
            "teacher": self.reflector.identity,
        }
        if self.donor is not None:
            identity["guide"] = "shuffled"
        if self.relook is not None:
            identity |= {"relook": self.relook.identity, "relook prompt": self.prompts.relook.digest}
        return identity

    def context(self, item: Clip, /) -> Json:
        """The truth, where the reflection is guided: a corrected label re-asks this one reflection."""
        if self.guide is None:
            return None
        truth = self.guide(item).model_dump(mode="json")
        return truth if self.donor is None else {"of": self.donor(item), "truth": truth}

    async def __call__(self, item: Reasoned, /) -> Reflected:
        template = self.prompts.reflect if self.guide is None else self.prompts.guided
        asked = template.text if self.guide is None else template.fill(truth=spelt(self.guide(item), item))
        looked = Relooked(**dict(item)) if self.relook is None else await self.relook(item)
        asking = compose(self.prompts, self.reflector, looked, "reflection", item.initial_said.text, asked)
        ask, reply = await self.reflector.ask(asking, looked, self.name, parse_reflection)
        text = clean(reply.text)
        templates = *closer_prompt(self.prompts, looked), template, form(self.prompts, "reflection", ask.dialect)
        return Reflected(
            **dict(looked),
            reflection=parse_reflection(text),
            reflection_said=credit(ask, text, *templates),
            handed="" if self.donor is None else self.donor(item) or NOBODY,
        )
