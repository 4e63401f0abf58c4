"""`rocot sources`: the datasets that rocot knows."""

import click


@click.command()
@click.argument("dataset", required=False)
def command(dataset: str | None) -> None:
    """List the datasets that rocot can import, or tell all about one.

    \b
    Examples:
      rocot sources
      rocot sources ucf-crime
    """
    from rocot.cli.knowing import print_all, print_one
    from rocot.sources.known.dataset import known, shipped

    if dataset is None:
        print_all([known(name) for name in shipped()])
    else:
        print_one(known(dataset))
