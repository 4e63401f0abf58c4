"""Slurm's sbatch for one machine: runs a job's tasks one after another, at once, with the variables that Slurm sets.

A job of servers (`serve`) goes on beside the others, until scancel. What became of each job lies in $STAND_IN. A job
whose name ends as $REFUSED says is refused.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

STATE = Path(os.environ["STAND_IN"])
APART = 100
"""Between the numbers of two jobs; those between are of their tasks."""


def sbatch(words: list[str]) -> int:
    script = next(index for index, word in enumerate(words) if not word.startswith("-"))
    options = {name: value for name, _, value in (word.partition("=") for word in words[:script])}
    if options["--job-name"].endswith(os.environ.get("REFUSED", "?")):
        sys.stderr.write("sbatch: error: Invalid qos specification\n")
        return 1
    job = APART * (1 + len(list(STATE.glob("*.json"))))
    spooled = STATE / f"{job}.sh"
    shutil.copyfile(words[script], spooled)
    kind, _, other = options.get("--dependency", "").partition(":")
    if other and not (STATE / f"{other}.json").exists():
        return 1
    told = json.loads((STATE / f"{other}.json").read_text()) if other else {}
    codes: list[int] = []
    pids: list[int] = []
    folder = Path(options["--chdir"])
    if kind != "afterok" or not any(told["codes"]):
        last = int(options["--array"].removeprefix("1-").partition("%")[0]) if "--array" in options else 0
        for index in range(1, last + 1) if last else (0,):
            own = {"SLURM_JOB_ID": str(job + index)}
            own |= {"SLURM_ARRAY_JOB_ID": str(job), "SLURM_ARRAY_TASK_ID": str(index)} if last else {}
            log = options["--output"].replace("%x", options["--job-name"]).replace("%j", own["SLURM_JOB_ID"])
            with (folder / log).open("wb") as written:
                task = subprocess.Popen(
                    ["bash", str(spooled), *words[script + 1 :]],
                    cwd=folder,
                    env=os.environ | own,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                )
            if words[script + 1] == "serve":
                pids.append(task.pid)
            else:
                codes.append(task.wait())
    state = {"name": options["--job-name"], "options": options, "codes": codes, "pids": pids}
    (STATE / f"{job}.json").write_text(json.dumps(state))
    sys.stdout.write(f"{job};cluster\n")
    return 0


def scancel(jobs: list[str]) -> int:
    for job in jobs:
        for pid in json.loads((STATE / f"{job}.json").read_text())["pids"]:
            os.kill(pid, signal.SIGTERM)
    return int(os.environ.get("SCANCEL", "0"))


if __name__ == "__main__":
    sys.exit(sbatch(sys.argv[2:]) if sys.argv[1] == "sbatch" else scancel(sys.argv[2:]))
