"""One request to a camera over HTTP, on a connection of its own; the protocol is h11's, the bounds are ours."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import h11

from recorder.errors import CameraUnreachable, Cause, garbage
from recorder.onvif.address import OnvifAddress
from recorder.onvif.document import MAX_BYTES
from recorder.rtsp.connecting import connect
from recorder.rtsp.trust import Trust

_READ_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in small letters."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of every header of this name."""
        return [value for each, value in self.headers if each == name]


async def post(address: OnvifAddress, headers: list[tuple[str, str]], body: bytes, trust: Trust) -> Answer:
    """Send this, and wait for the answer as long as it takes.

    Raises:
        CameraUnreachable: the causes of `connect`, `untrusted`, `closed`, and `garbage` for what is no HTTP or too
            long.
    """
    reader = asyncio.StreamReader()
    transport = await connect(address, asyncio.StreamReaderProtocol(reader), trust)
    try:
        trust.admit(address, transport.get_extra_info("ssl_object"))
        connection = h11.Connection(h11.CLIENT)
        fixed = [("Host", address.authority), ("Content-Length", str(len(body))), ("Connection", "close")]
        encoded = [(name.encode(), value.encode()) for name, value in (*fixed, *headers)]
        request = h11.Request(method="POST", target=address.path, headers=encoded)
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            transport.write(connection.send(event) or b"")
        return await _answer(connection, reader)
    except h11.ProtocolError:
        raise garbage("http") from None
    except OSError:
        raise CameraUnreachable(Cause.CLOSED) from None
    finally:
        transport.abort()


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, body = 0, bytearray()
    headers: tuple[tuple[str, str], ...] = ()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_BYTES)
            if not data and not status:
                raise CameraUnreachable(Cause.CLOSED)
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MAX_BYTES:
                raise garbage("http-size", bytes=len(body))
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, headers, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise CameraUnreachable(Cause.CLOSED)


def refusal(status: int) -> CameraUnreachable | None:
    """What a status says that comes without a SOAP fault; None for success."""
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status < HTTPStatus.BAD_REQUEST:
        return CameraUnreachable(Cause.REDIRECTED)
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return CameraUnreachable(Cause.UNAUTHORIZED)
        case HTTPStatus.NOT_FOUND:
            return CameraUnreachable(Cause.NOT_FOUND)
        case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
            return CameraUnreachable(Cause.BUSY)
        case _:
            return CameraUnreachable(Cause.REJECTED, status=status)
