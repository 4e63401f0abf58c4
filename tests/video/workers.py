"""Worker processes, seen from outside."""

import os
from pathlib import Path


def children(parent: int) -> list[int]:
    """The workers of a process."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, status = (place / "cmdline").read_bytes(), (place / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        fields = status.rpartition(")")[2].split()
        if b"rocot.video.worker" in words and int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(place.name))
    return sorted(found)


def resident(pid: int) -> int:
    """Memory in use, megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1_000_000


def handles(pid: int) -> int:
    """Open files and pipes."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
