import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.errors import ConfigError
from rocot.launch.job import Served
from rocot.launch.slurm import Sbatch, script
from tests.cli.bench import ROOT, Bench
from tests.launch.bench import CSV, FILMS, HOSTILE, calling, digests, hostile_job
from tests.servers.chat import ChatServer

RECORD = "import json, os, sys; open(os.environ['RECORD'], 'a').write(json.dumps(sys.argv[1:]) + chr(10))"


class Cluster:
    """A folder with a stand-in of Slurm's commands, and of vLLM's."""

    def __init__(self, folder: Path) -> None:
        self.state, programs = folder / "slurm", folder / "programs"
        for made in (self.state, programs):
            made.mkdir(parents=True)
        for name in ("sbatch", "scancel"):
            self._program(programs / name, f'exec {sys.executable} {ROOT}/tests/launch/sbatch.py {name} "$@"')
        serve = f'echo "$@" >>"$STAND_IN/served"\nexec {sys.executable} -m tests.launch.vllm "$@"'
        self._program(programs / "vllm", serve)
        self._program(programs / "hostname", "echo 127.0.0.1")
        self.variables = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "STAND_IN": str(self.state),
            "ROCOT_SCRATCH": str(folder / "scratch"),
        }
        self.scratch = folder / "scratch"

    def _program(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def submit(self, file: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(file)],
            cwd=file.parent,
            env=environment | self.variables,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )

    def jobs(self) -> list[dict[str, object]]:
        paths = sorted(self.state.glob("*.json"), key=lambda path: int(path.stem))
        return [json.loads(path.read_text()) for path in paths]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path / "cluster")


def checked(text: str, folder: Path) -> Path:
    """The file, once bash finds nothing wrong with it."""
    file = folder / "job.sh"
    file.write_text(text)
    done = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return file


def test_every_word_reaches_rocot_as_it_was_said(tmp_path: Path, cluster: Cluster) -> None:
    job = hostile_job(tmp_path, (sys.executable, "-c", RECORD))
    file = checked(script(job, Sbatch(all=(f"--comment={HOSTILE}",))), tmp_path)
    record = tmp_path / "record"
    done = cluster.submit(file, dict(os.environ) | {"RECORD": str(record)})
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in record.read_text().splitlines()]
    for number, words in enumerate(told[:2], 1):
        assert words[:-6] == [HOSTILE, *job.generate]
        kept = f"{job.backup}/part-{number}-of-2"
        assert words[-6:] == ["--part", f"{number}/2", "--run", words[-3], "--backup", kept]
        assert words[-3].endswith("/run")
    assert told[2][:-1] == [HOSTILE, *job.finish, "--run"]
    assert [made["name"] for made in cluster.jobs()] == ["car-park-parts", "car-park-merge"]
    assert {str(made["options"]).count("--comment") for made in cluster.jobs()} == {1}
    assert not list(tmp_path.rglob("hit"))
    assert list(cluster.scratch.iterdir()) == []


def test_a_part_that_failed_keeps_the_merge_from_beginning(tmp_path: Path, cluster: Cluster) -> None:
    job = hostile_job(tmp_path, ("sh", "-c", '[ "${*##*1/2*}" ]', "rocot"))
    done = cluster.submit(checked(script(job, Sbatch()), tmp_path), dict(os.environ))
    assert done.returncode == 0
    parts, merge = cluster.jobs()
    assert (parts["codes"], merge["codes"]) == ([1, 0], [])
    assert list(cluster.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("refused", "taken"), [("servers", ""), ("parts", "100"), ("merge", "100 200"), ("stop", "100 200 300")]
)
def test_what_was_submitted_before_a_job_that_is_refused_is_cancelled(
    tmp_path: Path, cluster: Cluster, refused: str, taken: str
) -> None:
    served = Served(("vllm", "serve", "tiny"), ("teacher",))
    file = checked(script(replace(hostile_job(tmp_path, ("true",)), served=served), Sbatch()), tmp_path)
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "REFUSED": refused}
    done = cluster.submit(file, environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Invalid qos specification\nsbatch refused the job car-park-{refused}; mend" in done.stderr
    assert done.stderr.endswith(f"cancelled what this call had submitted before: {taken}\n" if taken else "again\n")
    assert [pid for job in cluster.jobs() for pid in list(job["pids"]) if _alive(pid)] == []  # type: ignore[call-overload]
    failed = cluster.submit(file, environment | {"SCANCEL": "1"})
    assert ("end them by: scancel " in failed.stderr) == bool(taken)


def test_a_signal_reaches_the_part_and_the_part_is_waited_for(tmp_path: Path) -> None:
    waits = (
        "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.5), print('drained'), sys.exit(143)));"
    )
    job = hostile_job(tmp_path, (sys.executable, "-c", f"{waits} print('ready', flush=True); time.sleep(60)"))
    file = checked(script(job, Sbatch()), tmp_path)
    own = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1", "ROCOT_SCRATCH": str(tmp_path / "scratch")}
    with subprocess.Popen(["bash", str(file), "part"], env=os.environ | own, stdout=subprocess.PIPE, text=True) as task:
        assert task.stdout is not None
        assert task.stdout.readline() == "ready\n"
        task.send_signal(signal.SIGTERM)
        assert task.stdout.read() == "drained\n"
    assert task.returncode == 143
    assert list((tmp_path / "scratch").iterdir()) == []


STORE = """
import os, sys
if sys.argv[1] == "backup":
    print("send", *sys.argv[2:], flush=True)
    sys.exit(int(os.environ["SENT"]))
run = sys.argv[sys.argv.index("--run") + 1]
os.makedirs(run)
open(os.path.join(run, "run.sqlite"), "w").close()
sys.exit(int(os.environ["ENDED"]))
"""


@pytest.mark.parametrize(
    ("ended", "sent", "stays"),
    [(0, None, False), (1, 0, False), (2, 75, True), (75, 75, True), (75, 0, False), (143, 0, False), (143, 2, True)],
)
def test_a_store_whose_backup_lacks_some_of_it_stays(tmp_path: Path, ended: int, sent: int | None, stays: bool) -> None:
    job = hostile_job(tmp_path, ())
    job = replace(job, rocot=(sys.executable, f"{job.work}/rocot.py"))
    (job.work / "rocot.py").write_text(STORE)
    own = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1", "ROCOT_SCRATCH": str(tmp_path / "scratch")}
    done = subprocess.run(
        ["bash", str(checked(script(job, Sbatch()), tmp_path)), "part"],
        env=os.environ | own | {"ENDED": str(ended), "SENT": str(sent)},
        capture_output=True,
        text=True,
        check=False,
    )
    run, url = f"{tmp_path}/scratch/rocot-7/run", f"{job.backup}/part-1-of-2"
    assert done.returncode == ended
    assert done.stdout.splitlines() == ([] if sent is None else [f"send {run} {url}"])
    assert Path(run, "run.sqlite").exists() == stays
    assert (f"its store stays at {socket.gethostname()}:{run}" in done.stderr) == stays
    if stays:
        command = done.stderr.partition("send it from there by ")[2]
        again = subprocess.run(
            ["bash", "-c", command], env=os.environ | {"SENT": "0"}, capture_output=True, text=True, check=False
        )
        assert again.stdout == done.stdout, "the command that is told sends it"


def test_what_no_line_can_hold_is_refused(tmp_path: Path) -> None:
    job = hostile_job(tmp_path, ("rocot",))
    with pytest.raises(ConfigError, match=r"--split: 'a\\nb'"):
        replace(job, split="a\nb")
    with pytest.raises(ConfigError, match="--serve"):
        replace(job, served=Served(("vllm", "serve", "a\rb"), ("teacher",)))
    with pytest.raises(ConfigError, match="--sbatch"):
        script(job, Sbatch(merge=("--comment=a\x00b",)))


@pytest.mark.timeout(400)
async def test_servers_parts_and_merge_make_the_release_of_one_machine(bench: Bench, cluster: Cluster) -> None:
    bench.lay(model="openai:tiny", length=1, csv=CSV, films=FILMS)
    async with ChatServer() as server:
        alone = ("--recipe", "own.toml", "--run", "runs/one", "--base-url", server.base_url)
        one = await asyncio.to_thread(bench.rocot, "generate", *alone)
    assert one.returncode == 0, one.stderr
    words = ("--recipe", "own.toml", "--parts", "2", "--backup", "kept", "--serve", "lab/tiny", "--servers", "2")
    made = bench.rocot("launch", "slurm", *words, "--rocot", calling(bench), "--sbatch", "parts=--nice", "--out", "go")
    assert made.returncode == 0, made.stderr
    checked((bench.folder / "go").read_text(), bench.folder)
    submitted = cluster.submit(bench.folder / "go", bench.environment)
    logs = "\n".join(log.read_text() for log in sorted((bench.folder / "logs").glob("*.log")))
    assert submitted.returncode == 0, submitted.stderr + logs
    servers, parts, merge, stop = cluster.jobs()
    assert (parts["codes"], merge["codes"], stop["codes"]) == ([0, 0], [0], [0]), logs
    assert "release will be" in submitted.stdout
    assert digests(bench.folder / "kept" / "release") == digests(bench.folder / "runs" / "one" / "release")
    served = (cluster.state / "served").read_text().splitlines()
    assert all(line.startswith("serve lab/tiny --served-model-name tiny") for line in served)
    assert [end for pid in list(servers["pids"]) if (end := _alive(pid))] == []  # type: ignore[call-overload]
    assert list(cluster.scratch.iterdir()) == []

    again = cluster.submit(bench.folder / "go", bench.environment)
    assert again.returncode == 0
    assert not any(job["codes"] != [0] * len(job["codes"]) for job in cluster.jobs())  # type: ignore[arg-type]
    last = max((bench.folder / "logs").glob("own-parts-*.log")).read_text()
    assert "restored" in last
    assert "tokens" not in last, "it asks nothing"


def _alive(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return False
        time.sleep(0.05)
    return True


def test_no_key_is_in_the_file(bench: Bench) -> None:
    keyed = replace(bench, variables={"ROCOT_API_KEY": "canary-3141", "ROCOT_TEACHER_API_KEY": "canary-2718"})
    for words in (["slurm"], ["k8s", "--image", "lab/rocot", "--claim", "videos"]):
        made = keyed.rocot("launch", *words, "--parts", "2", "--backup", "kept")
        assert made.returncode == 0, made.stderr
        assert "canary" not in made.stdout + made.stderr
