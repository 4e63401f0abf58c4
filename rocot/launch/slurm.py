"""A Slurm job array as one file: run by hand it submits itself, for the parts and for each job beside them."""

from dataclasses import dataclass

from rocot.launch.job import PATIENCE, Job, check_printable
from rocot.launch.sheets import filled

MOST_TASKS = 1000
"""The highest number of a task in an array, unless Slurm is told otherwise: its MaxArraySize, 1001, counts a task 0."""


@dataclass(frozen=True)
class Sbatch:
    """Further options of sbatch: account, partition, time and the like."""

    all: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    merge: tuple[str, ...] = ()


def script(job: Job, sbatch: Sbatch) -> str:
    """The file. Raises ConfigError for options that no line can hold."""
    check_printable({"--sbatch": (*sbatch.all, *sbatch.parts, *sbatch.servers, *sbatch.merge)})
    return filled("slurm.sh.jinja", job=job, sbatch=sbatch, patience=PATIENCE)
