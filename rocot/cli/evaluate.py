"""`rocot evaluate`: answers held against a benchmark."""

from pathlib import Path

import click

from rocot.cli import NO_ROWS, options


@click.command()
@click.option(
    "--predictions",
    type=options.FILE,
    required=True,
    metavar="FILE",
    help="JSON lines, a prediction a line (docs/evaluate.md); or a run, a release or its Parquet.",
)
@click.option(
    "--on",
    "benchmark",
    required=True,
    metavar="BENCHMARK",
    help="vau-bench/ucf-crime, vau-bench/msad, vau-bench/ecva, ucf-crime, xd-violence, msad, shanghaitech or"
    " release:SPLIT.",
)
@click.option("--annotations", type=options.FILE, metavar="DIR", help="The folder of the dataset's official files.")
@click.option("--manifest", type=options.FILE, metavar="FILE", help="Instead: what `rocot import` made of them.")
@click.option(
    "--release",
    type=options.FILE,
    metavar="PATH",
    help="For release:SPLIT, the run or release.  [default: that of --predictions]",
)
@click.option("--plot", type=options.FILE, metavar="FILE", help="Draw the result, as .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(
    predictions: Path,
    benchmark: str,
    annotations: Path | None,
    manifest: Path | None,
    release: Path | None,
    plot: Path | None,
    as_json: bool,
) -> int:
    r"""Hold answers against the truth of a benchmark.

    When it happened (mIoU, R@0.3, R@0.5, R@0.7 over interval sets; VAU-R1's own protocol beside it), which option of a
    question (beside blind baselines), what it was, at which frames (ROC-AUC or average precision), and what reflection
    did where there are first answers. Each with a 95 % interval over source videos, beside what others reported. A
    missing prediction counts as wrong. Nothing is asked and no video is opened.

    Exit codes: 0 done, 1 no prediction belongs to a case, 2 some of the input cannot be used.

    \b
    Examples:
      rocot evaluate --predictions mine.jsonl --on vau-bench/msad --annotations VAU-Bench/
      rocot evaluate --predictions mine.jsonl --on ucf-crime --manifest ucf-crime.parquet --plot mine.png
      rocot evaluate --predictions runs/scenes --on release:train --json
    """
    from rocot.cli.evaluating import Order, measure, print_result

    result = measure(Order(predictions, benchmark, annotations, manifest, release))
    if plot is not None:
        from rocot.evaluate.plot import draw

        draw(result, plot)
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        print_result(result)
    return NO_ROWS if result.missing == result.cases else 0
