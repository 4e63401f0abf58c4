"""What `rocot plan` looks up and prints."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from rich.console import Console

from rocot.cli.balancing import Balance, check, pace_of, print_balance
from rocot.cli.batching import access
from rocot.cli.checking import answerer, checks
from rocot.cli.closing import skipped_lines
from rocot.cli.runs import is_run
from rocot.cli.screen import aside, count, heading, lasting, money, out, short, size, table
from rocot.cli.split import check_split
from rocot.cli.surveying import Shares, Standing, Survey
from rocot.core.clip import Clip
from rocot.core.prompt import Text
from rocot.core.reflection import Framed, Judged
from rocot.core.reply import Dialect
from rocot.engine.parts import begin_part
from rocot.engine.reader import StoreReader
from rocot.engine.stage import Plan
from rocot.engine.store import Store
from rocot.errors import ConfigError, ItemError
from rocot.estimate import Call, Look, Wording, calls
from rocot.flow import reflection
from rocot.machine import Machine
from rocot.prices import WITHOUT_TOKENS, Prices, in_process
from rocot.recipe import Recipe, Role
from rocot.sources.protocol import Skipped
from rocot.sources.truths import Truths
from rocot.stages.asking import compose, form
from rocot.stages.reason import Reason
from rocot.stages.sample_frames import SampleFrames
from rocot.tools.described import described
from rocot.tools.listed import listing, shuffle
from rocot.tools.opened import opened
from rocot.tools.reading import sampler


@dataclass
class Outline:
    """A recipe's run as it would be."""

    recipe: Recipe
    machine: Machine
    split: str
    limit: int | None
    batch: bool = False
    """Whether the calls are priced as sent by batch."""
    skipped: list[Skipped] = field(default_factory=list)
    truths: Truths = field(default_factory=Truths)
    balance: Balance = field(default_factory=Balance)
    first: Clip | None = None
    """The first clip, once it has been listed."""

    def listed(self) -> Iterator[Clip]:
        """The clips of the split; looking them up opens every video. Raises ConfigError."""
        check_split(self.recipe, self.split)

        def rendered(done: int, missing: int) -> None:
            if done == 1:
                aside().print(f"rendering {missing} scenes into {self.machine.cache}")

        found = listing(self.recipe, self.machine, self.split, self.truths, self.skipped.append, rendered)
        for clip in islice(found, self.limit):
            self.first = self.first or clip
            yield clip

    @cached_property
    def plan(self) -> Plan[Judged]:
        """The flow, which is not run."""
        shuffled = shuffle(self.recipe, self.machine, self.split)
        return reflection(self.recipe, (), described(self.recipe, self.truths, shuffled))

    @cached_property
    def framed(self) -> Framed:
        """The first clip with its frames. Raises ConfigError where they cannot be read."""
        first = self.first
        if first is None:
            raise ConfigError(f"split {self.split} has no clips")

        async def sampled(clip: Clip) -> Framed:
            with sampler(self.recipe.frames, self.machine) as frames:
                return await SampleFrames(self.recipe.frames, frames)(clip)

        try:
            return asyncio.run(sampled(first))
        except ItemError as error:
            raise ConfigError(f"{first.id}: the first clip's frames cannot be read ({error})") from error

    def calls(self) -> Sequence[Call]:
        """What each of the asks takes, by the size of the first clip's frames. Raises ConfigError."""
        seen, tools, recipe = self.framed, described(self.recipe), self.recipe
        said: dict[Role, Dialect] = {
            role: "json" if who.speaks == "auto" else who.speaks for role, who in recipe.asked.items()
        }
        asked = compose(tools.prompts, tools.teacher, seen, seen.task)(said["teacher"])
        opening = sum(len(part.text) for turn in asked.turns for part in turn.parts if isinstance(part, Text))
        examine = tools.prompts.guided if recipe.teacher.guided else tools.prompts.reflect
        closer = len(tools.prompts.relook.text) if recipe.frames.relook else 0
        look = self._look()
        three = calls(
            look,
            Wording(
                opening=opening,
                reflect=closer + len(examine.text + form(tools.prompts, "reflection", said["reflector"]).text),
                revise=closer + len(tools.prompts.revise.text + form(tools.prompts, seen.task, said["reviser"]).text),
            ),
            *(answerer(recipe.asked[role]) for role in ("teacher", "reflector", "reviser")),
        )
        return *three, *checks(recipe, tools.prompts, seen, look)

    def _look(self) -> Look:
        seen = self.framed.frames
        first, relook = seen[0], self.recipe.frames.relook
        return Look(frames=len(seen), width=first.width, height=first.height, octets=self._octets(), relook=relook)

    def _octets(self) -> int:
        async def loaded() -> int:
            with sampler(self.recipe.frames, self.machine) as frames:
                return sum(map(len, (await frames.load(self.framed)).values()))

        return asyncio.run(loaded())


ASKED: Mapping[str, Role] = {
    "reason": "teacher",
    "reflect": "reflector",
    "revise": "reviser",
    "reanswer": "checker",
    "counterfactual": "checker",
    "critic": "checker",
}
"""Which role each of the asking stages is."""


def print_outline(outline: Outline, prices: Prices) -> None:
    """The flow, the clips, the calls, the estimate, the parts. Raises ConfigError."""
    console = out()
    flow = str(outline.plan)  # first: a prompt that cannot be read is told before any scene is rendered
    recipe, run = outline.recipe, outline.machine.run
    pace = pace_of(outline.balance, run) if outline.balance.wanted else None
    priced = _priced(outline, prices)
    check(outline.balance, pace, priced=priced, run=run)
    console.print(heading(f"{recipe.release.name} {recipe.release.version}, split {outline.split}"))
    console.print()
    console.print(flow)
    console.print()
    survey = _survey(outline, prices)
    footage, videos = lasting(survey.footage), len(survey.shares)
    console.print(f"{survey.clips:,} clips of {videos:,} videos, {footage} of footage")
    _print_truth(console, survey, recipe)
    skipped_lines(console, outline.skipped)
    if not survey.clips:
        return
    _print_calls(console, outline, survey.standing, prices)
    if outline.balance.wanted:
        print_balance(
            console, survey.shares, outline.balance, pace, prices.currency if priced and prices.model else None
        )


def _survey(outline: Outline, prices: Prices) -> Survey:
    """Goes over all clips once. The first one's frames are read behind them: that ends the decoders, which list too."""
    steps, run = tuple(outline.plan), outline.machine.run
    survey = Survey(Shares(step.stage.name for step in steps if step.stage.name in ASKED))
    with StoreReader(run) if is_run(run) else nullcontext() as store:
        for clip in outline.listed():
            depth = outline.truths(clip).graded_on(located=clip.task == "grounding")
            survey.add(clip, depth, survey.standing.add(store, steps, clip))
    if survey.clips and outline.balance.wanted:
        survey.shares.price(_units(outline, prices))
    return survey


def _units(outline: Outline, prices: Prices) -> dict[str, float]:
    """What one call costs at most, by the stages that ask."""
    recipe, units = outline.recipe, {}
    for call in outline.calls():
        model = recipe.asked[ASKED[call.stage]].model
        batch = outline.batch and not in_process(model)
        cost = prices.cost(model, prompt=call.prompt, cached=0, completion=call.reply, batch=batch)
        units[call.stage] = 0.0 if model in WITHOUT_TOKENS else cost or 0.0
    return units


def _priced(outline: Outline, prices: Prices) -> bool:
    asked = {who.model for who in outline.recipe.asked.values()}
    return all(prices.cost(model, prompt=0, cached=0, completion=0) is not None for model in asked)


def _print_truth(console: Console, survey: Survey, recipe: Recipe) -> None:
    """How deep the truth of the clips goes. What has none is graded on nothing, and never kept for training."""
    depths = survey.depths
    if depths:
        known = ", ".join(f"{number:,} {depth}" for depth, number in depths.most_common() if depth != "none")
        console.print(f"known of the clips: {known or 'nothing'}")
    if depths["none"]:
        localised = "they are parts of an abnormal video that nobody localised (windows.length could take it whole)"
        why = "which option is right" if recipe.task.kind == "qa" else localised
        console.print(
            f"{depths['none']:,} clips have no truth to grade on, and will not be kept: nobody said what is in them,"
            f" or {why}"
        )


def _print_calls(console: Console, outline: Outline, standing: Standing, prices: Prices) -> None:
    estimates = {call.stage: call for call in outline.calls()}
    recipe, first = outline.recipe, outline.framed.frames[0]
    asked_of = {stage: recipe.asked[role].name for stage, role in ASKED.items() if role in recipe.asked}
    console.print(f"{len(outline.framed.frames)} frames a clip, {first.width} x {first.height} in the first")
    console.print()
    made = table("stage", "there", "to do", "prompt", "repeated", "reply", "sent")
    low = high = 0.0
    priced = True
    for name in standing.missing:
        number, call = standing.missing[name], estimates.get(name)
        cells = [count(standing.there[name]), count(number)]
        if call is not None and asked_of[name] not in WITHOUT_TOKENS:
            cells += [short(number * part) for part in (call.prompt, call.repeated, call.reply)]
            cells += [size(number * call.octets)]
            least, most = (
                prices.cost(
                    asked_of[name],
                    prompt=number * call.prompt,
                    cached=number * cached,
                    completion=number * call.reply,
                    batch=outline.batch and not in_process(asked_of[name]),
                )
                for cached in (call.repeated, 0)
            )
            priced = priced and least is not None and most is not None
            low, high = low + (least or 0), high + (most or 0)
        made.add_row(name, *cells)
    console.print(made)
    console.print()
    if all(model in WITHOUT_TOKENS for model in asked_of.values()):
        console.print("The teacher runs in this process: no tokens, no cost.")
        return
    console.print("Prompt, repeated, reply and sent are estimates, in tokens and bytes (docs/cli.md has the rules).")
    if not high and all(map(in_process, asked_of.values())):
        console.print("The teacher runs in this process: no cost.")
    elif priced:
        console.print(
            f"Cost, estimated: {money(low)} {prices.currency} with a prefix cache that serves what is repeated,"
            f" {money(high)} without."
        )
    else:
        console.print("Cost: the model has no price; --prices names a table (docs/recipe.md).")


def print_ping(outline: Outline) -> None:
    """Asks the first question about the first clip; the reply is kept in the run, so that it is paid once.

    Raises ServiceError, ConfigError.
    """
    console = out()

    async def asked() -> None:
        run = outline.machine.run
        with Store(run) as store, access(run, store, batch=False):
            await begin_part(store, outline.machine.part)
            async with opened(outline.recipe, outline.machine, store, outline.truths) as tools:
                reason = Reason(tools.prompts, tools.teacher)
                try:
                    answered = await reason(outline.framed)
                except ItemError as error:
                    raise ConfigError(f"{outline.framed.id}: no usable reply ({error})") from error
                console.print()
                console.print(heading(f"{tools.teacher.model} on {answered.id}"))
                console.print(answered.initial_said.text)
                spent = store.spent
                asked_now = (
                    f"{spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens" if spent.attempts else "stored"
                )
                spans = (f"{span.start:.2f}-{span.end:.2f} s" for span in answered.initial.spans or ())
                where = "" if answered.initial.spans is None else f", {', '.join(spans) or 'no span'}"
                console.print(f"\nRead as: {answered.initial.label}{where} ({asked_now})", markup=False)

    asyncio.run(asked())
