"""A Kubernetes manifest: an indexed Job of the parts, the merge beside it, and a StatefulSet of servers."""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from rocot.errors import ConfigError
from rocot.launch.job import PATIENCE, PORT, Job, check_printable
from rocot.launch.sheets import filled
from rocot.storage.place import HERE
from rocot.url import scheme_of, without_scheme

LONGEST = 40
"""Characters of a name; its longest suffix and a pod's number must fit into the 63 of a host's name."""
LONGEST_NAME = 253
"""Characters of a name of another object."""
SCRATCH = Path("/scratch")
"""Where each pod has a disk that goes with it."""
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_WAIT = """\
trap 'exit 143' TERM
begun=$(date +%s)
for host in {hosts}; do
  until getent hosts "$host" >/dev/null; do
    if [ $(($(date +%s) - begun)) -gt {patience} ]; then
      echo "server $host does not listen after {patience} s; see its pod's log (kubectl logs)" >&2
      exit 2
    fi
    sleep 5
  done
done
"""
_PART = """\
number=$((JOB_COMPLETION_INDEX + 1))
url=$BACKUP/part-$number-of-$PARTS
trap 'kill -TERM "$child" 2>/dev/null || :' TERM
"$@" --part "$number/$PARTS" --run /scratch/run --backup "$url"{urls} &
child=$!
while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null || break
done
trap '' TERM # a second signal would end the sending
if [ "$code" -ne 0 ] && [ -f /scratch/run/run.sqlite ]; then
  begun=$(date +%s)
  while :; do
    {rocot} backup /scratch/run "$url" && break
    [ $? -eq 75 ] && [ $(($(date +%s) - begun)) -lt {patience} ] || break
    sleep 60
  done
fi
exit "$code"
"""
"""A part's store goes with its pod: before that ends, what could not be sent to its URL (75) is tried again."""
_KEY = 'key="${ROCOT_API_KEY:-${OPENAI_API_KEY:-}}"; if [ -n "$key" ]; then export VLLM_API_KEY="$key"; fi; exec "$@"'


@dataclass(frozen=True)
class Cluster:
    """What the pods are made of."""

    image: str
    """Of the parts and of the merge; rocot is in it."""
    server_image: str = ""
    """Of the servers; vLLM is in it."""
    secret: str = ""
    """A Secret whose keys become the environment of every container; empty for none."""
    claim: str = ""
    """A PersistentVolumeClaim that is mounted where the job's work folder is; empty for none."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is no name of an object."""
        check_printable({"--image": (self.image,), "--server-image": (self.server_image,)})
        for option, said, wanted in (("--image", self.image, True), ("--server-image", self.server_image, False)):
            if " " in said or (wanted and not said):
                raise ConfigError(f"{option} {said[:60]!r}: no name of an image; want one as in lab/rocot:0.1")
        for option, said in (("--secret", self.secret), ("--claim", self.claim)):
            if said and (len(said) > LONGEST_NAME or _NAME.fullmatch(said) is None):
                raise ConfigError(
                    f"{option} {said[:60]!r}: no name of an object; want small letters, digits, - and . between"
                    " them (Kubernetes)"
                )


def manifest(job: Job, cluster: Cluster) -> str:
    """The file. Raises ConfigError for servers without an image, and for folders that the pods could not share."""
    if job.served is not None and not cluster.server_image:
        raise ConfigError("--serve: want --server-image, an image with the version of vLLM that rocot[vllm] names")
    _check_shared(job, cluster)
    name = name_of(job)
    told = {"job": job, "cluster": cluster, "name": name, "port": PORT, "part": _script(job, name), "served": _KEY}
    lines = filled("kubernetes.yaml.jinja", **told).splitlines(keepends=True)
    return "".join(line for line in lines if line.strip())  # those of parts that are not wanted


def _check_shared(job: Job, cluster: Cluster) -> None:
    """Raises ConfigError for a work folder where nothing can be mounted, and for backups on a pod's own disk."""
    work, there = Path(os.path.normpath(job.work)), Path(os.path.normpath(without_scheme(job.backup)))
    if cluster.claim and (":" in str(work) or work == Path("/") or work.is_relative_to(SCRATCH)):
        raise ConfigError(
            f"--work {job.work}: Kubernetes mounts --claim at no path with a colon, nor at /, and {SCRATCH} is each"
            " pod's own; name another folder"
        )
    if scheme_of(job.backup) not in HERE or (cluster.claim and there.is_relative_to(work)):
        return
    shared = f"{work}, where --claim is mounted" if cluster.claim else "--work, with a volume that --claim names"
    raise ConfigError(
        f"--backup {job.backup}: on Kubernetes each pod would keep it for itself, and the merge would find nothing;"
        f" want a folder below {shared}, or a URL as in s3://lab/scenes"
    )


def name_of(job: Job) -> str:
    """What the objects are called: the release's name as hosts may be called."""
    return "rocot-" + re.sub(r"[^a-z0-9]+", "-", job.name)[:LONGEST].strip("-")


def _script(job: Job, name: str) -> str:
    """What a part's shell does; a server is found by its name once it is ready."""
    servers, roles = (0, ()) if job.served is None else (job.served.servers, job.served.roles)
    hosts = [f"{name}-vllm-{index}.{name}-vllm" for index in range(servers)]
    wait = _WAIT.format(hosts=" ".join(hosts), patience=PATIENCE) if hosts else ""
    urls = "".join(f" --base-url {role}=http://{host}:{PORT}/v1" for host in hosts for role in roles)
    return wait + _PART.format(urls=urls, rocot=shlex.join(job.rocot), patience=PATIENCE)
