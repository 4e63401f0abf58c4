"""The parts of a job as Ray tasks. Ray says where and when, and again when a worker is lost; it moves no data.

Each task runs `rocot generate --part` as a process of its own, with the part's store on its node's disk and a backup
at the job's URL, from which the next try goes on wherever it runs. What comes back is how it ended.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import ray

from rocot.errors import ConfigError, ServiceError
from rocot.launch.job import PATIENCE, Job, Served
from rocot.launch.leash import leashed
from rocot.machine import key_from_environment

SHOWN = 15
"""Lines of a part's last words."""
DONE = 0
"""The exit code of a part that is done: parts export nothing, and so 1 is that of a bug."""
UNUSABLE = 2
"""That of one that would end the same way again."""
FIRST_PORT = 20_000
"""Of the first server; a restarted one takes its old port where it can."""


class LostError(Exception):
    """A part was killed or interrupted, and goes on from its backup."""


@dataclass(frozen=True)
class PartEnd:
    """How a part ended."""

    number: int
    code: int | None
    """Its exit code; None where it was lost too often."""
    seconds: float
    words: str
    """The last lines that it wrote, where it is not done."""
    node: str

    @property
    def done(self) -> bool:
        """Whether it is to be merged."""
        return self.code == DONE


class _Remote(Protocol):
    """An actor's method, from outside."""

    def remote(self) -> object: ...


class _Handle(Protocol):
    """A server, from outside."""

    ready: _Remote


def run_parts(job: Job, address: str | None, retries: int, told: Callable[[PartEnd], None]) -> list[PartEnd]:
    """Runs all parts, and tells each as it ends.

    Raises ServiceError where Ray cannot be had, ConfigError for what this machine has too little of, where it is alone.
    """
    local = _connect(address)
    try:
        if local:
            _check_room(job)
        servers = _start(job)
        return _all_parts(job, servers, retries, told)
    finally:
        ray.shutdown()


def _connect(address: str | None) -> bool:
    """Whether Ray was started here."""
    local = address is None and not os.environ.get("RAY_ADDRESS")
    try:
        ray.init(address=address, **({"include_dashboard": False} if local else {}))
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ServiceError(f"Ray at {address or 'this machine'} cannot be reached ({error})") from error
    return local


def _check_room(job: Job) -> None:
    """A cluster may grow; on this machine what does not fit would wait for ever. Raises ConfigError."""
    there: dict[str, float] = ray.cluster_resources()
    gpus = job.gpus if job.served is None else job.served.servers * job.served.gpus
    for option, wanted, kind in (("--cpus", job.cpus, "CPU"), ("--gpus", gpus, "GPU")):
        if wanted > there.get(kind, 0):
            raise ConfigError(
                f"{option}: {wanted} {kind}s are wanted at once, and this machine has {there.get(kind, 0):g}; ask for"
                " fewer, or name a cluster by --address"
            )


def _all_parts(job: Job, servers: Sequence[_Handle], retries: int, told: Callable[[PartEnd], None]) -> list[PartEnd]:
    task = ray.remote(_run_part).options(
        num_cpus=job.cpus,
        num_gpus=job.gpus,
        max_retries=retries,
        retry_exceptions=[LostError],
        scheduling_strategy="SPREAD",
    )
    waiting = list(range(1, job.parts + 1))
    running: dict[object, int] = {}
    ended: list[PartEnd] = []
    while waiting or running:
        while waiting and len(running) < (job.at_once or job.parts):
            number = waiting.pop(0)
            running[task.remote(job, number, list(servers))] = number
        (first, *_), _ = ray.wait(list(running), num_returns=1)
        end = _end_of(first, running.pop(first))
        told(end)
        ended.append(end)
    return sorted(ended, key=lambda end: end.number)


def _end_of(reference: object, number: int) -> PartEnd:
    try:
        end = ray.get(reference)
    except ray.exceptions.RayError as error:
        words = str(error).strip().splitlines()[-SHOWN:]
        return PartEnd(number, None, 0.0, "\n".join(words), "")
    assert isinstance(end, PartEnd)
    return end


def _run_part(job: Job, number: int, servers: Sequence[_Handle]) -> PartEnd:
    """One part, on some node. Raises LostError where another try may come further."""
    begun = time.monotonic()
    urls: list[str] = ray.get([server.ready.remote() for server in servers])
    folder = scratch_of(job) / f"part-{number}-of-{job.parts}"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("wb") as written:
        done = subprocess.run(  # noqa: S603  # the words are a launcher's own
            leashed(command_of(job, number, folder, urls), signal.SIGKILL),
            cwd=job.work if job.work.is_dir() else None,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            check=False,
        )
    words = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN:])
    if done.returncode not in {DONE, UNUSABLE}:
        stays = f"its store stays at {socket.gethostname()}:{folder / 'run'}"
        raise LostError(f"{words}\npart {number} ended with {done.returncode}; {stays}")
    if done.returncode == DONE:
        shutil.rmtree(folder, ignore_errors=True)
        words = ""
    return PartEnd(number, done.returncode, time.monotonic() - begun, words, socket.gethostname())


def scratch_of(job: Job) -> Path:
    """A folder on a node's own disk: the same for each try of a part, so that one on the same node finds its store."""
    base = Path(os.environ.get("ROCOT_SCRATCH") or tempfile.gettempdir())
    return base / f"rocot-{job.name}-{sha256(job.backup.encode()).hexdigest()[:8]}"


def command_of(job: Job, number: int, folder: Path, urls: Sequence[str]) -> list[str]:
    """What makes a part."""
    asked = [f"{role}={url}" for url in urls for role in (job.served.roles if job.served else ())]
    return [
        *job.rocot,
        *job.generate,
        *("--part", f"{number}/{job.parts}"),
        *("--run", str(folder / "run")),
        *("--backup", f"{job.backup}/part-{number}-of-{job.parts}"),
        *(word for one in asked for word in ("--base-url", one)),
    ]


def _start(job: Job) -> list[_Handle]:
    """The servers, each on GPUs of its own; they load while the first parts wait for them."""
    if job.served is None:
        return []
    server = ray.remote(_Server).options(num_cpus=0, num_gpus=job.served.gpus, max_restarts=-1, max_task_retries=-1)
    return [server.remote(job.served, FIRST_PORT + index) for index in range(job.served.servers)]


class _Server:
    """A vLLM server on some node."""

    def __init__(self, served: Served, port: int) -> None:
        self._port = _free(port)
        key = key_from_environment()
        self._process = subprocess.Popen(  # noqa: S603  # likewise
            leashed(served.listening(self._port), signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            env=os.environ | ({} if key is None else {"VLLM_API_KEY": key.get_secret_value()}),
        )

    def ready(self) -> str:
        """Its base URL, once it listens. Raises ServiceError where it has ended, or takes too long."""
        latest = time.monotonic() + PATIENCE
        while time.monotonic() < latest:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=5):
                return f"http://{ray.util.get_node_ip_address()}:{self._port}/v1"
            if self._process.poll() is not None:
                raise ServiceError(f"vllm serve has ended with {self._process.returncode}; its words are in Ray's logs")
            time.sleep(1)
        raise ServiceError(f"vllm serve does not listen after {PATIENCE} s; its words are in Ray's logs")


def _free(wanted: int) -> int:
    """A port that nobody listens at: the wanted one, or any."""
    for port in (wanted, 0):
        with suppress(OSError), socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("", port))
            found: int = tried.getsockname()[1]
            return found
    raise ServiceError("no port is free")
