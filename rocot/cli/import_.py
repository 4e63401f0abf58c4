"""`rocot import`: a dataset's official files become a manifest."""

from pathlib import Path

import click

from rocot.cli import options


@click.command()
@click.argument("dataset")
@click.option(
    "--annotations", type=options.FILE, required=True, metavar="DIR", help="Where the dataset's official files lie."
)
@click.option("--videos", type=options.FILE, metavar="DIR", help="Where its videos lie; they are measured.")
@click.option("--out", "path", type=options.FILE, metavar="FILE", help="The manifest.  [default: <dataset>.parquet]")
@click.option("--jsonl", is_flag=True, help="Write the records as JSON lines, too, beside the manifest.")
def command(dataset: str, annotations: Path, videos: Path | None, path: Path | None, jsonl: bool) -> int:
    """Read a dataset's official files into a manifest.

    It has one record a video: labels, spans in seconds, and every correction that was made. With --videos every video
    is found, measured and hashed (the results are kept, so the next import is quick); what is missing, extra or broken
    is told, and the manifest is made from the rest.

    \b
    Examples:
      rocot import ucf-crime --annotations UCF-Crime/
      rocot import xd-violence --annotations XD/ --videos XD/videos \\
        --out xd.parquet --jsonl
    """
    from rocot.cli.importing import Order, bring_in
    from rocot.sources.known.dataset import known

    about = known(dataset)
    return bring_in(Order(about, annotations, videos, path or Path(f"{about.name}.parquet"), jsonl))
