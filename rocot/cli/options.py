"""Options that several commands share, and what they stand for."""

import math
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rocot.errors import ConfigError

if TYPE_CHECKING:
    from rocot.core.part import Part
    from rocot.machine import Machine
    from rocot.prices import Prices
    from rocot.recipe import Recipe, Role

RUNS = Path("runs")
"""Where runs lie unless the user says otherwise, below the current folder."""

LONGEST_REASON = 500
"""Characters, as in the recipe."""


class _Named(click.Path):
    """A path that is named. An empty one, as of a variable that nobody set, would be the current folder."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("it is empty; name a path, and . for the current folder.", param, ctx)
        return super().convert(value, param, ctx)


FILE = _Named(path_type=Path)
"""Whether it exists is checked by what reads it, which can say what was perhaps meant."""

recipe = click.option(
    "--recipe", default="scenes", show_default=True, metavar="FILE|NAME", help="A recipe's TOML file, or a shipped one."
)
split = click.option("--split", default="train", show_default=True, metavar="NAME", help="Which videos.")
run = click.option("--run", "folder", type=FILE, metavar="FOLDER", help="The run's folder.  [default: runs/<release>]")
part = click.option(
    "--part", metavar="I/N", help="This share of the source videos alone, into FOLDER-part-I-of-N (docs/scale.md)."
)
prices = click.option("--prices", type=FILE, metavar="FILE", help="What tokens cost, as TOML (docs/recipe.md).")
base_urls = click.option(
    "--base-url",
    "base_urls",
    multiple=True,
    metavar="URL",
    help="Of an OpenAI-compatible server, as in http://localhost:8000/v1; once for each server of the model."
    " reflector=URL is asked for reflections alone, reviser=, checker= and teacher= likewise.",
)


def a_part(text: str | None) -> "Part | None":
    """The part that is meant; None where none is. Raises ConfigError."""
    from rocot.core.part import MOST, Part

    if text is None:
        return None
    try:
        return Part.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"--part: want I/N, as in 3/8 for the third of eight parts, I from 1 to N, N at most {MOST:,}"
            f" (got {text[:40]!r})"
        ) from error


def run_folder(recipe: "Recipe", folder: Path | None, part: "Part | None" = None) -> Path:
    """The folder of a run, or that of one of its parts, which lies beside it. Raises ConfigError where nothing does."""
    whole = folder or RUNS / recipe.release.name
    if part is None:
        return whole
    if whole.name in {"", ".."}:
        whole = Path(os.path.realpath(whole))
    if not whole.name:
        raise ConfigError(
            f"--run {folder}: a part lies beside its run's folder, and nothing does beside {whole}; name another folder"
        )
    return whole.with_name(whole.name + part.suffix)


backup = click.option(
    "--backup",
    metavar="URL",
    help="Keep the run's store there, and begin from what is kept: s3://..., hf://..., a path (docs/scale.md).",
)
allow_leaks = click.option(
    "--allow-leaks",
    metavar="REASON",
    help="Take videos of official test splits all the same; the reason stands in every row of theirs.",
)
limit = click.option(
    "--limit", type=click.IntRange(1, sys.maxsize), metavar="N", help="A pilot: the first N clips only."
)


def with_leaks(recipe: "Recipe", reason: str | None) -> "Recipe":
    """The recipe with the reason of the option in the place of its own. Raises ConfigError for an empty one."""
    if reason is None:
        return recipe
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise ConfigError(f"--allow-leaks: want a reason, in one line of at most {LONGEST_REASON} characters")
    return recipe.model_copy(update={"allow_leaks": reason.strip()})


def addresses(base_urls: Sequence[str]) -> "tuple[tuple[str, ...], dict[Role, tuple[str, ...]]]":
    """The base URLs that serve every role, and those of single roles, `reflector=http://...`. Raises ConfigError."""
    from rocot.recipe import ROLES
    from rocot.teacher.address import checked

    shared: list[str] = []
    own: dict[Role, tuple[str, ...]] = {}
    for said in base_urls:
        name, equals, url = said.partition("=")
        role = next((role for role in ROLES if role == name), None)
        if role is not None:
            own[role] = (*own.get(role, ()), checked(url))
        elif equals and "/" not in name:
            raise ConfigError(f"--base-url: {name[:40]!r} plays no part; {', '.join(ROLES[:-1])} and {ROLES[-1]} do")
        else:
            shared.append(checked(said))
    return tuple(shared), own


vllm = click.option(
    "--vllm",
    metavar="ARGUMENTS",
    help="Further arguments for the engine that vllm:<model> runs, as `vllm serve` takes them, in one text.",
)


def words(text: str | None) -> tuple[str, ...]:
    """The words of a text, as a shell reads them. Raises ConfigError."""
    try:
        return tuple(shlex.split(text or ""))
    except ValueError as error:
        raise ConfigError(f"--vllm: cannot be read as a shell would ({error})") from error


def number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """The value of an option. NaN lies in every range, as click compares."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no number.", ctx, param)
    return value


videos = click.option(
    "--videos",
    multiple=True,
    metavar="[SOURCE=]FOLDER",
    help="A folder or URL of videos, of all sources or of one; once for each.  [default: those of the run's recipe]",
)
start = click.option(
    "--start",
    type=click.FloatRange(0, 1e9),
    callback=number,
    default=0.0,
    metavar="SECONDS",
    help="From there on.  [default: the beginning]",
)
end = click.option(
    "--end",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=number,
    default=1e9,
    metavar="SECONDS",
    help="Up to there.  [default: the end]",
)
decoders = click.option(
    "--decoders", type=click.IntRange(1, 256), metavar="N", help="Videos decoded at once.  [default: one a core]"
)


def decoding(decoders: int | None) -> "Machine":
    """A machine that decodes and asks nobody. Raises ConfigError for a quota that is none."""
    from rocot.machine import Machine, default_cache

    chosen = {} if decoders is None else {"decoders": decoders}
    return Machine(run=Path(), cache=default_cache(), **chosen)


def price_table(path: Path | None) -> "Prices":
    """The user's prices; none where no file is named. Raises ConfigError."""
    from rocot.prices import Prices
    from rocot.toml_file import load

    return Prices() if path is None else load(path, Prices)
