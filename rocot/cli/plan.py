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
    ping: bool,
) -> None:
    r"""Tell what a run would do, ask and cost. Asks nothing.

    Prints the flow with its fingerprints, the clips of the split, the calls, and an estimate of tokens, bytes and
    cost; where the run exists, what of it is there and what a changed recipe would ask again. It reads the frames of
    the first clip (scenes are rendered first), and makes no call unless there is --ping.

    \b
    Examples:
      rocot plan
      rocot plan --recipe my.toml --prices prices.toml
      rocot plan --recipe my.toml --base-url http://localhost:8000/v1 --ping
    """
    from rocot.cli.planning import Outline, print_outline, print_ping
    from rocot.cli.runs import remembering_at
    from rocot.machine import Machine, default_cache, key_from_environment, own_keys_from_environment
    from rocot.recipe_file import load_recipe

    chosen = options.with_leaks(load_recipe(recipe), allow_leaks)
    shared, own = options.addresses(base_urls)
    machine = Machine(
        run=folder or options.RUNS / chosen.release.name,
        cache=default_cache(),
        base_urls=shared,
        own_urls=own,
        api_key=key_from_environment(),
        own_keys=own_keys_from_environment(),
        vllm=options.words(vllm),
    )
    outline = Outline(remembering_at(machine.run, chosen), machine, split, limit, batch)
    print_outline(outline, options.price_table(prices))
    if ping:
        print_ping(outline)
