"""Options that several commands share, and how a recipe and a run are found."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., object]], Callable[..., object]]

FILE = click.Path(path_type=Path)
"""Existence is checked by what reads it, which can say what was perhaps meant."""

recipe = click.option(
    "--recipe", default="scenes", show_default=True, metavar="FILE|NAME", help="A recipe's TOML file, or a shipped one."
)
run = click.option("--run", "folder", type=FILE, help="The run's folder.  [default: runs/<release>]")
prices = click.option("--prices", type=FILE, metavar="FILE", help="What tokens cost, as TOML (docs/recipe.md).")
base_url = click.option(
    "--base-url", metavar="URL", help="Of an OpenAI-compatible server, e.g. http://localhost:8000/v1."
)
