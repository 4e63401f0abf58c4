"""`rocot launch`: one recipe on many machines."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from rocot.cli import options

F = TypeVar("F", bound=Callable[..., object])

out = click.option("--out", type=options.FILE, metavar="FILE", help="Where it is written.  [default: standard output]")
parts = click.option("--parts", type=click.IntRange(1, 100_000), required=True, metavar="N", help="Parts in all.")
backup = click.option(
    "--backup", required=True, metavar="URL", help="Below it the parts' stores are kept, and the release is put."
)
more = click.argument("more", nargs=-1, metavar="[-- OPTIONS OF GENERATE]")


def shared(command: F) -> F:
    """The options of every launcher."""
    for option in reversed(
        (
            options.recipe,
            options.split,
            parts,
            backup,
            click.option(
                "--at-once",
                type=click.IntRange(1),
                metavar="N",
                help="Parts that run at once, at most.  [default: all]",
            ),
            click.option(
                "--cpus", type=click.IntRange(1), default=4, show_default=True, metavar="N", help="Cores of each part."
            ),
            click.option("--serve", metavar="MODEL", help="Start vLLM servers of it, as rocot serve-command says."),
            click.option(
                "--servers",
                type=click.IntRange(1),
                default=1,
                show_default=True,
                metavar="N",
                help="With --serve: so many.",
            ),
            click.option(
                "--gpus",
                type=click.IntRange(1),
                metavar="N",
                help="Of each server, or of each part where the recipe names vllm:<model>.  [default: 1]",
            ),
            click.option(
                "--rocot",
                metavar="COMMAND",
                help="How rocot is called there.  [default: this Python's; rocot in a container]",
            ),
        )
    ):
        command = option(command)
    return command


@click.group()
def command() -> None:
    """Run a recipe in parts on many machines: Slurm, Kubernetes or Ray.

    Each part is `rocot generate --part I/N` with a backup of its store; the last step is `rocot launch finish`, which
    merges them and puts the release beside the backups. What follows -- goes to every part (docs/scale.md).

    \b
    Examples:
      rocot launch slurm --recipe my.toml --parts 16 \\
        --backup /shared/backups/mine --out mine.sh
      rocot launch k8s --recipe scenes --parts 8 --backup s3://lab/scenes \\
        --image lab/rocot:0.1 --out scenes.yaml
      rocot launch ray --recipe my.toml --parts 16 --backup s3://lab/mine -- \\
        --workers 32
    """


@command.command()
@shared
@click.option(
    "--work",
    type=options.FILE,
    metavar="FOLDER",
    help="A folder that all nodes see, for logs and addresses.  [default: this one]",
)
@click.option(
    "--sbatch",
    multiple=True,
    metavar="[parts=|servers=|merge=]OPTIONS",
    help="Options of sbatch in one text, for all jobs or those of one kind; as often as needed.",
)
@out
@more
def slurm(
    recipe: str,
    split: str,
    parts: int,
    backup: str,
    at_once: int | None,
    cpus: int,
    serve: str | None,
    servers: int,
    gpus: int | None,
    rocot: str | None,
    work: Path | None,
    sbatch: tuple[str, ...],
    out: Path | None,
    more: tuple[str, ...],
) -> int:
    """Print a Slurm job array; `bash FILE` submits it.

    The file submits the parts, servers beside them with --serve, and the merge, which starts once all parts are done.
    """
    from rocot.cli.launching import Wish, deliver, job_of, note_tasks, sbatch_of
    from rocot.launch.slurm import script

    wish = Wish(recipe, split, parts, backup, at_once, cpus, serve, servers, gpus, rocot, work, more)
    job = job_of(wish)
    deliver(script(job, sbatch_of(sbatch)), out)
    note_tasks(job)
    return 0


@command.command()
@shared
@click.option("--work", type=options.FILE, metavar="FOLDER", help="With --claim: where it is mounted.  [default: here]")
@click.option("--image", required=True, help="Of a container with rocot.")
@click.option("--server-image", default="", metavar="IMAGE", help="With --serve: of a container with vLLM.")
@click.option("--secret", default="", metavar="NAME", help="A Secret: its keys become variables, ROCOT_API_KEY say.")
@click.option("--claim", default="", metavar="NAME", help="A PersistentVolumeClaim with the recipe and its videos.")
@out
@more
def k8s(
    recipe: str,
    split: str,
    parts: int,
    backup: str,
    at_once: int | None,
    cpus: int,
    serve: str | None,
    servers: int,
    gpus: int | None,
    rocot: str | None,
    work: Path | None,
    image: str,
    server_image: str,
    secret: str,
    claim: str,
    out: Path | None,
    more: tuple[str, ...],
) -> int:
    """Print a Kubernetes manifest; its head says how to run it.

    The parts are an indexed Job, the merge a Job that waits to be released, servers a StatefulSet.
    """
    from rocot.cli.launching import Wish, deliver, job_of
    from rocot.launch.kubernetes import Cluster, manifest

    command = "rocot" if rocot is None else rocot
    wish = Wish(recipe, split, parts, backup, at_once, cpus, serve, servers, gpus, command, work, more)
    deliver(manifest(job_of(wish), Cluster(image, server_image, secret, claim)), out)
    return 0


@command.command()
@shared
@click.option("--run", "folder", metavar="FOLDER", help="Of the merge.  [default: runs/<release>]")
@click.option("--address", metavar="ADDRESS", help="Of the Ray cluster.  [default: RAY_ADDRESS, else one started here]")
@click.option(
    "--retries", type=click.IntRange(0), default=5, show_default=True, metavar="N", help="Of a part that was lost."
)
@more
def ray(
    recipe: str,
    split: str,
    parts: int,
    backup: str,
    at_once: int | None,
    cpus: int,
    serve: str | None,
    servers: int,
    gpus: int | None,
    rocot: str | None,
    folder: str | None,
    address: str | None,
    retries: int,
    more: tuple[str, ...],
) -> int:
    """Run the parts as Ray tasks, then merge them. Needs rocot[ray].

    A part whose worker is lost begins anew elsewhere, from its backup. Servers are actors with GPUs. Keys come from the
    environment in which Ray was started on each node.

    Exit codes: 0 done, 1 done without a usable row, 2 a part could not be made.
    """
    from rocot.cli.launching import Wish, job_of, run_of
    from rocot.cli.spreading import spread

    wish = Wish(recipe, split, parts, backup, at_once, cpus, serve, servers, gpus, rocot, None, more)
    return spread(job_of(wish), None if folder is None else run_of(folder), address, retries)


@command.command()
@parts
@backup
@click.option("--run", "folder", required=True, metavar="FOLDER", help="Where the merged run goes.")
def finish(parts: int, backup: str, folder: str) -> int:
    """Bring all parts here, merge them and put their release at the URL.

    Every launcher ends with it. The release is below the URL, in `release`.

    Exit codes: 0 done, 1 done without a usable row, 2 a part is missing or cannot be merged.
    """
    from rocot.cli.launching import finish, run_of

    return finish(parts, backup, run_of(folder))
