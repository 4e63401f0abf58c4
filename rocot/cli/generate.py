"""`rocot generate`: run a recipe's flow over one split, then export it."""

import os
from typing import TYPE_CHECKING, Unpack

import click

from rocot.cli import options

if TYPE_CHECKING:
    from rocot.cli.ordering import Said


@click.command()
@options.recipe
@options.split
@options.run
@options.part
@options.limit
@options.allow_leaks
@click.option("--target-accepted", type=click.IntRange(1), metavar="N", help="Stop once N rows are kept for training.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), default=8, show_default=True, metavar="N", help="Samples in flight."
)
@click.option(
    "--decoders",
    type=click.IntRange(1, 256),
    default=os.cpu_count,
    show_default="one a core",
    metavar="N",
    help="Videos decoded at once.",
)
@click.option(
    "--decode-deadline",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=options.number,
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="For the frames of one clip.",
)
@click.option(
    "--decode-memory",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=options.number,
    default=4.0,
    show_default=True,
    metavar="GB",
    help="For one decoder.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=options.number,
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="For one attempt at a call, in all.",
)
@options.base_urls
@options.vllm
@click.option("--batch", is_flag=True, help="Send calls by OpenAI's Batch API: cheaper, and answered within a day.")
@click.option("--rpm", type=click.IntRange(1), metavar="N", help="Calls a minute to a model, at most.")
@click.option("--tpm", type=click.IntRange(1), metavar="N", help="Tokens a minute to a model, at most.")
@click.option(
    "--max-calls",
    type=click.IntRange(1),
    metavar="N",
    help="Calls in all runs of the folder, at most; failed ones too.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(0, 1e12, min_open=True),
    callback=options.number,
    metavar="MONEY",
    help="Of all calls in all runs of the folder, at most, by the prices given.",
)
@options.prices
@options.backup
@click.option(
    "--backup-every",
    type=click.FloatRange(0, 1e6, min_open=True),
    callback=options.number,
    default=10.0,
    show_default=True,
    metavar="MINUTES",
    help="Between two backups.",
)
@click.option("--log-json", is_flag=True, help="Tell progress and errors as JSON, one object a line (docs/cli.md).")
def command(**said: "Unpack[Said]") -> int:
    """Make a dataset: frames, reasoning, reflection, revision, judgement.

    Runs the recipe's flow over one split and writes the rows as Parquet shards into the run's folder. The same
    command again asks nothing that was answered: it does what is missing. Ctrl-C finishes what is in flight first.
    Many machines share a run by --part: each makes its share of the videos, and `rocot merge` unites them.

    \b
    Examples:
      rocot generate --split train
      rocot generate --recipe my.toml --split train --limit 20
      rocot generate --recipe my.toml --base-url http://localhost:8000/v1 \\
        --workers 64
      rocot generate --recipe my.toml --part 3/8
    """
    from rocot.cli.generating import generate
    from rocot.cli.ordering import order_of

    return generate(order_of(**said))
