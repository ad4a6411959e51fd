import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nvr.base.clock import SimClock
from nvr.base.units import US_PER_SECOND
from nvr.sim.messages import Request
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.login import Door
from nvr.sim.onvif.words import DEVICE, Asked, asked

CAMERA = OnvifCamera(user="viewer", password="pass", clock_offset_s=3600)
PLAIN = Request("POST", "/", {})


def token(*, password: str = "pass", user: str = "viewer", late_s: int = 0, nonce: bytes = b"once") -> Asked:
    """With a token by the camera's clock, which is an hour ahead."""
    instant = datetime.fromtimestamp(SimClock().utc_us() / US_PER_SECOND + 3600 + late_s, UTC)
    created = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
    return asked(
        (
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><UsernameToken>'
            f"<Username>{user}</Username><Password>{digest}</Password>"
            f"<Nonce>{base64.b64encode(nonce).decode()}</Nonce><Created>{created}</Created>"
            f'</UsernameToken></s:Header><s:Body><X xmlns="{DEVICE}"/></s:Body></s:Envelope>'
        ).encode()
    )


def test_right_token_passes_once() -> None:
    door = Door(CAMERA, SimClock())
    assert door.is_tried(PLAIN, token())
    assert door.accepts(PLAIN, token())
    assert not door.accepts(PLAIN, token())
    assert door.accepts(PLAIN, token(nonce=b"twice"))


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"user": "x"}, {"late_s": 6}, {"late_s": -3600}])
def test_wrong_token_is_kept_out(wrong: dict[str, str]) -> None:
    assert not Door(CAMERA, SimClock()).accepts(PLAIN, token(**wrong))  # type: ignore[arg-type]


def test_digest_alone_keeps_tokens_out_and_challenges() -> None:
    door = Door(replace(CAMERA, login="digest"), SimClock())
    assert not door.accepts(PLAIN, token())
    assert str(door.challenge(PLAIN)).startswith("Digest ")
    assert Door(CAMERA, SimClock()).challenge(PLAIN) is None


def test_open_camera_lets_everybody_pass() -> None:
    assert Door(replace(CAMERA, login="none"), SimClock()).accepts(PLAIN, token(password="x"))
