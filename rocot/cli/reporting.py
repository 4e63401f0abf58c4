"""What `rocot report` writes and prints."""

import os
from pathlib import Path

from rocot.cli.runs import is_run
from rocot.cli.screen import heading, out, size
from rocot.engine.blobs import Blobs
from rocot.errors import ConfigError
from rocot.machine import default_cache
from rocot.release.lines import put
from rocot.release.page import page
from rocot.release.summarize import Gathered

NAME = "report.html"


def write_page(gathered: Gathered, place: Path, wanted: Path | None, *, frames: bool) -> None:
    """Writes the page, and prints its warnings and where it lies.

    Raises ConfigError where it cannot be written; an older one then stands as it was.

    The frames of a run lie in the cache of the machine that made it; those of other releases are not looked for.
    """
    path = wanted or (place / NAME if is_run(place) else Path(NAME))
    pictures = Blobs(default_cache() / "frames").get if frames and is_run(place) else None
    text = page(gathered, pictures).encode()
    try:
        if path.exists() and not path.is_file():  # a pipe or a device, which no file may take the place of
            path.write_bytes(text)
        else:
            put(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); choose another place with --out") from error
    console = out()
    for warning in gathered.summary.warnings:
        console.print(warning)
    console.print(heading(f"{path} ({size(len(text))})"))
