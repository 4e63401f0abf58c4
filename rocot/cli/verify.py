"""`rocot verify`: every byte, held against what was written."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("path", metavar="[DIR|NAME]", type=options.FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(path: Path | None, as_json: bool) -> int:
    """Check that a release is, byte for byte, what was written.

    DIR is a run's folder or a release; by default the newest run below runs/. NAME is a dataset on the Hub, org/name or
    org/name@tag, of which every file is fetched anew and none is kept. Bytes, sha256, rows, columns and the checksums
    of all pages are held against the release's manifest, and files that it does not list are told. What rows say is for
    `rocot validate`.

    Exit codes: 0 all is as it was written, 1 something is not, 2 it cannot be told.

    \b
    Examples:
      rocot verify
      rocot verify runs/scenes/release --json
      rocot verify lab/car-park@v1.0.0
    """
    from rocot.cli.verifying import print_verification, verified

    found = verified(path)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        print_verification(found)
    return found.exit_code
