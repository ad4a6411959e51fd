"""What systemd hears."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.app.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(5)
        yield end


def test_each_state_is_one_datagram(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"})
    notifier.ready()
    notifier.alive()
    notifier.stopping()
    assert [manager.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
    assert notifier.watchdog_s == 30


def test_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("")  # the kernel gives an abstract name
        end.settimeout(5)
        name = end.getsockname()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:].decode()}).ready()
        assert end.recv(99) == b"READY=1"


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "1000000"}, {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1"}])
def test_without_a_manager_nothing_is_said_and_nothing_watches(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    notifier.ready()
    assert notifier.watchdog_s is None


def test_manager_that_does_not_hear_ends_nothing(tmp_path: Path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1000000"})
    notifier.alive()
    notifier.ready()
