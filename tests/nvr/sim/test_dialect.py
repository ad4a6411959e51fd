import pytest

from nvr.sim.camera import SimCamera
from nvr.sim.dialect import Dialect
from nvr.sim.server import Simulator
from tests.nvr.sim.raw import SETUP_TRANSPORT, RawClient


def _camera(dialect: Dialect) -> SimCamera:
    return SimCamera("cam1", width=160, height=90, dialect=dialect)


@pytest.mark.parametrize(
    ("dialect", "base", "control"),
    [
        (Dialect(), "{url}/", "trackID=0"),
        (Dialect(content_base=None), None, "trackID=0"),
        (Dialect(content_base="here/{path}/"), "here/cam1/", "trackID=0"),
        (Dialect(control="{uri}/{track}"), "{url}/", "{url}/trackID=0"),
        (Dialect(jpeg_first=True), "{url}/", "trackID=0"),
    ],
)
async def test_description_is_written_as_told(dialect: Dialect, base: str | None, control: str) -> None:
    async with Simulator([_camera(dialect)]) as sim, RawClient.to(sim.url("cam1")) as client:
        answer = await client.ask("DESCRIBE")
    assert answer.headers.get("content-base") == (None if base is None else base.format(url=client.url))
    assert f"a=control:{control.format(url=client.url)}\r\n".encode() in answer.body
    assert (b"JPEG" in answer.body) == dialect.jpeg_first


async def test_answers_are_written_as_told() -> None:
    dialect = Dialect(
        public=None,
        refuses=frozenset({"GET_PARAMETER"}),
        transport="x;{channels}",
        names_timeout=False,
        rtp_info="none",
        aggregate=False,
    )
    async with Simulator([_camera(dialect)]) as sim, RawClient.to(sim.url("cam1")) as client:
        assert "public" not in (await client.ask("OPTIONS")).headers
        assert (await client.ask("GET_PARAMETER")).status == 501
        set_up = await client.ask("SETUP", uri=f"{client.url}/trackID=0", Transport=SETUP_TRANSPORT)
        assert set_up.headers["transport"] == "x;0-1"
        client.session = set_up.headers["session"]
        assert ";" not in client.session
        assert (await client.ask("PLAY")).status == 459
        assert (await client.ask("PLAY", uri=f"{client.url}/trackID=0")).headers["rtp-info"] == "none"


async def test_packets_and_reports_come_on_the_channels_that_are_told() -> None:
    async with Simulator([_camera(Dialect(sends_on=(7, 3)))]) as sim, RawClient.to(sim.url("cam1")) as client:
        await client.play()
        assert {(await client.packet())[0] for _ in range(5)} == {3, 7}


async def test_options_that_are_guarded_ask_for_the_password() -> None:
    camera = SimCamera("cam1", width=160, height=90, auth="basic", dialect=Dialect(guards_options=True))
    async with Simulator([camera]) as sim, RawClient.to(sim.url("cam1")) as client:
        assert (await client.ask("OPTIONS")).status == 401
