"""`rocot validate`: every row, held against what a row must be."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("path", type=options.FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def command(path: Path | None, as_json: bool) -> int:
    """Check every row of shards or of a run.

    PATH is a run's folder, a folder of shards, or one Parquet file, whoever wrote it; by default the newest run below
    runs/. Schema, spans, labels, scores, outcomes and the times that texts cite are held against one another, and files
    against their manifest. Of a manifest that `rocot import` wrote the texts are checked.

    Exit codes: 0 all rows are valid, 1 some are not, 2 some of the input cannot be used.

    \b
    Examples:
      rocot validate
      rocot validate downloads/train-00000-of-00001.parquet --json
    """
    from rocot.cli.validating import find_path, print_report
    from rocot.release.passages import is_manifest, validate_passages
    from rocot.release.validate import validate

    found = find_path(path)
    report = validate_passages(found) if is_manifest(found) else validate(found)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        print_report(report)
    return report.exit_code
