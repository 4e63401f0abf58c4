"""A Kubernetes manifest: an indexed Job of the parts, the merge beside it, and a StatefulSet of servers."""

import re
from dataclasses import dataclass

from rocot.errors import ConfigError
from rocot.launch.job import PORT, Job, check_printable
from rocot.launch.sheets import filled

LONGEST = 40
"""Characters of a name; its longest suffix and a pod's number must fit into the 63 of a host's name."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_PART = 'exec "$@" --part "$((JOB_COMPLETION_INDEX + 1))/$PARTS" --run /scratch/run'
_PART += ' --backup "$BACKUP/part-$((JOB_COMPLETION_INDEX + 1))-of-$PARTS"'
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
        for option, said in (("--secret", self.secret), ("--claim", self.claim)):
            if said and _NAME.fullmatch(said) is None:
                raise ConfigError(
                    f"{option} {said[:60]!r}: no name of an object; want small letters, digits, - and . (Kubernetes)"
                )


def manifest(job: Job, cluster: Cluster) -> str:
    """The file. Raises ConfigError for servers without an image."""
    if job.served is not None and not cluster.server_image:
        raise ConfigError("--serve: want --server-image, an image with the version of vLLM that rocot[vllm] names")
    name = name_of(job)
    told = {"job": job, "cluster": cluster, "name": name, "port": PORT, "part": _script(job, name), "served": _KEY}
    lines = filled("kubernetes.yaml.jinja", **told).splitlines(keepends=True)
    return "".join(line for line in lines if line.strip())  # those of parts that are not wanted


def name_of(job: Job) -> str:
    """What the objects are called: the release's name as hosts may be called."""
    return "rocot-" + re.sub(r"[^a-z0-9]+", "-", job.name)[:LONGEST].strip("-")


def _script(job: Job, name: str) -> str:
    """What a part's shell does; a server is found by its name once it is ready."""
    if job.served is None:
        return _PART
    hosts = [f"{name}-vllm-{index}.{name}-vllm" for index in range(job.served.servers)]
    waits = [f"until getent hosts {host} >/dev/null; do sleep 5; done" for host in hosts]
    urls = " ".join(f"--base-url {role}=http://{host}:{PORT}/v1" for host in hosts for role in job.served.roles)
    return "; ".join([*waits, f"{_PART} {urls}"])
