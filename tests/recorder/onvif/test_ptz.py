"""A simulated dome is read as the design page says, whatever it tells and whatever it leaves out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SystemClock
from nvr.sim.onvif.camera import Head, Login, Oddity, OnvifCamera, Preset
from nvr.sim.onvif.server import OnvifSimulator
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import address_of
from recorder.onvif.device import OnvifDevice
from recorder.onvif.document import document
from recorder.onvif.ptz import OnvifDome, _place, _preset, _ranges
from recorder.ptz.position import Kind, Spaces, position_of
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust

PRESETS = (Preset("1", "Mairie", 0.5, -1.0), Preset("2", "", -0.5, 1.0, 1.0))
HEAD = Head(presets=PRESETS)


@asynccontextmanager
async def dome_of(camera: OnvifCamera, profile: str | None = None) -> AsyncIterator[tuple[OnvifDome, OnvifSimulator]]:
    async with OnvifSimulator(camera) as simulator:
        device = await OnvifDevice.connect(
            address_of(simulator.url), Credentials("viewer", "pass"), clock=SystemClock(), trust=Trust(), timeout_s=20
        )
        yield OnvifDome(device, profile), simulator


@pytest.mark.parametrize("login", ["none", "token", "digest"])
async def test_dome_that_knows_degrees_tells_them(login: Login) -> None:
    camera = OnvifCamera(login=login, head=Head(presets=PRESETS, default_degrees=True))
    async with dome_of(camera) as (dome, simulator):
        described = await dome.describe()
        assert simulator.head is not None
        simulator.head.look(-0.25, 0.0, 0.5)
        position = position_of(await dome.read(), described.spaces)
    assert (position.kind, position.pan, position.tilt) == (Kind.DEGREES, -45_000, -45_000)
    assert position.zoom_milli == 500
    assert [(each.name, each.position.pan, each.position.zoom_milli) for each in described.presets] == [
        ("Mairie", 90_000, 0),
        ("2", -90_000, 1000),
    ]


@pytest.mark.parametrize(("degrees", "kind", "pan"), [(True, Kind.DEGREES, 90_000), (False, Kind.GENERIC, 500)])
async def test_generic_space_is_laid_over_degrees_only_where_the_dome_tells_them(
    degrees: bool, kind: Kind, pan: int
) -> None:
    async with dome_of(OnvifCamera(head=Head(presets=PRESETS, degrees=degrees))) as (dome, simulator):
        described = await dome.describe()
        assert simulator.head is not None
        simulator.head.go("1")
        position = position_of(await dome.read(), described.spaces)
    assert (position.kind, position.pan) == (kind, pan)
    assert described.presets[0].position == position


@pytest.mark.parametrize(
    ("tells", "moves", "expected"), [(True, True, True), (True, False, False), (False, True, None)]
)
async def test_movement_is_what_the_dome_says(tells: bool, moves: bool, expected: bool | None) -> None:
    async with dome_of(OnvifCamera(head=Head(tells_movement=tells))) as (dome, simulator):
        await dome.describe()
        assert simulator.head is not None
        simulator.head.moving = moves
        assert (await dome.read()).moving is expected


async def test_dome_that_tells_no_position_is_not_given_one() -> None:
    async with dome_of(OnvifCamera(head=Head(tells_position=False))) as (dome, _):
        described = await dome.describe()
        assert not position_of(await dome.read(), described.spaces).is_known


@pytest.mark.parametrize("media", [True, False])
async def test_dome_of_any_generation_is_read(media: bool) -> None:
    camera = OnvifCamera(head=HEAD, media=media, get_services=media, media2=True)
    if not media:  # an old device without either media service names no profile
        async with dome_of(camera) as (dome, _):
            with pytest.raises(CameraUnreachable) as refused:
                await dome.describe()
            assert refused.value.cause is Cause.NOT_FOUND
        return
    async with dome_of(camera) as (dome, _):
        assert len((await dome.describe()).presets) == 2


@pytest.mark.parametrize(
    ("camera", "profile", "cause"),
    [
        pytest.param(OnvifCamera(), None, Cause.NOT_FOUND, id="no head"),
        pytest.param(OnvifCamera(head=HEAD), "other", Cause.NOT_FOUND, id="no such profile"),
        pytest.param(OnvifCamera(head=HEAD, profiles=()), None, Cause.NOT_FOUND, id="no profile"),
        pytest.param(OnvifCamera(head=HEAD, password="other"), None, Cause.UNAUTHORIZED, id="login"),
    ],
)
async def test_what_is_missing_is_named(camera: OnvifCamera, profile: str | None, cause: Cause) -> None:
    async with dome_of(camera, profile) as (dome, _):
        with pytest.raises(CameraUnreachable) as refused:
            await dome.describe()
    assert refused.value.cause is cause


@pytest.mark.parametrize("oddity", ["html", "no-xml", "entities", "deep", "fault", "closes", "busy", "huge"])
async def test_odd_answers_are_a_cause_and_nothing_else(oddity: Oddity) -> None:
    async with dome_of(OnvifCamera(head=HEAD, oddity=oddity)) as (dome, _):
        with pytest.raises(CameraUnreachable):
            await dome.describe()
        with pytest.raises(CameraUnreachable):
            await dome.read()


SCHEMA = 'xmlns:tt="http://www.onvif.org/ver10/schema"'
words = st.text(alphabet=st.characters(codec="ascii", exclude_characters='<>&"'), max_size=40)


@given(x=words, y=words, zoom=words, space=words, name=words, least=words, most=words)
def test_whatever_stands_in_an_answer_is_read(
    x: str, y: str, zoom: str, space: str, name: str, least: str, most: str
) -> None:
    told = fromstring(
        f'<Preset token="{_plain(name)}"><Name>{_plain(name)}</Name><PTZPosition>'
        f'<PanTilt x="{_plain(x)}" y="{_plain(y)}" space="{_plain(space)}"/><Zoom x="{_plain(zoom)}"/>'
        f"</PTZPosition><XRange><Min>{_plain(least)}</Min><Max>{_plain(most)}</Max></XRange></Preset>"
    )
    _ranges(told)
    preset = _preset(told, Spaces())
    assert preset.position == position_of(_place(told.find("PTZPosition")), Spaces())


def _plain(word: str) -> str:
    return "".join(sign for sign in word if sign.isprintable())


def test_empty_elements_are_nothing() -> None:
    root: Element = document(b"<a/>", "soap")
    assert _place(root) == _place(None)
    assert _ranges(root) is None
