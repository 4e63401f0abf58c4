import socket
import urllib.error
import urllib.request

import pytest

from tests.conftest import NetworkClosedError


def test_tests_reach_no_other_machine() -> None:
    with pytest.raises(NetworkClosedError):
        urllib.request.urlopen("http://example.com/", timeout=5)
    with pytest.raises(NetworkClosedError), socket.socket() as outward:
        outward.connect(("192.0.2.1", 80))


def test_tests_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
