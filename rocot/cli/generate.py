"""`rocot generate`: run a recipe's flow over one split, then export it."""

import os
from pathlib import Path

import click

from rocot.cli import options


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
def command(
    recipe: str,
    split: str,
    folder: Path | None,
    part: str | None,
    limit: int | None,
    allow_leaks: str | None,
    target_accepted: int | None,
    workers: int,
    decoders: int,
    decode_deadline: float,
    decode_memory: float,
    deadline: float,
    base_urls: tuple[str, ...],
    vllm: str | None,
    batch: bool,
    rpm: int | None,
    tpm: int | None,
    max_calls: int | None,
    max_cost: float | None,
    prices: Path | None,
    backup: str | None,
    backup_every: float,
    log_json: bool,
) -> int:
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
    from rocot.cli.backing import Backup
    from rocot.cli.generating import Order, generate
    from rocot.machine import Machine, default_cache, key_from_environment, own_keys_from_environment
    from rocot.recipe_file import load_recipe

    chosen = options.with_leaks(load_recipe(recipe), allow_leaks)
    shared, own = options.addresses(base_urls)
    share = options.a_part(part)
    machine = Machine(
        run=options.run_folder(chosen, folder, share),
        part=share,
        cache=default_cache(),
        workers=workers,
        decoders=decoders,
        decode_deadline=decode_deadline,
        decode_memory=decode_memory,
        base_urls=shared,
        own_urls=own,
        api_key=key_from_environment(),
        own_keys=own_keys_from_environment(),
        vllm=options.words(vllm),
        deadline=deadline,
        rpm=rpm,
        tpm=tpm,
    )
    table = options.price_table(prices)
    kept = None if backup is None else Backup(backup, backup_every)
    order = Order(chosen, machine, split, table, limit, target_accepted, max_calls, max_cost, log_json, batch, kept)
    return generate(order)
