import asyncio
import hashlib
import ssl
from pathlib import Path
from typing import Literal

import pytest

from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND
from nvr.sim.onvif.camera import Head, Login, Oddity, OnvifCamera, Preset
from nvr.sim.onvif.server import OnvifSimulator
from recorder.errors import CameraUnreachable, Cause
from recorder.onvif.address import address_of
from recorder.onvif.device import Information, OnvifDevice
from recorder.onvif.document import text
from recorder.onvif.soap import MEDIA2, PTZ, leaf
from recorder.rtsp.auth import Credentials
from recorder.rtsp.trust import Trust
from tests.recorder.certificates import certificate

RIGHT = Credentials("viewer", "pass")
YEARS_OFF_S = -7 * 365 * 86_400


async def connected(
    simulator: OnvifSimulator,
    credentials: Credentials | None = RIGHT,
    *,
    trust: Trust | None = None,
    timeout_s: float = 20.0,
) -> OnvifDevice:
    return await OnvifDevice.connect(
        address_of(simulator.url), credentials, clock=SystemClock(), trust=trust or Trust(), timeout_s=timeout_s
    )


@pytest.mark.parametrize("login", ["none", "token", "digest", "either"])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_device_is_asked_with_whatever_login_it_wants(login: Login, algorithm: Literal["MD5", "SHA-256"]) -> None:
    camera = OnvifCamera(login=login, digest_algorithm=algorithm, make="Axis", model="Q6315-LE", serial="ACCC8E")
    async with OnvifSimulator(camera) as simulator:
        device = await connected(simulator)
        assert await device.information() == Information("Axis", "Q6315-LE", "1.0.0", "ACCC8E")


async def test_clock_that_is_years_off_is_measured_and_the_token_follows_it() -> None:
    async with OnvifSimulator(OnvifCamera(login="token", clock_offset_s=YEARS_OFF_S)) as simulator:
        device = await connected(simulator)
        assert device.clock_offset_us is not None
        assert abs(device.clock_offset_us - YEARS_OFF_S * US_PER_SECOND) < 2 * US_PER_SECOND
        await device.information()
    assert simulator.refused == 0


@pytest.mark.parametrize("login", ["token", "digest"])
async def test_wrong_password_is_tried_once(login: Login) -> None:
    async with OnvifSimulator(OnvifCamera(login=login)) as simulator:
        device = await connected(simulator, Credentials("viewer", "wrong"))
        with pytest.raises(CameraUnreachable) as refused:
            await device.information()
    assert refused.value.cause is Cause.UNAUTHORIZED
    assert simulator.refused == 1
    assert "wrong" not in str(refused.value)


async def test_stale_nonce_is_answered_anew() -> None:
    async with OnvifSimulator(OnvifCamera(login="digest")) as simulator:
        device = await connected(simulator)
        await device.information()
        simulator.door.renew_nonce()
        assert (await device.information()).make == "Simulated"


async def test_device_that_guards_its_clock_is_asked_all_the_same() -> None:
    async with OnvifSimulator(OnvifCamera(login="digest", guards_clock=True)) as simulator:
        device = await connected(simulator)
        assert (await device.information()).model == "SIM-1"


async def test_clock_that_is_not_told_is_not_known() -> None:
    async with OnvifSimulator(OnvifCamera(clock=False)) as simulator:
        assert (await connected(simulator)).clock_offset_us is None


@pytest.mark.parametrize(
    ("oddity", "cause"),
    [
        ("html", Cause.GARBAGE),
        ("no-xml", Cause.GARBAGE),
        ("huge", Cause.GARBAGE),
        ("entities", Cause.GARBAGE),
        ("deep", Cause.GARBAGE),
        ("fault", Cause.REJECTED),
        ("redirect", Cause.REDIRECTED),
        ("closes", Cause.CLOSED),
        ("busy", Cause.BUSY),
    ],
)
async def test_answer_that_is_none_becomes_a_cause(oddity: Oddity, cause: Cause) -> None:
    async with OnvifSimulator(OnvifCamera(oddity=oddity)) as simulator:
        device = await connected(simulator)
        with pytest.raises(CameraUnreachable) as failed:
            await device.information()
    assert failed.value.cause is cause


async def test_device_that_does_not_answer_is_given_up() -> None:
    async with OnvifSimulator(OnvifCamera(oddity="silent")) as simulator:
        device = await connected(simulator, timeout_s=0.5)
        with pytest.raises(CameraUnreachable) as failed:
            await device.information()
    assert failed.value.cause is Cause.TIMEOUT


async def test_nobody_there_is_told_as_refused() -> None:
    async with OnvifSimulator(OnvifCamera()) as simulator:
        pass
    with pytest.raises(CameraUnreachable) as failed:
        await connected(simulator)
    assert failed.value.cause is Cause.REFUSED


async def test_services_are_asked_where_the_camera_was_reached_whatever_host_it_names() -> None:
    camera = OnvifCamera(named_host="192.0.2.77", head=Head(presets=(Preset("1", "gate", 0.5, -0.25),)))
    async with OnvifSimulator(camera) as simulator:
        device = await connected(simulator)
        places = await device.services()
        assert {(place.host, place.port) for place in places.values()} == {("127.0.0.1", simulator.port)}
        presets = await device.call(PTZ, "GetPresets", leaf("ProfileToken", "main"))
    assert [text(preset, "Name") for preset in presets.findall("Preset")] == ["gate"]


async def test_services_of_an_old_device_are_found_without_get_services() -> None:
    camera = OnvifCamera(get_services=False, media2=False, head=Head())
    async with OnvifSimulator(camera) as simulator:
        device = await connected(simulator)
        answer = await device.call(PTZ, "GetStatus", leaf("ProfileToken", "main"))
        assert text(answer, "PTZStatus", "MoveStatus", "PanTilt") == "IDLE"
        with pytest.raises(CameraUnreachable) as missing:
            await device.call(MEDIA2, "GetProfiles")
    assert missing.value.cause is Cause.NOT_FOUND


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("onvif"))


@pytest.fixture(scope="module")
def shows(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_certificate_that_nobody_signed_is_refused(shows: ssl.SSLContext) -> None:
    async with OnvifSimulator(OnvifCamera(), tls=shows) as simulator:
        with pytest.raises(CameraUnreachable) as failed:
            await connected(simulator)
    assert failed.value.cause is Cause.UNTRUSTED
    assert simulator.operations == []


async def test_pinned_certificate_is_admitted_and_another_is_sent_nothing(pem: Path, shows: ssl.SSLContext) -> None:
    both = await asyncio.to_thread(pem.read_text)
    der = ssl.PEM_cert_to_DER_cert(both[both.index(ssl.PEM_HEADER) :])
    async with OnvifSimulator(OnvifCamera(), tls=shows) as simulator:
        device = await connected(simulator, trust=Trust(pins={"127.0.0.1": hashlib.sha256(der).hexdigest()}))
        assert (await device.information()).make == "Simulated"
        asked = len(simulator.operations)
        with pytest.raises(CameraUnreachable) as failed:
            await connected(simulator, trust=Trust(pins={"127.0.0.1": "00" * 32}))
    assert failed.value.cause is Cause.UNTRUSTED
    assert len(simulator.operations) == asked


async def test_token_of_an_operation_is_escaped() -> None:
    async with OnvifSimulator(OnvifCamera(head=Head())) as simulator:
        device = await connected(simulator, Credentials("viewer", "pass"))
        with pytest.raises(CameraUnreachable) as failed:
            await device.call(PTZ, "GotoPreset", leaf("PresetToken", "<&>"))
    assert (failed.value.cause, failed.value.fields["status"]) == (Cause.REJECTED, "NoToken")
