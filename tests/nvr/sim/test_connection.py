import asyncio
from collections.abc import AsyncIterator

import pytest

from nvr.sim.camera import SimCamera
from nvr.sim.server import Simulator
from tests.nvr.sim.raw import SETUP_TRANSPORT, RawClient

SMALL = SimCamera("cam1", width=160, height=90, session_timeout_s=30)
HEARD = SimCamera("heard", width=160, height=90, audio=True)
BRIEF = SimCamera("brief", width=160, height=90, session_timeout_s=1)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator([SMALL, HEARD, BRIEF]) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[RawClient]:
    async with RawClient.to(sim.url("cam1")) as client:
        yield client


async def test_options_names_every_method(client: RawClient) -> None:
    expected = {"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"}
    for uri in (client.url, "*"):
        answer = await client.ask("OPTIONS", uri=uri)
        assert set(answer.headers["public"].split(", ")) == expected


async def test_describe_gives_video_alone_unless_the_camera_hears(sim: Simulator, client: RawClient) -> None:
    video = await client.ask("DESCRIBE")
    assert video.headers["content-base"] == f"{client.url}/"
    assert b"m=video" in video.body
    assert b"m=audio" not in video.body
    heard = await client.ask("DESCRIBE", uri=sim.url("heard"))
    assert b"m=audio 0 RTP/AVP 0\r\n" in heard.body


async def test_camera_that_does_not_exist_is_not_found(client: RawClient) -> None:
    assert (await client.ask("DESCRIBE", uri=client.url + "9")).status == 404


@pytest.mark.parametrize(
    ("track", "transport", "status"),
    [
        ("trackID=0", "RTP/AVP;unicast;client_port=5000-5001", 461),
        ("trackID=0", "RTP/AVP/TCP;unicast;interleaved=256-257", 461),
        ("trackID=1", SETUP_TRANSPORT, 404),
        ("trackID=7", SETUP_TRANSPORT, 404),
        ("trackID=0", "RTP/AVP/TCP;unicast;interleaved=4-5", 200),
    ],
)
async def test_setup_takes_interleaved_tracks_that_exist(
    client: RawClient, track: str, transport: str, status: int
) -> None:
    assert (await client.ask("SETUP", uri=f"{client.url}/{track}", Transport=transport)).status == status


async def test_media_comes_on_the_channel_that_was_asked_for(client: RawClient) -> None:
    answer = await client.ask("SETUP", uri=f"{client.url}/trackID=0", Transport="RTP/AVP/TCP;interleaved=6-7")
    session = answer.headers["session"]
    assert session.endswith(";timeout=30")
    await client.ask("PLAY", Session=session.partition(";")[0])
    assert {(await client.packet())[0] for _ in range(5)} == {6, 7}


@pytest.mark.parametrize("method", ["PLAY", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"])
async def test_session_that_was_never_given_is_not_found(client: RawClient, method: str) -> None:
    assert (await client.ask(method, Session="made up")).status == 454


async def test_method_that_no_camera_knows_is_not_allowed(client: RawClient) -> None:
    assert (await client.ask("ANNOUNCE")).status == 405


async def test_setup_while_playing_is_not_valid(client: RawClient) -> None:
    await client.play()
    answer = await client.ask("SETUP", uri=f"{client.url}/trackID=0", Transport=SETUP_TRANSPORT)
    assert answer.status == 455


async def test_keep_alive_is_answered_between_packets(client: RawClient) -> None:
    await client.play()
    await client.rtp()
    assert (await client.ask("GET_PARAMETER")).status == 200
    assert (await client.ask("SET_PARAMETER")).status == 200
    await client.rtp()


async def test_teardown_ends_the_media_and_not_the_connection(sim: Simulator, client: RawClient) -> None:
    await client.play()
    await client.rtp()
    assert (await client.ask("TEARDOWN")).status == 200
    assert sim.players("cam1") == 0
    client.session = ""
    client.send("OPTIONS")
    assert await client.reader.readexactly(4) == b"RTSP"


async def test_second_play_changes_nothing(sim: Simulator, client: RawClient) -> None:
    await client.play()
    timestamp, _ = await client.access_unit()
    assert (await client.ask("PLAY")).status == 200
    assert sim.players("cam1") == 1
    assert (await client.access_unit())[0] - timestamp & 0xFFFF_FFFF < 90_000


async def test_silent_session_is_closed_and_counted(sim: Simulator) -> None:
    async with RawClient.to(sim.url("brief")) as client:
        await client.play()
        assert await client.at_end()
    assert sim.statistics("brief").sessions_timed_out == 1
    assert sim.players("brief") == 0


async def test_receiver_reports_keep_a_session_alive(sim: Simulator) -> None:
    async with RawClient.to(sim.url("brief")) as client:
        await client.play()
        first, _ = await client.access_unit()
        timestamp = first
        while timestamp - first & 0xFFFF_FFFF < 2 * 90_000:
            client.writer.write(b"$\x01\x00\x04\x80\xc9\x00\x00")
            timestamp, _ = await client.access_unit()
    assert sim.statistics("brief").sessions_timed_out == 0


async def test_what_is_no_request_is_answered_400_and_closed(client: RawClient) -> None:
    client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert (await client.reader.readuntil(b"\r\n")).startswith(b"RTSP/1.0 400 ")
    assert await client.at_end()


async def test_setup_of_sound_is_on_record(sim: Simulator) -> None:
    async with RawClient.to(sim.url("heard")) as client:
        await client.play()
        assert "/heard/trackID=1" not in [f"/{'/'.join(each.path)}" for each in sim.requests("heard")]
        await client.ask("TEARDOWN")
        client.session = ""
        await client.ask("SETUP", uri=f"{client.url}/trackID=1", Transport="RTP/AVP/TCP;interleaved=2-3")
    assert [each.path for each in sim.requests("heard") if each.method == "SETUP"] == [
        ("heard", "trackID=0"),
        ("heard", "trackID=1"),
    ]


async def test_vanished_client_plays_no_more(sim: Simulator) -> None:
    async with RawClient.to(sim.url("cam1")) as client:
        await client.play()
        await client.rtp()
        assert sim.players("cam1") == 1
    while sim.players("cam1"):  # noqa: ASYNC110 -- the server notices in a later turn of the loop
        await asyncio.sleep(0)


async def test_basic_lets_the_right_client_in() -> None:
    camera = SimCamera("cam1", width=160, height=90, auth="basic", user="u", password="p")
    async with Simulator([camera]) as sim, RawClient.to(sim.url("cam1")) as client:
        assert (await client.ask("DESCRIBE")).status == 401
        assert (await client.ask("OPTIONS")).status == 200
        await client.play(Authorization="Basic dTpw")
        await client.rtp()
