import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from nvr.base.clock import SimClock
from nvr.sim.server import HOST, Simulator
from recorder.errors import CameraUnreachable
from recorder.rtsp.client import RtspClient
from recorder.rtsp.protocol import BUFFER_BYTES, MAX_ROUND_BYTES, MAX_TICK_BYTES, RtspProtocol
from recorder.rtsp.rounds import PARTS, PERIOD_US, Rounds, Waiting
from recorder.rtsp.trust import Trust
from recorder.rtsp.url import parse_url
from tests.recorder.certificates import certificate
from tests.recorder.city import SMALL
from tests.recorder.rtp import frame
from tests.recorder.rtsp.player import play
from tests.recorder.rtsp.test_protocol import EXPECTED, Bench


class Member:
    def __init__(self, turns: "list[Member]", then: Callable[[], None] = lambda: None) -> None:
        self.turns = turns
        self.then = then

    def read_waiting(self) -> None:
        self.turns.append(self)
        self.then()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def _running(rounds: Rounds) -> AsyncIterator[None]:
    task = asyncio.create_task(rounds.run())
    await _settled()
    yield
    task.cancel()
    await asyncio.wait([task])


async def _advance(clock: SimClock, us: int) -> None:
    clock.advance(us)
    await _settled()


async def test_each_connection_has_one_turn_in_a_period_and_a_part_of_them_at_a_time() -> None:
    clock, turns = SimClock(), list[Member]()
    rounds, members = Rounds(clock), [Member(turns) for _ in range(2 * PARTS)]
    for member in members:
        rounds.join(member)
    async with _running(rounds):
        for part in range(PARTS):
            await _advance(clock, PERIOD_US // PARTS)
            assert turns == [member for at in range(part + 1) for member in members[at::PARTS]]
        await _advance(clock, PERIOD_US // PARTS)
        assert turns[len(members) :] == members[::PARTS]


async def test_rounds_that_were_missed_are_not_made_up_for() -> None:
    clock, turns = SimClock(), list[Member]()
    rounds = Rounds(clock)
    rounds.join(Member(turns))
    async with _running(rounds):
        await _advance(clock, 100 * PERIOD_US)
        await _settled()
        assert len(turns) == 1
        for _ in range(PARTS):
            await _advance(clock, PERIOD_US // PARTS)
        assert len(turns) == 2


async def test_connection_that_leaves_or_joins_in_its_turn_disturbs_no_other() -> None:
    clock, turns = SimClock(), list[Member]()
    rounds = Rounds(clock)
    new = Member(turns)

    def change() -> None:
        rounds.leave(first)
        rounds.leave(first)
        rounds.join(new)

    first = Member(turns, change)
    others = [Member(turns) for _ in range(PARTS)]
    for member in (first, *others):
        rounds.join(member)
    async with _running(rounds):
        for _ in range(2 * PARTS):
            await _advance(clock, PERIOD_US // PARTS)
    assert turns.count(first) == 1
    assert {turns.count(other) for other in others} == {2}
    assert new in turns


async def test_fault_in_a_turn_ends_the_rounds_loudly() -> None:
    clock = SimClock()
    rounds = Rounds(clock)

    def fault() -> None:
        raise ZeroDivisionError

    rounds.join(Member([], fault))
    task = asyncio.create_task(rounds.run())
    await _settled()
    await _advance(clock, PERIOD_US // PARTS)
    with pytest.raises(ZeroDivisionError):
        await task


class Line:
    """A session that is read in rounds over a real connection, whose camera the test plays."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.rounds = Rounds(self.bench.clock)
        client = RtspClient(parse_url("rtsp://cam1/live"), None)
        self.session = RtspProtocol(client, self.bench.clock, self.bench.begin, rounds=self.rounds)

    async def connect(self) -> None:
        """Up to PLAY; `camera` is the other side."""
        with socket.create_server((HOST, 0)) as server:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self.session, *server.getsockname())
            self.camera, _ = server.accept()
        self.camera.setblocking(False)
        await loop.sock_sendall(self.camera, self.bench.setup())
        await self.session.played()

    async def send(self, data: bytes) -> None:
        """In the kernel's hands on the other side when this returns."""
        await asyncio.get_running_loop().sock_sendall(self.camera, data)


def _cut(line: Line) -> None:
    line.camera.close()


def _reset(line: Line) -> None:
    line.camera.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.camera.close()


LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "the loop of the roles"])
Run = Callable[[Coroutine[Any, Any, None]], None]


@LOOPS
def test_session_that_plays_is_read_in_its_turn_alone(run: Run) -> None:
    async def scenario() -> None:
        line = Line()
        await line.connect()
        before = line.session.bytes_read
        await line.send(line.bench.pictures())
        await _settled()
        assert line.session.bytes_read == before
        line.session.read_waiting()
        line.session.read_waiting()
        assert line.bench.stored() == EXPECTED
        line.session.close()
        line.session.read_waiting()
        line.camera.close()

    run(scenario())


@LOOPS
@pytest.mark.parametrize("end", [_cut, _reset])
def test_end_of_a_connection_is_told_in_the_turn_behind_the_pictures(end: Callable[[Line], None], run: Run) -> None:
    async def scenario() -> None:
        line = Line()
        await line.connect()
        await line.send(line.bench.pictures())
        line.session.read_waiting()
        end(line)
        line.session.read_waiting()
        with pytest.raises(CameraUnreachable, match="closed"):
            await line.session.ended()
        assert line.bench.stored() == EXPECTED

    run(scenario())


async def test_flood_ahead_of_the_answer_to_play_is_held_back_too() -> None:
    line = Line()
    with socket.create_server((HOST, 0)) as server:
        await asyncio.get_running_loop().create_connection(lambda: line.session, *server.getsockname())
        line.camera, _ = server.accept()
    line.camera.setblocking(False)
    sending = asyncio.create_task(line.send(frame(9, bytes(65_000)) * (3 * MAX_TICK_BYTES // 65_000)))
    for _ in range(5000):
        await asyncio.sleep(0)
    assert MAX_TICK_BYTES < line.session.bytes_read <= MAX_TICK_BYTES + 2 * BUFFER_BYTES
    assert not sending.done()
    sending.cancel()
    await asyncio.wait([sending])
    line.session.close()
    line.camera.close()


@LOOPS
def test_flood_is_read_in_portions_and_the_pictures_behind_it_come(run: Run) -> None:
    async def scenario() -> None:
        line = Line()
        await line.connect()
        foreign = frame(9, b"\x80" + bytes(65_000))
        flood = foreign * (4 * MAX_ROUND_BYTES // len(foreign))
        sending = asyncio.create_task(line.send(line.bench.pictures(0, 25) + flood + line.bench.pictures(25, 25)))
        while not sending.done() or len(line.bench.stored()) < len(EXPECTED):
            before = line.session.bytes_read
            line.session.read_waiting()
            assert line.session.bytes_read - before < MAX_ROUND_BYTES + BUFFER_BYTES
            await asyncio.sleep(0)
        assert line.bench.stored() == EXPECTED
        line.session.close()
        line.camera.close()

    run(scenario())


def _members(rounds: Rounds) -> list[Waiting]:
    return [member for part in rounds._parts for member in part]


@LOOPS
def test_encrypted_session_is_left_out_of_the_rounds_and_read_as_the_event_loop_does_it(
    run: Run, tmp_path: Path
) -> None:
    path = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    trust = Trust(ssl.create_default_context(cafile=str(path)))

    async def scenario() -> None:
        rounds = Rounds(SimClock())
        async with Simulator([SMALL], tls=server) as sim:
            session, sink = await play(sim.url("cam1"), trust=trust, rounds=rounds)
            with contextlib.closing(session):
                assert _members(rounds) == []
                sink.arrived.clear()  # by what came with the answer to PLAY
                await sink.arrived.wait()

    run(scenario())


@LOOPS
def test_session_in_clear_is_read_in_the_rounds_from_the_answer_to_play_until_its_end(run: Run) -> None:
    async def scenario() -> None:
        rounds = Rounds(SimClock())
        async with Simulator([SMALL]) as sim:
            session, _ = await play(sim.url("cam1"), rounds=rounds)
            with contextlib.closing(session):
                assert _members(rounds) == [session]
            assert _members(rounds) == []

    run(scenario())
