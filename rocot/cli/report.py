"""`rocot report`: a release in numbers, as a page."""

from pathlib import Path

import click

from rocot.cli import NO_ROWS, options


@click.command()
@click.argument("path", type=options.FILE, required=False)
@click.option("--out", type=options.FILE, metavar="FILE", help="The page.  [default: report.html in the run, or here]")
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON on standard output; no page.")
@click.option("--no-frames", is_flag=True, help="Leave frames out, for a page that is published.")
@options.prices
def command(path: Path | None, out: Path | None, as_json: bool, no_frames: bool, prices: Path | None) -> int:
    """Tell what reflection did in a release, as a page.

    How many answers it mended and broke, with 95 % intervals, overall and by source, class, length and split; where
    samples were left out; when anomalies were placed; how specific reflections are; what the calls took; examples of
    each outcome. The page is one HTML file that loads nothing. PATH is a run's folder, a release, a folder of shards
    or one Parquet file; by default the newest run below runs/. Only of a run are frames shown.

    Exit codes: 0 done, 1 there are no rows, or some do not fit the schema and stand in no number, 2 some of the input
    cannot be used.

    \b
    Examples:
      rocot report
      rocot report downloads/release --json
    """
    from rocot.cli.reporting import write_page
    from rocot.cli.validating import find_path
    from rocot.release.summarize import summarize

    place = find_path(path)
    gathered = summarize(place, options.price_table(prices))
    if as_json:
        click.echo(gathered.summary.model_dump_json(indent=2))
    else:
        write_page(gathered, place, out, frames=not no_frames)
    whole = gathered.summary.flips.rows and not gathered.summary.unreadable
    return 0 if whole else NO_ROWS
