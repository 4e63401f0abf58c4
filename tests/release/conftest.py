"""A hub for each test that pushes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.hub import HubServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """With Git LFS, which the official client then uses in this process."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubServer() as made:
        yield made


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs by their release's version. 0.2.0 has a split less and two more."""
    from tests.release.pushing import laid  # noqa: PLC0415  # the client takes a second to import

    root = tmp_path_factory.mktemp("releases")
    return {
        "0.1.0": laid(root / "first", "0.1.0", ("train", "val")),
        "0.2.0": laid(root / "second", "0.2.0", ("train", "test", "held")),
    }


@pytest.fixture
def filled(server: HubServer, releases: dict[str, Path], tmp_path: Path) -> HubServer:
    """A hub that holds both versions of a release, each by its tag."""
    from tests.release.pushing import hub_at, pushed  # noqa: PLC0415

    for version in ("0.1.0", "0.2.0"):
        pushed(hub_at(server.url, tmp_path / "cache"), releases[version])
    server.seen.clear()
    return server
