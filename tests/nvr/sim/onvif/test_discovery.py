import asyncio
import socket
from xml.etree.ElementTree import fromstring

from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.discovery import Answering

PROBE = b"<s:Envelope><a:MessageID>urn:uuid:1-2</a:MessageID><d:Probe/></s:Envelope>"


async def answer_to(probe: bytes, camera: OnvifCamera) -> bytes:
    """What comes back within a moment; nothing for silence."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as asking:
        asking.bind(("127.0.0.1", 0))
        async with Answering(camera, "http://h/onvif", port=0) as answering:
            await loop.sock_sendto(asking, probe, ("127.0.0.1", answering.port))
            try:
                async with asyncio.timeout(0.5):
                    return await loop.sock_recv(asking, 65_536)
            except TimeoutError:
                return b""


async def test_probe_is_answered_with_its_number_and_what_the_camera_is() -> None:
    data = await answer_to(PROBE, OnvifCamera(make="AXIS", model="Q6315 LE", scopes=("onvif://www.onvif.org/x/y",)))
    root = fromstring(data)
    texts = {each.tag.rpartition("}")[2]: (each.text or "") for each in root.iter()}
    assert (texts["RelatesTo"], texts["XAddrs"]) == ("urn:uuid:1-2", "http://h/onvif")
    assert "onvif://www.onvif.org/name/AXIS%20Q6315%20LE" in texts["Scopes"].split()
    assert "onvif://www.onvif.org/x/y" in texts["Scopes"].split()


async def test_silent_camera_and_what_is_no_probe_get_no_answer() -> None:
    assert await answer_to(PROBE, OnvifCamera(oddity="silent")) == b""
    assert await answer_to(b"hello", OnvifCamera()) == b""
