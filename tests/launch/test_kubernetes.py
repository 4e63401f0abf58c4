import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rocot.errors import ConfigError
from rocot.launch.job import Job, Served
from rocot.launch.kubernetes import Cluster, manifest, name_of
from tests.cli.bench import Bench
from tests.launch.bench import CSV, FILMS, HOSTILE, calling, digests, hostile_job

RECORD = "import json, os, sys; open(os.environ['RECORD'], 'a').write(json.dumps(sys.argv[1:]) + chr(10))"
CLUSTER = Cluster("lab/rocot:0.1", "lab/vllm:0.32", "rocot-keys", "videos")
SERVED = Served(("vllm", "serve", HOSTILE, "--flag", '{"a": "$(b)"}'), ("teacher", "reviser"), servers=2, gpus=4)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """As Kubernetes reads a container's words: `$(NAME)` is a variable where there is one, `$$` a dollar."""
    return re.sub(
        r"\$(?:(\$)|\(([^)]*)\))",
        lambda found: "$" if found[1] else variables.get(found[2], found[0]),
        text,
    )


def run(pod: dict[str, Any], index: int | None, scratch: Path, variables: Mapping[str, str]) -> int:
    """What a kubelet does with the one container of a pod, but for its image and its mounts."""
    (container,) = pod["containers"]
    own: dict[str, str] = {} if index is None else {"JOB_COMPLETION_INDEX": str(index)}
    for variable in container.get("env", ()):
        own[variable["name"]] = expanded(variable["value"], own).replace("/scratch", str(scratch))
    words = [expanded(word, own) for word in (*container["command"], *container.get("args", ()))]
    mounted = [word.replace("/scratch/run", f"{scratch}/run") for word in words]
    return subprocess.run(
        mounted, cwd=container.get("workingDir"), env={**variables, **own}, timeout=250, check=False
    ).returncode


def parsed(text: str) -> dict[str, dict[str, Any]]:
    """Its objects by kind and name."""
    return {f"{made['kind']}/{made['metadata']['name']}": made for made in yaml.safe_load_all(text)}


def pod_of(made: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = made["spec"]["template"]["spec"]
    return pod


def standing_in(folder: Path, **programs: str) -> Path:
    """A folder of programs, by their names and what a shell does for each."""
    made = folder / "programs"
    made.mkdir()
    for name, text in programs.items():
        (made / name).write_text(f"#!/bin/sh\n{text}\n")
        (made / name).chmod(0o755)
    return made


@pytest.mark.parametrize("cluster", [CLUSTER, Cluster("lab/rocot")])
@pytest.mark.parametrize("served", [SERVED, None])
def test_every_object_is_one_that_kubernetes_knows(tmp_path: Path, cluster: Cluster, served: Served | None) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    job = replace(hostile_job(tmp_path, ("rocot",)), served=served, gpus=2, at_once=1, backup="s3://lab/x")
    text = manifest(job, replace(cluster, server_image="lab/vllm"))
    for version in ("1.31", validator.latest_version()):
        for made in yaml.safe_load_all(text):
            validator.validate(made, version, strict=True)
    kinds = [name.partition("/")[0] for name in parsed(text)]
    assert kinds == [*(["Service", "StatefulSet"] if served else []), "Job", "Job"]


def test_every_word_reaches_rocot_as_it_was_said(tmp_path: Path) -> None:
    job = hostile_job(tmp_path, (sys.executable, "-c", RECORD))
    objects = parsed(manifest(job, CLUSTER))
    record = tmp_path / "record"
    variables = dict(os.environ) | {"RECORD": str(record)}
    for index in range(job.parts):
        assert run(pod_of(objects["Job/rocot-car-park-parts"]), index, tmp_path, variables) == 0
    assert run(pod_of(objects["Job/rocot-car-park-merge"]), None, tmp_path, variables) == 0
    *parts, merge = [json.loads(line) for line in record.read_text().splitlines()]
    for number, words in enumerate(parts, 1):
        own = ["--part", f"{number}/2", "--run", f"{tmp_path}/run", "--backup", f"{job.backup}/part-{number}-of-2"]
        assert words == [HOSTILE, *job.generate, *own]
    assert merge == [HOSTILE, *job.finish, "--run", f"{tmp_path}/run"]
    assert not list(tmp_path.rglob("hit"))


def test_each_part_asks_every_server_once_all_are_ready(tmp_path: Path) -> None:
    job = replace(hostile_job(tmp_path, (sys.executable, "-c", RECORD)), served=SERVED)
    objects = parsed(manifest(job, CLUSTER))
    vllm = f'exec {sys.executable} -c "{RECORD}" "$VLLM_API_KEY" "$@"'
    programs = standing_in(tmp_path, getent='echo "$@" >>"$ASKED"', vllm=vllm)
    record, asked = tmp_path / "record", tmp_path / "asked"
    variables = dict(os.environ) | {"RECORD": str(record), "ASKED": str(asked), "ROCOT_API_KEY": "canary"}
    variables["PATH"] = f"{programs}:{variables['PATH']}"
    assert run(pod_of(objects["Job/rocot-car-park-parts"]), 0, tmp_path, variables) == 0
    assert run(pod_of(objects["StatefulSet/rocot-car-park-vllm"]), None, tmp_path, variables) == 0
    part, server = [json.loads(line) for line in record.read_text().splitlines()]
    hosts = [f"rocot-car-park-vllm-{index}.rocot-car-park-vllm" for index in range(2)]
    assert asked.read_text().splitlines() == [f"hosts {host}" for host in hosts]
    urls = [word for word in part if ":8000/v1" in word]
    assert urls == [f"{role}=http://{host}:8000/v1" for host in hosts for role in SERVED.roles]
    assert server == ["canary", *SERVED.listening(8000)[1:]]


STORE = """
import os, sys
scratch = os.environ["SCRATCH"]
with open(scratch + "/told", "a") as told:
    told.write(sys.argv[1] + chr(10))
if sys.argv[1] == "backup":
    sys.exit(int(os.environ["SENT"]) if len(open(scratch + "/told").readlines()) < 4 else 0)
os.makedirs(scratch + "/run", exist_ok=True)
open(scratch + "/run/run.sqlite", "w").close()
sys.exit(int(os.environ["ENDED"]))
"""


@pytest.mark.parametrize(
    ("ended", "sent", "tries"), [(0, 75, 0), (2, 0, 1), (143, 0, 1), (75, 75, 3), (2, 2, 1), (1, 75, 3)]
)
def test_a_pod_ends_once_what_it_holds_is_sent(tmp_path: Path, ended: int, sent: int, tries: int) -> None:
    job = hostile_job(tmp_path, ())
    job = replace(job, rocot=(sys.executable, f"{job.work}/rocot.py"))
    (job.work / "rocot.py").write_text(STORE)
    programs = standing_in(tmp_path, sleep="")
    variables = dict(os.environ) | {"PATH": f"{programs}:{os.environ['PATH']}", "SCRATCH": str(tmp_path)}
    variables |= {"ENDED": str(ended), "SENT": str(sent)}
    objects = parsed(manifest(job, CLUSTER))
    assert run(pod_of(objects["Job/rocot-car-park-parts"]), 0, tmp_path, variables) == ended
    assert (tmp_path / "told").read_text().split() == ["generate", *["backup"] * tries]


def test_a_signal_reaches_the_part_and_the_part_is_waited_for(tmp_path: Path) -> None:
    waits = (
        "import os, signal, sys, time;"
        " signal.signal(15, lambda *_: (time.sleep(0.5), open('drained', 'w'), sys.exit(143)));"
        " os.kill(os.getppid(), 15); time.sleep(60)"
    )
    job = hostile_job(tmp_path, (sys.executable, "-c", waits))
    objects = parsed(manifest(job, CLUSTER))
    assert run(pod_of(objects["Job/rocot-car-park-parts"]), 0, tmp_path, os.environ) == 143
    assert (job.work / "drained").exists()


def test_servers_that_never_listen_are_waited_for_an_hour(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    job = replace(hostile_job(tmp_path, ("false",)), served=SERVED)
    clock = 'echo tick >>"$CLOCK"; echo $(($(grep -c tick "$CLOCK") * 1000))'
    programs = standing_in(tmp_path, sleep="", getent="exit 2", date=clock)
    variables = dict(os.environ) | {"PATH": f"{programs}:{os.environ['PATH']}", "CLOCK": str(tmp_path / "clock")}
    objects = parsed(manifest(job, CLUSTER))
    assert run(pod_of(objects["Job/rocot-car-park-parts"]), 0, tmp_path, variables) == 2
    told = "server rocot-car-park-vllm-0.rocot-car-park-vllm does not listen after 3600 s"
    assert told in capfd.readouterr().err
    assert len((tmp_path / "clock").read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ("backup", "claim", "told"),
    [
        ("file:///disk/kept", "", "want a folder below --work, with a volume that --claim names, or a URL"),
        ("file:///mnt/kept", "", "want a folder below --work"),
        ("file:///disk/kept", "videos", "want a folder below /mnt, where --claim is mounted"),
        ("file:///mnt/../kept", "videos", "want a folder below /mnt"),
        ("memory://kept", "videos", "want a folder below /mnt"),
        ("file:///mnt/kept", "videos", ""),
        ("s3://lab/kept", "", ""),
    ],
)
def test_backups_that_the_merge_would_not_find_are_refused(backup: str, claim: str, told: str) -> None:
    job = Job(name="a", recipe="scenes", split="train", parts=2, backup=backup, work=Path("/mnt"))
    if not told:
        assert manifest(job, Cluster("lab/rocot", claim=claim))
        return
    with pytest.raises(ConfigError, match=rf"--backup {backup}: on Kubernetes .*{told}"):
        manifest(job, Cluster("lab/rocot", claim=claim))


@pytest.mark.parametrize("work", ["/a:b", "/", "/scratch", "/scratch/x", "/a/.."])
def test_a_claim_is_mounted_where_kubernetes_can(work: str) -> None:
    job = Job(name="a", recipe="scenes", split="train", parts=2, backup="s3://lab/kept", work=Path(work))
    with pytest.raises(ConfigError, match=f"--work {work}: Kubernetes mounts --claim at no path"):
        manifest(job, Cluster("lab/rocot", claim="videos"))
    assert manifest(job, Cluster("lab/rocot"))


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("car-park", "rocot-car-park"),
        ("a_b.c", "rocot-a-b-c"),
        ("a" * 39 + "_b", "rocot-" + "a" * 39),
        ("a.", "rocot-a"),
    ],
)
def test_objects_are_called_as_hosts_may_be(tmp_path: Path, release: str, name: str) -> None:
    assert name_of(replace(hostile_job(tmp_path, ("rocot",)), name=release)) == name


def test_what_is_no_name_and_servers_without_an_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--secret 'Keys: 1': no name"):
        Cluster("lab/rocot", secret="Keys: 1")
    for claim in ("a/b", "a..b", "-a", "a.-b", "a" * 254):
        with pytest.raises(ConfigError, match="--claim"):
            Cluster("lab/rocot", claim=claim)
    assert Cluster("lab/rocot", claim="a.b-c." + "d" * 247).claim
    for image in ("", " ", "lab rocot"):
        with pytest.raises(ConfigError, match=f"--image '{image}': no name of an image"):
            Cluster(image)
    with pytest.raises(ConfigError, match="--server-image ' ': no name of an image"):
        Cluster("lab/rocot", " ")
    with pytest.raises(ConfigError, match="--image"):
        Cluster("lab/rocot\nkind: Pod")
    with pytest.raises(ConfigError, match="--server-image"):
        manifest(replace(hostile_job(tmp_path, ("rocot",)), served=SERVED), Cluster("lab/rocot"))


@pytest.mark.timeout(400)
def test_an_indexed_job_and_the_merge_make_the_release_of_one_machine(bench: Bench) -> None:
    bench.lay(length=1, csv=CSV, films=FILMS)
    one = bench.rocot("generate", "--recipe", "own.toml", "--run", "runs/one")
    assert one.returncode == 0, one.stderr
    words = ("--recipe", "own.toml", "--parts", "2", "--backup", "kept", "--image", "lab/rocot", "--claim", "videos")
    made = bench.rocot("launch", "k8s", *words, "--rocot", calling(bench))
    assert made.returncode == 0, made.stderr
    objects = parsed(made.stdout)
    for index in range(2):
        scratch = bench.folder / f"node-{index}"
        scratch.mkdir()
        assert run(pod_of(objects["Job/rocot-own-parts"]), index, scratch, bench.environment) == 0
    merge = objects["Job/rocot-own-merge"]
    assert merge["spec"]["suspend"] is True
    scratch = bench.folder / "node-merge"
    scratch.mkdir()
    assert run(pod_of(merge), None, scratch, bench.environment) == 0
    assert digests(bench.folder / "kept" / "release") == digests(bench.folder / "runs" / "one" / "release")
