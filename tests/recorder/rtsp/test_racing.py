import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from nvr.sim.server import HOST, Simulator
from recorder.rtsp import racing
from recorder.rtsp.racing import Address, alternating, connected_socket, race
from tests.recorder.city import SMALL
from tests.recorder.rtsp.player import play

DEAD, DEAD_TOO = (socket.AF_INET6, ("2001:db8::1", 554, 0, 0)), (socket.AF_INET6, ("2001:db8::2", 554, 0, 0))
ALIVE = (socket.AF_INET, ("192.0.2.1", 554))
GONE = (socket.AF_INET, ("192.0.2.2", 554))


class Routes:
    """What becomes of each address: an error, a connection, or nothing at all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **ends: Exception | None) -> None:
        self.asked: list[str] = []
        self.given_up: list[str] = []
        self.made: list[socket.socket] = []
        self.both_asked = asyncio.Event()
        self._ends = ends
        monkeypatch.setattr(racing, "STAGGER_S", 0.001)
        monkeypatch.setattr(racing, "_connected", self._connect)

    async def _connect(self, address: Address) -> socket.socket:
        host = address[1][0]
        self.asked.append(host)
        if len(self.asked) == 2:
            self.both_asked.set()
        if host not in self._ends:
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up.append(host)
        if (error := self._ends[host]) is not None:
            raise error
        self.made.append(socket.socket())
        return self.made[-1]


def test_families_take_turns_and_the_preferred_one_begins() -> None:
    assert alternating([DEAD, DEAD_TOO, ALIVE]) == [DEAD, ALIVE, DEAD_TOO]
    assert alternating([ALIVE, GONE]) == [ALIVE, GONE]
    assert alternating([ALIVE, DEAD]) == [ALIVE, DEAD]


async def test_address_that_answers_wins_over_one_that_hangs_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routes = Routes(monkeypatch, **{"192.0.2.1": None})
    with await race([DEAD, ALIVE, DEAD_TOO]) as won:
        await asyncio.sleep(0)
        assert [won] == routes.made
        assert won.fileno() >= 0
    assert (routes.asked, routes.given_up) == (["2001:db8::1", "192.0.2.1"], ["2001:db8::1"])


async def test_address_that_fails_at_once_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = Routes(monkeypatch, **{"2001:db8::1": OSError("no route"), "192.0.2.1": None})
    monkeypatch.setattr(racing, "STAGGER_S", 3600)
    (await race([DEAD, ALIVE])).close()
    assert routes.asked == ["2001:db8::1", "192.0.2.1"]


@pytest.mark.parametrize("others", [[DEAD], []])
async def test_refusal_is_told_rather_than_a_route_that_is_missing(
    others: list[Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    Routes(monkeypatch, **{"2001:db8::1": OSError("no route"), "192.0.2.2": ConnectionRefusedError()})
    with pytest.raises(ConnectionRefusedError):
        await race([*others, GONE])


async def test_race_that_is_cancelled_gives_up_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = Routes(monkeypatch)
    racing_task = asyncio.create_task(race([DEAD, DEAD_TOO]))
    await routes.both_asked.wait()
    racing_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing_task
    await asyncio.sleep(0)
    assert sorted(routes.given_up) == ["2001:db8::1", "2001:db8::2"]


async def test_second_winner_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    together = asyncio.Event()

    class Both(Routes):
        async def _connect(self, address: Address) -> socket.socket:
            made = await super()._connect(address)
            await together.wait()  # as both wake in one turn of the loop, one wait sees both
            return made

    routes = Both(monkeypatch, **{"2001:db8::1": None, "192.0.2.1": None})
    task = asyncio.create_task(race([DEAD, ALIVE]))
    await routes.both_asked.wait()
    together.set()
    with await task as won:
        await asyncio.sleep(0)
        assert [made.fileno() >= 0 for made in routes.made] == [made is won for made in routes.made]


def _resolving(*found: Address) -> Callable[..., Any]:
    async def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, Any]]:
        return [(family, socket.SOCK_STREAM, 0, "", address) for family, address in found]

    return resolve


async def test_camera_whose_sixth_version_is_dead_plays_by_the_fourth(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = racing._connected

    async def dead_or_alive(address: Address) -> socket.socket:
        if address == DEAD:
            await asyncio.Event().wait()
        return await connect(address)

    async with Simulator([SMALL]) as sim:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", _resolving(DEAD, (socket.AF_INET, (HOST, sim.port))))
        monkeypatch.setattr(racing, "_connected", dead_or_alive)
        session, sink = await play(f"rtsp://both.example:{sim.port}/cam1")
        await sink.arrived.wait()
        session.close()


async def test_literal_address_is_connected_to() -> None:
    async with Simulator([SMALL]) as sim:
        with await connected_socket(HOST, sim.port) as made:
            assert made.getpeername() == (HOST, sim.port)
            assert not made.getblocking()
