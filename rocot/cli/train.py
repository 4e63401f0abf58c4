"""`rocot train`: a student from a release."""

from pathlib import Path

import click

from rocot.cli import options

recipe = click.option(
    "--recipe", default="tiny", show_default=True, metavar="FILE|NAME", help="A training recipe, or a shipped one."
)
split = click.option("--split", default="train", show_default=True, metavar="NAME", help="Which rows.")
out = click.option(
    "--out", type=options.FILE, metavar="DIR", help="The checkpoint.  [default: students/<release>-<recipe>-<kind>]"
)
resume = click.option("--resume", is_flag=True, help="Go on with a training that was interrupted.")
trackers = click.option(
    "--tracker",
    "trackers",
    multiple=True,
    metavar="NAME",
    help="Where else curves go: tensorboard, wandb, ..., as transformers has them; once for each.",
)


@click.group()
def command() -> None:
    """Train a student on a release: supervised, then by rewards.

    Needs the packages of training: pip install 'rocot[train]' (docs/train.md).

    \b
    Examples:
      rocot train sft runs/scenes --model tiny --out students/first
      rocot train grpo runs/scenes --model students/first --out students/second
      rocot train merge students/first --to students/merged
    """


@command.command()
@click.argument("release", type=options.FILE, required=False)
@click.option("--model", required=True, metavar="tiny|NAME|PATH", help="What is trained.")
@recipe
@split
@out
@resume
@options.videos
@options.allow_leaks
@trackers
@options.decoders
def sft(
    release: Path | None,
    model: str,
    recipe: str,
    split: str,
    out: Path | None,
    resume: bool,
    videos: tuple[str, ...],
    allow_leaks: str | None,
    trackers: tuple[str, ...],
    decoders: int | None,
) -> int:
    """Supervised fine-tuning on the config `sft`, or on a control.

    RELEASE is a run's folder or a release, or the name of one on the Hub (hub:org/name, hub:org/name@v1.0.0), which is
    fetched and checked; by default the newest run below runs/. Frames that the release does not
    hold are made again from your videos, as `rocot hydrate` does, in the folder `hydrated` beside it.

    Exit codes: 0 trained, 2 unusable input.
    """
    from rocot.cli.training import Order, train

    order = Order("sft", release, model, recipe, split, out, resume, videos, allow_leaks, trackers)
    return train(order, options.decoding(decoders))


@command.command()
@click.argument("release", type=options.FILE, required=False)
@click.option("--model", required=True, metavar="CHECKPOINT|NAME", help="What is trained: as a rule what sft made.")
@recipe
@split
@out
@resume
@options.videos
@options.allow_leaks
@trackers
@options.decoders
def grpo(
    release: Path | None,
    model: str,
    recipe: str,
    split: str,
    out: Path | None,
    resume: bool,
    videos: tuple[str, ...],
    allow_leaks: str | None,
    trackers: tuple[str, ...],
    decoders: int | None,
) -> int:
    """Reinforcement on the config `rft`, by rewards for both answers.

    As `sft`, but that the student answers, several times each, and learns from what its answers earn.

    Exit codes: 0 trained, 2 unusable input.
    """
    from rocot.cli.training import Order, train

    order = Order("grpo", release, model, recipe, split, out, resume, videos, allow_leaks, trackers)
    return train(order, options.decoding(decoders))


@command.command()
@click.argument("checkpoint", type=options.FILE)
@click.option("--to", type=options.FILE, required=True, metavar="DIR", help="Where the whole model goes.")
def merge(checkpoint: Path, to: Path) -> int:
    """Merge an adapter into its weights, as servers want them.

    Exit codes: 0 merged, 2 unusable input.
    """
    from rocot.cli.training import merged

    return merged(checkpoint, to)
