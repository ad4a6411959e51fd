import asyncio
from collections.abc import AsyncIterator

import pytest
from aiortc.rtp import RtcpPacket, RtcpSrPacket

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import split_annex_b
from nvr.sim.faults import Faults
from nvr.sim.server import Simulator
from tests.nvr.sim.raw import SETUP_TRANSPORT, RawClient

SMALL = SimCamera("cam1", width=160, height=90, fps=50, gop_frames=10, bitrate_bps=200_000)
INTERVAL_90K = 90_000 // SMALL.fps


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator([SMALL, SimCamera("other")]) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[RawClient]:
    async with RawClient.to(sim.url("cam1")) as client:
        yield client


async def _packets_for_ever(client: RawClient) -> None:
    while True:
        await client.packet()


def _sign(timestamp: int) -> int:
    return (timestamp + 2**31) % 2**32 - 2**31


async def test_not_found_until_recovered(sim: Simulator, client: RawClient) -> None:
    sim.faults("cam1").answer_not_found()
    assert (await client.ask("DESCRIBE")).status == 404
    assert (await client.ask("OPTIONS")).status == 200
    sim.faults("cam1").recover()
    assert (await client.ask("DESCRIBE")).status == 200


async def test_fault_of_one_camera_is_not_the_other_ones(sim: Simulator, client: RawClient) -> None:
    sim.faults("other").answer_not_found()
    assert (await client.ask("DESCRIBE")).status == 200


async def test_unauthorized_whatever_is_sent(sim: Simulator, client: RawClient) -> None:
    sim.faults("cam1").answer_unauthorized()
    answer = await client.ask("DESCRIBE", Authorization="Basic dTpw")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_garbage_answers_describe(sim: Simulator, client: RawClient) -> None:
    sim.faults("cam1").answer_garbage()
    client.send("DESCRIBE")
    assert not (await client.reader.readexactly(4)).startswith(b"RTSP")


async def test_redirect_names_the_other_camera(sim: Simulator, client: RawClient) -> None:
    sim.faults("cam1").answer_redirect(sim.url("other"))
    answer = await client.ask("DESCRIBE")
    assert (answer.status, answer.headers["location"]) == (302, sim.url("other"))


@pytest.mark.parametrize("status", [453, 503])
async def test_busy_camera_describes_and_sets_nothing_up_until_recovered(
    sim: Simulator, client: RawClient, status: int
) -> None:
    sim.faults("cam1").answer_busy(status)
    assert (await client.ask("DESCRIBE")).status == 200
    assert (await client.ask("SETUP", uri=f"{client.url}/trackID=0", Transport=SETUP_TRANSPORT)).status == status
    sim.faults("cam1").recover()
    await client.play()


async def test_camera_asks_to_go_elsewhere_between_two_frames_and_plays_on(sim: Simulator, client: RawClient) -> None:
    await client.play()
    sim.faults("cam1").ask_redirect("rtsp://elsewhere/")
    asked = await client.reader.readuntil(b"Location: rtsp://elsewhere/\r\n\r\n")
    assert b"REDIRECT * RTSP/1.0\r\n" in asked
    await client.packet()


async def test_silent_camera_takes_requests_and_answers_none(sim: Simulator, client: RawClient) -> None:
    sim.faults("cam1").answer_nothing()
    client.send("OPTIONS")
    client.send("DESCRIBE")
    await sim.wait_request("cam1", "DESCRIBE")
    sim.faults("cam1").drop_connections()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await client.reader.readexactly(1)


async def test_frozen_stream_sends_nothing_and_goes_on_at_a_key_frame(sim: Simulator, client: RawClient) -> None:
    await client.play()
    before, _ = await client.access_unit()
    sim.faults("cam1").freeze()
    client.send("GET_PARAMETER")
    await sim.wait_request("cam1", "GET_PARAMETER")
    sent = sim.statistics("cam1").frames
    # Another camera's frames show that time has passed.
    async with RawClient.to(sim.url("other")) as second:
        await second.play()
        for _ in range(5):
            await second.access_unit()
    assert sim.statistics("cam1").frames == sent
    sim.faults("cam1").recover()
    while True:
        timestamp, data = await client.access_unit()
        if _sign(timestamp - before) > 2 * INTERVAL_90K:
            break
        before = timestamp
    assert any(nal[0] & 0x1F == 5 for nal in split_annex_b(data))


async def test_dropped_connection_ends_at_once(sim: Simulator, client: RawClient) -> None:
    await client.play()
    await client.rtp()
    sim.faults("cam1").drop_connections()
    assert await client.at_end()
    assert sim.players("cam1") == 0


async def test_connection_dropped_in_a_frame_ends_in_a_packet(sim: Simulator, client: RawClient) -> None:
    await client.play()
    await client.access_unit()
    sim.faults("cam1").drop_in_frame()
    with pytest.raises(asyncio.IncompleteReadError) as ended:
        await _packets_for_ever(client)
    assert ended.value.partial


async def test_lost_packets_leave_a_hole_of_their_number(sim: Simulator, client: RawClient) -> None:
    await client.play()
    before = await client.rtp()
    sim.faults("cam1").lose_packets(3)
    while True:
        packet = await client.rtp()
        if packet.sequence_number != before.sequence_number + 1 & 0xFFFF:
            break
        before = packet
    assert packet.sequence_number - before.sequence_number & 0xFFFF == 4
    assert sim.statistics("cam1").packets_lost == 3


async def test_garbage_stands_between_two_frames(sim: Simulator, client: RawClient) -> None:
    await client.play()
    await client.access_unit()
    sim.faults("cam1").send_garbage(b"\x00garbage\xff")
    with pytest.raises(AssertionError) as refused:
        await _packets_for_ever(client)
    assert refused.value.args == (b"\x00",)
    assert await client.reader.readexactly(8) == b"garbage\xff"
    await client.packet()


async def test_reset_begins_again_at_zero_with_a_key_frame(sim: Simulator, client: RawClient) -> None:
    await client.play()
    await client.access_unit()
    sim.faults("cam1").reset_timestamps()
    while True:
        timestamp, data = await client.access_unit()
        if timestamp == 0:
            break
    assert any(nal[0] & 0x1F == 5 for nal in split_annex_b(data))
    assert (await client.access_unit())[0] == INTERVAL_90K


@pytest.mark.parametrize("jump_90k", [900_000, -900_000])
async def test_jump_moves_every_later_timestamp(sim: Simulator, client: RawClient, jump_90k: int) -> None:
    await client.play()
    before, _ = await client.access_unit()
    sim.faults("cam1").jump_timestamps(jump_90k)
    while True:
        timestamp, _ = await client.access_unit()
        if _sign(timestamp - before) != INTERVAL_90K:
            break
        before = timestamp
    assert _sign(timestamp - before) == jump_90k + INTERVAL_90K
    assert _sign((await client.access_unit())[0] - timestamp) == INTERVAL_90K


async def test_expired_nonce_is_called_stale_once() -> None:
    camera = SimCamera("cam1", auth="digest", user="u", password="p")
    async with Simulator([camera]) as sim, RawClient.to(sim.url("cam1")) as client:
        challenge = (await client.ask("DESCRIBE")).headers["www-authenticate"]
        nonce = challenge.partition('nonce="')[2].partition('"')[0]
        sim.faults("cam1").expire_nonce()
        stale = await client.ask("DESCRIBE", Authorization=f'Digest username="u", nonce="{nonce}"')
        assert "stale=true" in stale.headers["www-authenticate"]
        assert nonce not in stale.headers["www-authenticate"]
        again = await client.ask("DESCRIBE", Authorization='Digest username="u", nonce="never given"')
        assert "stale" not in again.headers["www-authenticate"]


async def test_report_names_the_clock_of_the_camera() -> None:
    ahead = SimCamera("cam1", width=160, height=90, clock_offset_us=90_000_000)
    exact = SimCamera("cam2", width=160, height=90)
    seconds = []
    async with Simulator([ahead, exact]) as sim:
        for name in ("cam1", "cam2"):
            async with RawClient.to(sim.url(name)) as client:
                await client.play()
                channel, packet = await client.packet()
                report = RtcpPacket.parse(packet)[0]
                assert channel == 1
                assert isinstance(report, RtcpSrPacket)
                seconds.append(report.sender_info.ntp_timestamp >> 32)
    assert 80 < seconds[0] - seconds[1] <= 90


def test_once_means_once() -> None:
    faults = Faults()
    faults.lose_packets(5)
    faults.send_garbage(b"x")
    faults.jump_timestamps(7)
    faults.drop_in_frame()
    faults.expire_nonce()
    assert [faults.take_lost_packets(3), faults.take_lost_packets(3), faults.take_lost_packets(3)] == [3, 2, 0]
    assert [faults.take_garbage(), faults.take_garbage()] == [b"x", b""]
    assert [faults.take_jump_90k(), faults.take_jump_90k()] == [7, 0]
    assert [faults.take_cut(), faults.take_cut()] == [True, False]
    assert [faults.take_nonce_expiry(), faults.take_nonce_expiry()] == [True, False]
