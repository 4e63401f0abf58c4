"""What `rocot merge` refuses, does and prints."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from rocot import __version__
from rocot.cli.differences import differences
from rocot.cli.holdings import Holding, Reader
from rocot.cli.options import RUNS
from rocot.cli.runs import is_run
from rocot.cli.screen import count, heading, next_steps, out, pasted, table
from rocot.core.part import Part
from rocot.core.withdrawal import Withdrawn
from rocot.engine.claims import held, living
from rocot.engine.disk import make_folder, refuse_network
from rocot.engine.merge import Whole, merge
from rocot.engine.merged import begun, merged_from, stands, untouched
from rocot.engine.reader import WORKERS, RecipeRow, StoreReader
from rocot.errors import ConfigError, RunError
from rocot.recipe import Recipe

LOCK = "merge"
"""Whoever merges into a folder holds it alone."""
TOLD = 5
"""Settings that differ, and parts that are missing, which are named."""


@dataclass(frozen=True)
class Order:
    """What is asked of one call of the command."""

    parts: Sequence[Path]
    out: Path
    unfinished: bool
    """Whether parts that are not done are taken as they are."""


def print_merged(order: Order) -> None:
    """Merges, and tells what the whole run holds. Raises ConfigError, StoreError; then nothing has changed."""
    refuse_network(order.out)  # first: parts take a while to read
    holdings = _read(order.parts)
    whole = _whole(holdings, _reference(holdings))
    told = [*_parts(holdings), *_recipes(holdings), *_listings(holdings, whole.listed)]
    told += [] if order.unfinished else _unfinished(holdings, whole.listed)
    if told:
        raise ConfigError.listing("rocot merge", told)
    make_folder(order.out)
    console = out()
    with held(order.out / WORKERS / LOCK, alone=True) as got:
        if not got:
            raise ConfigError(f"{order.out}: another process merges into it just now; wait until it has ended")
        whole = replace(whole, before=stands(order.out))  # first: what comes to it after this look is found out
        if _there(order.out, holdings):
            console.print(heading(f"{order.out} holds these {len(holdings)} parts already, as they are"))
        else:
            merge([holding.portion for holding in holdings], order.out, whole, f"rocot {__version__}")
            console.print(heading(f"{len(holdings)} parts united in {order.out}"))
    _print_whole(console, order, holdings, whole)


def _read(folders: Sequence[Path]) -> list[Holding]:
    """All parts, in the order of their numbers. Raises ConfigError for those that are none, all at once."""
    reader, faults, found = Reader(), [], []
    named: dict[str, list[Path]] = {}
    for folder in folders:
        named.setdefault(os.path.realpath(folder), []).append(folder)
    for same in named.values():
        if len(same) > 1:
            faults.append(f"{same[0]}: named {len(same)} times ({', '.join(map(str, same))}); name it once")
        try:
            found.append(reader.read(same[0]))
        except RunError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError.listing("rocot merge", faults)
    return sorted(found, key=lambda holding: (holding.part.number, str(holding.folder)))


def _reference(holdings: Sequence[Holding]) -> Holding:
    """The first of those whose fingerprint most have: what differs from it is told."""
    ((fingerprint, _),) = Counter(holding.recipe.fingerprint for holding in holdings).most_common(1)
    return next(holding for holding in holdings if holding.recipe.fingerprint == fingerprint)


def _parts(holdings: Sequence[Holding]) -> Iterator[str]:
    """What is wrong with which parts there are."""
    ((parts, _),) = Counter(holding.part.of for holding in holdings).most_common(1)
    by_number: dict[int, list[Holding]] = {}
    for holding in holdings:
        if holding.part.of != parts:
            yield f"{holding.folder}: it is {holding.part.words}, and the others are parts of {parts}; leave it out"
        else:
            by_number.setdefault(holding.part.number, []).append(holding)
        if holding.strangers:
            yield f"{holding.folder}: {holding.strangers[0]} is no clip of {holding.part.words}; it was tampered with"
        if holding.working:
            yield f"{holding.folder}: {holding.working} at work on it just now; merge when they are done"
        if holding.batches:
            yield f"{holding.folder}: answers are still to come by batch; `rocot generate --batch` collects them"
    for number, same in by_number.items():
        if len(same) > 1:
            yield f"part {number} of {parts} came {len(same)} times: {', '.join(str(one.folder) for one in same)}"
    missing = [number for number in range(1, parts + 1) if number not in by_number]
    if missing:
        named = ", ".join(map(str, missing[: 4 * TOLD])) + (", ..." if len(missing) > 4 * TOLD else "")
        lacking = "part" if len(missing) == 1 else f"{len(missing)} parts"
        yield f"{lacking} of {parts} missing: {named}"


def _recipes(holdings: Sequence[Holding]) -> Iterator[str]:
    """Which parts were made with another recipe, and what differs."""
    reference = _reference(holdings)
    for holding in holdings:
        found = list(differences(reference.recipe.recipe, holding.recipe.recipe))
        if found:
            more = f", and {len(found) - TOLD} more" if len(found) > TOLD else ""
            yield (
                f"{holding.name}: another recipe than {reference.name}: {'; '.join(found[:TOLD])}{more}; run `rocot"
                f" generate --part {holding.part}` again with the same recipe, which asks only what that touches"
            )
        elif holding.recipe.fingerprint != reference.recipe.fingerprint:
            yield (
                f"{holding.name}: the same recipe as {reference.name} with other prompts, or by another version of"
                " rocot; run `rocot generate --part` again with one of them, which asks only what that touches"
            )


def _listings(holdings: Sequence[Holding], splits: dict[str, bool]) -> Iterator[str]:
    """Which parts saw other videos than the rest."""
    for split in splits:
        seen = [(holding, holding.censuses[split]) for holding in holdings if split in holding.censuses]
        if not seen:
            continue
        ((digest, _),) = Counter(census.digest for _, census in seen).most_common(1)
        first, usual = next(pair for pair in seen if pair[1].digest == digest)
        for holding, census in seen:
            if census.digest != digest:
                yield (
                    f"{holding.name}: split {split}: it saw other videos ({census.videos:,}) than {first.name}"
                    f" ({usual.videos:,}); give all parts the same, and run it again"
                )
        own = sum(census.own for _, census in seen)
        alike = len(seen) == len(holdings) and all(census.digest == digest for _, census in seen)
        if alike and _each_once(holdings) and own != usual.videos:
            yield f"split {split}: the parts have {own:,} videos together, of {usual.videos:,}; please report this"


def _each_once(holdings: Sequence[Holding]) -> bool:
    """Whether all parts of one number are there and no other: a sum over others tells nothing."""
    return [holding.part for holding in holdings] == [
        Part(number=number, of=len(holdings)) for number in range(1, len(holdings) + 1)
    ]


def _unfinished(holdings: Sequence[Holding], splits: dict[str, bool]) -> Iterator[str]:
    """Which parts are not done."""
    for holding in holdings:
        again = f"go on with `rocot generate --part {holding.part}`, or take it as it is by --unfinished"
        for split in splits:
            if split not in holding.censuses:
                yield f"{holding.name}: split {split} was not listed to its end; {again}"
            elif holding.left.get(split):
                yield f"{holding.name}: split {split}: {holding.left[split]:,} samples to do; {again}"


def _whole(holdings: Sequence[Holding], reference: Holding) -> Whole:
    """The recipes of all parts, with all that was withdrawn from any; and whether every split is listed by all."""
    recipe = Recipe.model_validate_json(reference.recipe.recipe)
    more: dict[str, Withdrawn] = {}
    for holding in holdings:
        for one in Recipe.model_validate_json(holding.recipe.recipe).withdrawn:
            if one.id not in recipe.withdrawn_ids:
                more.setdefault(one.id, one)
    last = reference.recipe
    if more:
        changed = recipe.model_copy(update={"withdrawn": (*recipe.withdrawn, *more.values())})
        last = RecipeRow(last.fingerprint, changed.model_dump_json(), last.made)
    earlier = {
        (row.fingerprint, row.recipe): row
        for holding in holdings
        for row in holding.recipes
        if row.fingerprint != last.fingerprint
    }
    recipes = (*sorted(earlier.values(), key=lambda row: row.made), last)
    splits = sorted({split for holding in holdings for split in (*holding.clips, *holding.censuses)})
    return Whole(recipes, {split: all(split in holding.censuses for holding in holdings) for split in splits})


def _there(folder: Path, holdings: Sequence[Holding]) -> bool:
    """Whether a folder holds this very merge. Raises ConfigError where what it holds would be lost."""
    if not is_run(folder):
        return False
    with StoreReader(folder) as store:
        before, own = merged_from(store), untouched(store)
    states = {holding.part.number: holding.portion.state for holding in holdings}
    if before == states:
        return True
    if not before:
        raise ConfigError(f"{folder}: a run lies there that is no merge; name another folder")
    if {number: begun(state) for number, state in before.items()} != {n: begun(state) for n, state in states.items()}:
        raise ConfigError(f"{folder}: other parts were merged into it; name another folder")
    if not own or living(folder / WORKERS):
        raise ConfigError(
            f"{folder}: it was worked on since its parts were merged, and so were the parts; name another folder"
        )
    return False


def _print_whole(console: Console, order: Order, holdings: Sequence[Holding], whole: Whole) -> None:
    made = table("split", "videos", "clips", "to do")
    for split, listed in whole.listed.items():
        videos = sum(holding.censuses[split].own for holding in holdings if split in holding.censuses)
        clips = sum(holding.clips.get(split, 0) for holding in holdings)
        left = sum(holding.left.get(split, 0) for holding in holdings)
        made.add_row(split, count(videos) if listed else "?", count(clips) or "0", count(left))
    console.print()
    console.print(made)
    calls, failed = (sum(getattr(holding, name) for holding in holdings) for name in ("calls", "failed"))
    console.print(f"\n{calls:,} calls, {failed:,} of them failed")
    folder = pasted(order.out)
    run = "" if order.out.parent == RUNS else f" {folder}"
    steps = [(f"rocot export{run}", "write the release"), (f"rocot status{run}", "how all samples stand")]
    if not all(whole.listed.values()) or any(sum(holding.left.values()) for holding in holdings):
        steps.insert(0, (f"rocot generate --run {folder}", "with the parts' options: what is still to do"))
    next_steps(console, steps)
