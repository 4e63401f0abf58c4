"""On a Ray of this machine, in an environment of its own. CONTRIBUTING.md tells how to run it."""

import asyncio
import os
import shlex
import signal
import socket
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.cli import NOT_KEPT
from rocot.storage.backup import newest
from rocot.storage.place import Place
from tests.cli.bench import Bench
from tests.launch.bench import CSV, FILMS, calling, digests
from tests.servers.chat import ChatServer

PYTHON = os.environ.get("ROCOT_RAY_PYTHON")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(PYTHON is None, reason="ROCOT_RAY_PYTHON names no interpreter with Ray"),
]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def working_on(part: str, folder: Path) -> int | None:
    """The worker of Ray that runs a part below a folder: the parent of the first process that has both in its words."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:  # it has ended
            continue
        if "generate" in words and part in words and any(word.startswith(str(folder)) for word in words):
            return parent_of(int(process.name))
    return None


async def launched(bench: Bench, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        str(PYTHON),
        *("-m", "rocot", "launch", "ray", "--recipe", "own.toml", "--parts", "2", "--cpus", "1", *words),
        cwd=bench.folder,
        env=bench.environment,
        stdout=PIPE,
        stderr=PIPE,
    )


@pytest.fixture
def scratched(bench: Bench) -> Bench:
    bench.lay(model="openai:tiny", length=0.5, csv=CSV, films=FILMS)
    return replace(bench, variables={"ROCOT_SCRATCH": str(bench.folder / "scratch")})


async def one_machine(bench: Bench, server: ChatServer) -> None:
    words = ("--recipe", "own.toml", "--run", "runs/one", "--base-url", server.base_url)
    one = await asyncio.to_thread(bench.rocot, "generate", *words)
    assert one.returncode == 0, one.stderr


@pytest.mark.parametrize("disk", ["is still there", "is lost with the worker"])
async def test_a_worker_that_is_killed_costs_no_row(scratched: Bench, disk: str) -> None:
    bench = scratched
    async with ChatServer() as server:
        await one_machine(bench, server)
        needed = server.counts.total()
    async with ChatServer(latency=0.5) as server:
        more = ("--base-url", server.base_url, "--workers", "1", "--backup-every", "0.005")
        words = ("--backup", "kept", "--rocot", shlex.join(bench.cold), "--run", "runs/ray", "--", *more)
        launching = await launched(bench, *words)
        place = Place(str(bench.folder / "kept" / "part-1-of-2"))
        while (saved := await asyncio.to_thread(newest, place)) is None or saved.history.attempts < 2:
            assert launching.returncode is None, (await launching.communicate())[1].decode()
            await asyncio.sleep(0.1)
        worker = await asyncio.to_thread(working_on, "1/2", bench.folder)
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        if disk == "is lost with the worker":
            await asyncio.to_thread(lose, bench.folder / "scratch")
        server.latency = 0.1
        out, err = await launching.communicate()
        assert launching.returncode == 0, err.decode()
        # The films are alike: either part asks once what one machine asks once.
        assert server.counts.total() <= 2 * needed + 5, "what was kept is not asked again"
    assert b"part 1 of 2: done in" in err
    assert digests(bench.folder / "runs/ray/release") == digests(bench.folder / "runs/one/release"), out.decode()
    assert digests(bench.folder / "kept/release") == digests(bench.folder / "runs/one/release")
    assert working_on("1/2", bench.folder) is None, "what was lost does not go on beside its successor"


def lose(scratch: Path) -> None:
    """A node's disk is gone: what it held of the first part is moved out of sight."""
    for folder in scratch.glob("*/part-1-of-2"):
        folder.rename(scratch / "lost")


async def test_servers_are_actors_and_the_parts_ask_them(scratched: Bench) -> None:
    bench = scratched
    async with ChatServer() as server:
        await one_machine(bench, server)
    programs = bench.folder / "programs"
    programs.mkdir()
    serve = f'echo "$@" >>{bench.folder}/served\nexec {PYTHON} -m tests.launch.vllm "$@"'
    (programs / "vllm").write_text(f"#!/bin/sh\n{serve}\n")
    (programs / "vllm").chmod(0o755)
    found = {"PATH": f"{programs}:{os.environ['PATH']}", "RAY_OVERRIDE_RESOURCES": '{"GPU": 2}'}
    words = ("--backup", "kept", "--rocot", calling(bench), "--run", "runs/ray")
    own = replace(bench, variables={**bench.variables, **found})
    launching = await launched(own, *words, "--serve", "lab/tiny", "--servers", "2")
    _, err = await launching.communicate()
    assert launching.returncode == 0, err.decode()
    assert digests(bench.folder / "runs/ray/release") == digests(bench.folder / "runs/one/release")
    assert len((bench.folder / "served").read_text().splitlines()) == 2


@pytest.mark.parametrize("code", [1, NOT_KEPT])
async def test_a_part_that_a_bug_or_its_storage_has_ended_is_begun_again(scratched: Bench, code: int) -> None:
    bench = scratched
    script = bench.folder / "once.sh"
    script.write_text(f'mkdir "$(dirname "$0")/ended" 2>/dev/null && exit {code}\nexec "$@"\n')
    async with ChatServer() as server:
        await one_machine(bench, server)
        rocot = shlex.join(["sh", str(script), *bench.cold])
        words = ("--backup", "kept", "--rocot", rocot, "--run", "runs/ray", "--", "--base-url", server.base_url)
        launching = await launched(bench, *words)
        _, err = await launching.communicate()
    assert launching.returncode == 0, err.decode()
    assert (bench.folder / "ended").is_dir()
    assert digests(bench.folder / "runs/ray/release") == digests(bench.folder / "runs/one/release")


async def test_a_part_that_is_lost_too_often_is_told_with_its_store(scratched: Bench) -> None:
    words = ("--backup", "kept", "--rocot", f"sh -c 'exit {NOT_KEPT}'", "--retries", "0")
    launching = await launched(scratched, *words)
    _, err = await launching.communicate()
    assert launching.returncode == 2
    stays = (
        f"part 1 ended with {NOT_KEPT}; its store stays at {socket.gethostname()}:{scratched.folder}/scratch/rocot-own-"
    )
    assert stays in err.decode()


async def test_what_would_wait_for_ever_on_this_machine_is_told(scratched: Bench) -> None:
    launching = await launched(scratched, "--cpus", "4000", "--backup", "kept")
    _, err = await launching.communicate()
    assert launching.returncode == 2
    assert b"--cpus: 4000 CPUs are wanted at once" in err


async def test_a_part_that_cannot_be_made_is_named_and_nothing_is_merged(scratched: Bench) -> None:
    words = ("--backup", "kept", "--run", "runs/ray", "--", "--base-url", "http://127.0.0.1:1/v1")
    launching = await launched(scratched, *words)
    _, err = await launching.communicate()
    assert launching.returncode == 2
    assert b"2 of 2 parts failed, and nothing was merged" in err
    assert b"127.0.0.1:1" in err
    assert not (scratched.folder / "runs/ray").exists()
