"""Where runs lie, and which one is meant."""

from pathlib import Path


RUNS = Path("runs")
"""Where runs lie unless the user says otherwise, below the current folder."""
