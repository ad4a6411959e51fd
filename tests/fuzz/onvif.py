"""What cameras answer over ONVIF, as targets: see tests/fuzz/targets.py."""

import contextlib
from typing import Final

from config.camera_url import camera_url
from recorder.errors import CameraUnreachable
from recorder.onvif.discovery import answers
from recorder.onvif.document import document
from recorder.onvif.media import choose, kept_url, profiles_in
from recorder.onvif.soap import answer_of

HOST: Final = "10.0.0.7"
MATCH: Final = (
    b'<s:Envelope xmlns:s="urn:s"><s:Body><ProbeMatches><ProbeMatch><EndpointReference><Address>urn:uuid:1</Address>'
    b"</EndpointReference><Scopes>onvif://www.onvif.org/name/AXIS%20P1 onvif://www.onvif.org/hardware/P1</Scopes>"
    b"<XAddrs>http://192.168.0.90/onvif/device_service https://[fe80::1]/x</XAddrs></ProbeMatch></ProbeMatches>"
    b"</s:Body></s:Envelope>"
)
PROFILES: Final = (
    b'<E><Body><GetProfilesResponse><Profiles token="1"><Name>main</Name><VideoSourceConfiguration><SourceToken>v'
    b"</SourceToken></VideoSourceConfiguration><VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution><Width>"
    b"1920</Width><Height>1080</Height></Resolution><RateControl><FrameRateLimit>25</FrameRateLimit></RateControl>"
    b'</VideoEncoderConfiguration></Profiles><Profiles token="2"><Configurations><VideoSource><SourceToken>v'
    b"</SourceToken></VideoSource><VideoEncoder><Encoding>JPEG</Encoding><Resolution><Width>64</Width><Height>48"
    b"</Height></Resolution></VideoEncoder></Configurations></Profiles></GetProfilesResponse></Body></E>"
)
FAULT: Final = (
    b"<E><Body><Fault><Code><Value>a:b</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code></Fault></Body>"
    b"</E>"
)
URIS: Final = (
    b"rtsp://admin:pass@192.168.1.64:554/Streaming/Channels/101?transportmode=unicast",
    b"rtsp://0.0.0.0/cam/realmonitor?channel=1&subtype=0&user=a&password=b#x",
)


def probe_match(data: bytes) -> None:
    """An answer to a probe: whoever it tells of is on the host that it came from, in short printable words."""
    for found in answers(data, HOST):
        assert found.address.host == HOST
        for told in (found.make, found.model, found.device):
            assert len(told) <= 64
            assert told.isprintable()


def profiles(data: bytes) -> None:
    """An answer to GetProfiles: the choice is the largest picture of its view, or none; what fails is typed."""
    with contextlib.suppress(CameraUnreachable):
        found = profiles_in(answer_of(document(data, "soap"), "GetProfiles"))
        for channel in (1, 2):
            chosen = choose(found, channel).profile
            if chosen is not None:
                assert chosen.coding in {"H264", "H265"}
                assert chosen.pixels == max(each.pixels for each in found if each.source == chosen.source)


def stream_uri(data: bytes) -> None:
    """A stream's address: what is kept of it is at our host and can be entered, with no login in it."""
    with contextlib.suppress(CameraUnreachable):
        kept = kept_url(data.decode("latin-1"), HOST)
        if kept is not None:
            assert kept.partition("://")[2].startswith(HOST)
            assert camera_url(kept) == kept
