"""What is fuzzed: each target takes any bytes, and raises when an invariant does not hold. Engines know no more."""

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.errors import CameraUnreachable
from recorder.h264_sets import H264Sets
from recorder.parameter_sets import BadParameterSet
from recorder.rtsp.auth import parse_challenges
from recorder.rtsp.client import Channels
from recorder.rtsp.messages import Headers, Request, Response, parse
from recorder.rtsp.replies import Redirected
from recorder.rtsp.sdp import video_track
from storage.buffers import BufferPool
from tests.fuzz import onvif
from tests.fuzz.camera import BASE, PASSWORD, Camera, Reads
from tests.fuzz.codings import CODINGS, Coding
from tests.fuzz.invariants import CheckedUnits
from tests.fuzz.script import CANARY, damaged, packets, parts, story
from tests.recorder.rtp import PPS, SPS, SPS_LARGE, SPS_MAIN, Packets, fragments, frame, idr, inter, sender_report

READS: Final = (1, 3, 17, 200, 1500, 1 << 20)
PACKET_READS: Final = (16, 60, 400, 1500, 1 << 20)
"""Reads of single bytes are the session's: here they would only cost time."""
STEPS_US: Final = (0, 40_000, 40_000, 2_000_000)
SDP: Final = (
    b"v=0\r\ns=x\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n,aMuMsg==\r\na=control:trackID=1\r\n"
)
CHALLENGE: Final = b'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth", algorithm=MD5\r\n'
REQUEST: Final = b"SET_PARAMETER rtsp://cam1/ RTSP/1.0\r\nCSeq: 9\r\n\r\n"
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]*")
_SENT: Final = re.compile(
    rb"(?:[A-Z_]+ [\x21-\x7e]+ RTSP/1\.0|RTSP/1\.0 [0-9]{3} [A-Za-z ]+)(?:\r\n[A-Za-z-]+: [^\r\n\0]*)+\r\n\r\n"
)


@dataclass(frozen=True)
class Target:
    """`run` takes any bytes; `seeds` are good ones, to be bent."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes]


def message(data: bytes) -> None:
    """One RTSP message: it is the same in pieces of any size, and nothing behind its end is looked at."""
    try:
        found, behind = parse(data, 0, len(data))
    except CameraUnreachable:
        return
    assert 0 <= behind <= len(data)
    if found is None:
        return
    again, end = parse(data[:behind], 0, behind)
    assert (_told(again), end) == (_told(found), behind)
    for cut in {*range(min(behind, 40)), behind // 2, behind - 1}:
        assert parse(data[:cut], 0, cut)[0] is None, cut
    if isinstance(found, Response):
        assert 0 <= found.status <= 999
        parse_challenges(found.headers.all("www-authenticate"))


def description(data: bytes) -> None:
    """A Content-Base and SDP: what is taken from them may stand in a request."""
    base, _, body = data.partition(b"\n")
    headers = Headers([("content-base", base.decode("utf-8", "surrogateescape"))])
    with contextlib.suppress(CameraUnreachable):
        track = video_track(Response(status=200, headers=headers, body=body), BASE)
        assert 0 <= track.payload_type <= 127
        assert all(track.parameter_sets)
        for uri in (track.control, track.aggregate):
            assert _PRINTABLE.fullmatch(uri), uri


def parameter_sets(data: bytes) -> None:
    """Parameter sets, each behind its length: a configuration that a decoder may be given, or none."""
    sets, at = H264Sets(), 0
    while at < len(data):
        size = data[at]
        with contextlib.suppress(BadParameterSet):
            sets.offer(data[at + 1 : at + 1 + size])
        at += 1 + size
    config = sets.config()
    if config is not None:
        assert re.fullmatch(r"avc1\.[0-9a-f]{6}", config.codec)
        assert 0 < config.width <= 1 << 14
        assert 0 < config.height <= 1 << 14
        assert config.extradata[0] == 1


def session(data: bytes) -> None:
    """A camera's bytes from its first answer on, or once it plays: what we send stays RTSP, what fails is typed."""
    if not data:
        return
    camera = Camera(has_password=data[0] & 8 != 0)
    if data[0] & 16:
        camera.receive(_handshake(), 1 << 20)
    camera.receive(data[1:], READS[data[0] % len(READS)])
    camera.session.tick(camera.clock.mono_us())
    failure = camera.session._failure
    assert failure is None or isinstance(failure, CameraUnreachable | Redirected), failure
    camera.check_invariants()
    for sent in camera.wire.written:
        assert _SENT.fullmatch(sent), sent
        assert PASSWORD.encode() not in sent


def depacketiser(coding: Coding) -> Callable[[bytes], None]:
    """A target for the depacketiser of this coding: whole access units, every loss told once, bounded memory."""

    def run(data: bytes) -> None:
        if len(data) < 2:
            return
        canary = CANARY if CANARY not in data else None
        units = CheckedUnits(units_per_record=1 + data[0] % 5, forgets=data[0] & 64 != 0, canary=canary)
        units.depacketiser = coding.make(units, BufferPool())
        reads = Reads(units.depacketiser, PACKET_READS[data[1] % len(PACKET_READS)])
        told = list(packets(data[2:]))
        # Two whole access units of another source close what is open, and tell every loss before them.
        closing = Packets(ssrc=1 << 20)
        ends = [packet for at in (0, 3600) for packet in closing.unit(at, [coding.closing])]
        with contextlib.suppress(CameraUnreachable):
            for part in reads.parts(b"".join([*(packet.frame for packet in told), *ends])):
                reads.take(part)
                units.check_invariants()
            missing = [packet.missing for packet in told if packet.missing is not None]
            if len(missing) == len(told):
                assert sum(missing) <= units.lost <= sum(missing) + 2 * len(told)
        units.part(units.depacketiser.unfinished)

    return run


def recording(coding: Coding) -> Callable[[bytes], None]:
    """A target for the whole way from packets of this coding to records."""

    def run(data: bytes) -> None:
        if len(data) < 2:
            return
        camera, flushes = Camera(), data[0] & 128 != 0
        run = camera.begin(coding.track, Channels(0, 1))
        reads = Reads(run.depacketiser, PACKET_READS[data[0] % len(PACKET_READS)])
        with contextlib.suppress(CameraUnreachable):
            for number, packet in enumerate(packets(data[2:])):
                camera.clock.advance(STEPS_US[data[1] >> number % 4 * 2 & 3])
                for part in reads.parts(packet.frame):
                    run.reading(camera.clock.mono_us())
                    reads.take(part)
                    run.read()
                if flushes and number % 16 == 15:
                    run.flush()
        camera.check_invariants(was_flushed=flushes)

    return run


def _told(found: Request | Response | None) -> list[object]:
    match found:
        case Request():
            return [found.method, found.headers._fields]
        case Response():
            return [found.status, found.headers._fields, found.body]
        case None:
            return []


def _answer(cseq: int, *headers: bytes, body: bytes = b"") -> bytes:
    lines = b"".join(headers)
    return b"RTSP/1.0 200 OK\r\nCSeq: %d\r\n%sContent-Length: %d\r\n\r\n%s" % (cseq, lines, len(body), body)


def _handshake() -> bytes:
    return b"".join(
        [
            _answer(1, b"Public: OPTIONS, GET_PARAMETER\r\n"),
            _answer(2, b"Content-Base: rtsp://cam1/live/\r\n", body=SDP),
            _answer(3, b"Session: 9;timeout=60\r\n", b"Transport: RTP/AVP/TCP;interleaved=0-1\r\n"),
            _answer(4),
        ]
    )


def _pictures() -> bytes:
    made = Packets()
    units = [
        made.unit(at * 3600, [SPS, PPS, *fragments(idr(90), 40)] if at % 4 == 0 else [inter(30)]) for at in range(8)
    ]
    return b"".join(packet for unit in units for packet in unit)


def _refused(cseq: int) -> bytes:
    return b"RTSP/1.0 401 Unauthorized\r\nCSeq: %d\r\n%s\r\n" % (cseq, CHALLENGE)


_REPORT: Final = frame(1, sender_report(3_900_000_000, 0, 3600))

TARGETS: Final = {
    "message": Target(message, [_handshake(), REQUEST, _refused(1), _answer(2, body=SDP)]),
    "description": Target(description, [b"rtsp://cam1/live/\n" + SDP, b"/live\n" + SDP.replace(b"*", b"rtsp://x/y?z")]),
    "parameter-sets": Target(
        parameter_sets, [b"".join(bytes((len(s),)) + s for s in (sps, PPS)) for sps in (SPS, SPS_LARGE, SPS_MAIN)]
    ),
    "onvif-probe-match": Target(onvif.probe_match, [onvif.MATCH]),
    "onvif-profiles": Target(onvif.profiles, [onvif.PROFILES, onvif.FAULT]),
    "onvif-stream-uri": Target(onvif.stream_uri, onvif.URIS),
    "session": Target(
        session,
        [
            b"\x05" + _handshake() + _pictures(),
            b"\x15" + _pictures() + REQUEST + _pictures() + _REPORT,
            b"\x13" + _pictures() + b"\0\0$\x00garbage" + _pictures(),
            b"\x05" + _answer(1) + b"RTSP/1.0 302 Moved\r\nCSeq: 2\r\nLocation: rtsps://cam2:8554/live?x=1\r\n\r\n",
            b"\x0d" + _refused(1) + _handshake().replace(b"CSeq: ", b"CSeq: 1"),
        ],
    ),
    **{
        f"{kind}-{coding.name}": Target(
            make(coding),
            [
                bytes((reads, reads)) + story(coding.payloads) + parts(coding.payloads) * 2 + damaged(coding.payloads)
                for reads in range(4)
            ],
        )
        for coding in CODINGS.values()
        for kind, make in (("depacketiser", depacketiser), ("recording", recording))
    },
}
