"""`rocot plan`: what a run would do, ask and cost."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@options.recipe
@options.split
@options.run
@options.limit
@options.allow_leaks
@options.base_urls
@options.vllm
@click.option("--batch", is_flag=True, help="Price the calls as `generate --batch` makes them.")
@options.prices
@click.option("--parts", type=click.IntRange(1, 100_000), metavar="N", help="How evenly N parts share the work.")
@click.option(
    "--hours",
    type=click.FloatRange(0, 1e6, min_open=True),
    callback=options.number,
    metavar="H",
    help="Propose parts of which none takes longer.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(0, 1e12, min_open=True),
    callback=options.number,
    metavar="MONEY",
    help="Propose parts of which none costs more, by the prices given.",
)
@click.option(
    "--calls-per-minute",
    type=click.FloatRange(0, 1e9, min_open=True),
    callback=options.number,
    metavar="X",
    help="What one part makes.  [default: what the run's own calls have shown]",
)
@click.option("--ping", is_flag=True, help="One real call: the first question about the first clip, and its reply.")
def command(
    recipe: str,
    split: str,
    folder: Path | None,
    limit: int | None,
    allow_leaks: str | None,
    base_urls: tuple[str, ...],
    vllm: str | None,
    batch: bool,
    prices: Path | None,
    parts: int | None,
    hours: float | None,
    max_cost: float | None,
    calls_per_minute: float | None,
    ping: bool,
) -> None:
    """Tell what a run would do, ask and cost. Asks nothing.

    Prints the flow with its fingerprints, the clips of the split, the calls, and an estimate of tokens, bytes and
    cost; where the run exists, what of it is there and what a changed recipe would ask again. It reads the frames of
    the first clip (scenes are rendered first), and makes no call unless there is --ping. With --parts, --hours or
    --max-cost it tells how the run falls into parts (`rocot generate --part`).

    \b
    Examples:
      rocot plan
      rocot plan --recipe my.toml --prices prices.toml
      rocot plan --recipe my.toml --base-url http://localhost:8000/v1 --ping
      rocot plan --recipe my.toml --hours 12 --calls-per-minute 300
    """
    from rocot.cli.balancing import Balance
    from rocot.cli.planning import Outline, print_outline, print_ping
    from rocot.cli.runs import remembering_at
    from rocot.machine import Machine, default_cache, key_from_environment, own_keys_from_environment
    from rocot.recipe_file import load_recipe

    chosen = options.with_leaks(load_recipe(recipe), allow_leaks)
    shared, own = options.addresses(base_urls)
    machine = Machine(
        run=options.run_folder(chosen, folder),
        cache=default_cache(),
        base_urls=shared,
        own_urls=own,
        api_key=key_from_environment(),
        own_keys=own_keys_from_environment(),
        vllm=options.words(vllm),
    )
    outline = Outline(remembering_at(machine.run, chosen), machine, split, limit, batch)
    outline.balance = Balance(parts, hours, max_cost, calls_per_minute)
    print_outline(outline, options.price_table(prices))
    if ping:
        print_ping(outline)
