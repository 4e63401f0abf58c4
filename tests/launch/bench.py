"""What tests of launchers have in common: films, their run on one machine, and a launcher's words."""

import hashlib
import shlex
from dataclasses import replace
from pathlib import Path

from rocot.launch.job import Job
from rocot.release.manifest import read_manifest
from tests.cli.bench import Bench

CSV = "path,label,start,end\na.mp4,Fighting,1,2\nb.mp4,Normal,,\nc.mp4,Fighting,0,1\n"
FILMS = "abc"
HOSTILE = 'it\'s "x" $HOME $(PARTS) $$ $(touch hit) `touch hit` \\ #*?[ü] -rf;&|'
"""What may stand in a path or a name, and must never be read by a shell or by Kubernetes."""


def digests(release: Path) -> dict[str, str]:
    """sha256 of every file that two equal releases must agree on."""
    made = read_manifest(release)
    assert made is not None
    names = [*(file.path for file in made.listed), "manifest.json"]
    return {name: hashlib.sha256((release / name).read_bytes()).hexdigest() for name in names}


def calling(bench: Bench) -> str:
    """How jobs call rocot."""
    return shlex.join(bench.command)


def hostile_job(folder: Path, rocot: tuple[str, ...]) -> Job:
    """A job whose every word is as bad as may be."""
    work = folder / HOSTILE
    work.mkdir()
    return replace(
        Job(name="car-park", recipe=f"{work}/{HOSTILE}.toml", split=HOSTILE, parts=2, backup="", work=work),
        backup=f"file://{work}/{HOSTILE}",
        more=("--prices", HOSTILE, "--allow-leaks", HOSTILE),
        rocot=(*rocot, HOSTILE),
    )
