"""The official annotation files, where a developer has them beside the checkout."""

from collections.abc import Callable
from pathlib import Path

import pytest

OFFICIAL = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """The folder of a dataset's official files; the test is skipped where it is not there."""

    def folder(name: str) -> Path:
        path = OFFICIAL / name
        if not path.is_dir():
            pytest.skip("needs the official annotation files, in ../shared/data beside the checkout")
        return path

    return folder
