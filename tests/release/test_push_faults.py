"""Twenty pushes whose requests fail: main is the old release or the new one, whole, and pushing again ends well."""

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from rocot.errors import HubError
from tests.release.pushing import NAME, QUICK, hub_at, pushed, whole
from tests.servers.hub import HubServer

ENDLESS = 99
PASSING: tuple[dict[str, list[str]], ...] = (
    {"GET info": ["429", "503", "close"]},
    {"GET tree": ["504"]},
    {"GET refs": ["500", "close"]},
    {"POST preupload": ["", "close"]},
    {"POST batch": ["429"]},
    {"PUT storage": ["502"]},
    {"POST verify": ["lost"]},
    {"POST validate-yaml": ["502", "close"]},
    {"POST commit": ["429", "500", "502"]},
    {"POST commit": ["close"]},
    {"POST commit": ["lost"]},
    {"POST commit": ["lost"], "GET info": ["", "", "503", "close"]},
    {"POST commit": ["503", "lost"], "POST tag": ["lost"]},
    {"POST tag": ["429", "close", "500"]},
    {"POST tag": ["lost"]},
)
"""By route, what its requests meet; all of it is got over."""
LASTING: tuple[dict[str, list[str]], ...] = (
    {"GET info": ["", "", "500", "500", "500", "500"]},
    {"POST preupload": ["", "429 for an hour"]},
    {"POST commit": ["503"] * ENDLESS},
    {"POST commit": ["lost"], "GET info": ["", "", *["close"] * ENDLESS]},
    {"POST tag": ["500"] * ENDLESS},
)
"""What ends the push."""


def routes(faults: dict[str, list[str]]) -> str:
    return ", ".join(f"{route} {said[0] or said[1]}" for route, said in faults.items())


def met(server: HubServer, run: Path, cache: Path, faults: dict[str, list[str]]) -> HubError | None:
    """How the push ends that meets them; main is whole then."""
    server.faults.update({route: deque(said) for route, said in faults.items()})
    error = None
    try:
        pushed(hub_at(server.url, cache), run)
    except HubError as told:
        error = told
    server.faults.clear()
    assert whole(server) in {"0.1.0", "0.2.0"}
    return error


def check(server: HubServer) -> None:
    """The new release is main and tagged, by one commit, and every large file came once."""
    assert whole(server) == whole(server, "v0.2.0") == "0.2.0"
    assert whole(server, "v0.1.0") == "0.1.0"
    assert [commit.title for commit in server.repos[NAME].commits[1:]] == ["tiny 0.1.0", "tiny 0.2.0"]
    assert set(server.puts.values()) == {1}


@pytest.mark.parametrize("faults", PASSING, ids=routes)
def test_what_passes_is_got_over(
    server: HubServer, releases: dict[str, Path], tmp_path: Path, faults: dict[str, list[str]]
) -> None:
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    assert met(server, releases["0.2.0"], tmp_path, faults) is None
    check(server)


@pytest.mark.parametrize("faults", LASTING, ids=routes)
def test_what_lasts_ends_the_push_and_the_next_one_goes_on(
    server: HubServer, releases: dict[str, Path], tmp_path: Path, faults: dict[str, list[str]]
) -> None:
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    assert met(server, releases["0.2.0"], tmp_path, faults) is not None
    pushed(hub_at(server.url, tmp_path), releases["0.2.0"])
    check(server)


def test_a_new_repository_whose_answer_is_lost_is_used(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    server.faults["POST create"] = deque(["lost"])
    pushed(hub_at(server.url, tmp_path), releases["0.1.0"])
    assert server.repos[NAME].private
    assert whole(server) == "0.1.0"


def test_a_server_that_says_nothing_is_given_up_and_asked_again(
    server: HubServer, releases: dict[str, Path], tmp_path: Path
) -> None:
    for route in ("GET tree", "POST commit", "POST tag"):
        server.faults[route] = deque(["hang"])
    pushed(hub_at(server.url, tmp_path, waits=replace(QUICK, silence=1.0)), releases["0.1.0"])
    assert whole(server, "v0.1.0") == "0.1.0"
    assert len(server.repos[NAME].commits) == 2
