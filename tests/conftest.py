"""What all tests share: two processes that run them, and a network that ends at this machine."""

import os
import signal
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, to be made or to be tried, says nothing on a busy machine.
settings.register_profile("rocot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rocot")

PROCESSES = 2
"""How many run the whole suite: CI has two cores. `-n` says otherwise."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Parts the whole suite among processes; what is named on the command line begins sooner in this one.

    Here and not in `addopts`, where `-n` would be an unknown option under `-p no:xdist`.
    """
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    alone = "PYTEST_XDIST_WORKER" in os.environ or config.option.usepdb or config.option.collectonly
    if whole and not alone and config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None:
        config.option.numprocesses = PROCESSES
        config.option.dist = "worksteal"


def pytest_configure() -> None:
    """Hands on no deafness to Ctrl-C.

    What a shell starts in the background ignores SIGINT, and so would what that starts; a handler is not handed on.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)


Address = tuple[str, int] | tuple[str, int, int, int] | str | bytes


class NetworkClosedError(Exception):
    """A test reached for another machine. No OSError, so that no client takes it for a server that is down."""


def _local(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _closed_network() -> Iterator[None]:
    """Only loopback can be connected to, and only its names are looked up."""
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(address: Address) -> None:
        if isinstance(address, tuple) and not _local(address[0]):
            raise NetworkClosedError(f"tests have no network beyond loopback (asked for {address[0]})")

    def guarded_connect(self: socket.socket, address: Address) -> None:
        check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Address) -> int:
        check(address)
        return connect_ex(self, address)

    def guarded_lookup(host: str | bytes | None, *args: object, **named: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host or ""
        check((name, 0))
        return lookup(host, *args, **named)  # type: ignore[arg-type]  # handed on as it came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_lookup)
        yield
