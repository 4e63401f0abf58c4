"""What `rocot launch ray` does once its options are read."""

import time
from importlib.util import find_spec
from pathlib import Path

from rocot.cli.launching import finish
from rocot.cli.options import RUNS
from rocot.cli.screen import aside, lasting
from rocot.errors import ConfigError, RunError
from rocot.launch.job import Job


def spread(job: Job, folder: Path | None, address: str | None, retries: int) -> int:
    """Runs the parts on Ray and ends with the merge. Returns the exit code; raises RunError for parts that failed."""
    if find_spec("ray") is None:
        raise ConfigError("rocot launch ray needs Ray: pip install 'rocot[ray]'")
    from rocot.launch.ray_tasks import PartEnd, run_parts

    console, begun = aside(), time.monotonic()
    console.print(f"{job.name}: {job.parts} parts on Ray, kept at {job.backup}")

    def told(end: PartEnd) -> None:
        how = f"done in {lasting(end.seconds)} on {end.node}" if end.done else "failed"
        console.print(f"part {end.number} of {job.parts}: {how}, {lasting(time.monotonic() - begun)} in all")

    failed = [end for end in run_parts(job, address, retries, told) if not end.done]
    if failed:
        told_of = "\n".join(
            f"  part {end.number}: {'lost too often' if end.code is None else f'exit code {end.code}'}"
            f"\n    {end.words.replace(chr(10), chr(10) + '    ')}"
            for end in failed
        )
        raise RunError(
            f"{len(failed)} of {job.parts} parts failed, and nothing was merged; mend it and launch again: the other"
            f" parts ask nothing anew\n{told_of}"
        )
    return finish(job.parts, job.backup, folder or RUNS / job.name)
