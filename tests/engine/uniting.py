"""A process that merges parts until it is done or killed: `python -m tests.engine.uniting FOLDER PARTS`."""

import sys
from pathlib import Path

from tests.engine.test_merge import unite

if __name__ == "__main__":
    unite(Path(sys.argv[1]), int(sys.argv[2]))
