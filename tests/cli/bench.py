"""A folder of its own with films, annotations and a recipe, in which the command line is run as a user would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.contracts.numbered import film
from tests.warm.command import warm

ROOT = Path(__file__).parents[2]
RECIPE = """
[release]
name = "own"

[[sources]]
kind = "folder"
name = "own"
videos = "videos"
annotations = "spans.csv"

[windows]
length = {length}
overlap = 0

[frames]
count = 4
height = 96

[teacher]
model = "{model}"
seed = 7
"""
CSV = "path,label,start,end\na.mp4,Fighting,1,2\nb.mp4,Normal,,\n"


@dataclass(frozen=True)
class Bench:
    """Where the commands are run."""

    folder: Path
    cache: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Without keys, without colours, with a cache of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
        own = {"PYTHONPATH": str(ROOT), "ROCOT_CACHE": str(self.cache), "NO_COLOR": "1", "COLUMNS": "80"}
        return {**kept, **own, **self.variables}

    @property
    def command(self) -> list[str]:
        """How rocot is called. What an interpreter or a library reads as it starts takes one that starts."""
        if all(name.startswith("ROCOT_") for name in self.variables):
            return [*warm(), "rocot"]
        return self.cold

    @property
    def cold(self) -> list[str]:
        """The same in an interpreter of its own: two seconds more."""
        return [sys.executable, "-W", "error", "-m", "rocot"]

    def rocot(self, *words: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def lay(self, *, model: str = "scripted", length: float = 60, csv: str = CSV, films: str = "ab") -> None:
        """Lays out films of 3 s, their annotations and the recipe `own.toml`."""
        (self.folder / "videos").mkdir()
        for name in films:
            film(self.folder / "videos" / f"{name}.mp4")
        (self.folder / "spans.csv").write_text(csv)
        (self.folder / "own.toml").write_text(RECIPE.format(model=model, length=length))
