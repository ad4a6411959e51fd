"""An RTSP client for tests that takes the server at its bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from aiortc.codecs.h264 import h264_depayload
from aiortc.rtp import RtpPacket

VIDEO_CHANNEL = 0
SETUP_TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """Counts CSeq, remembers the session, and hands out what comes byte by byte."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.url = url
        self.reader = reader
        self.writer = writer
        self.session = ""
        self._cseq = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator[Self]:
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield cls(url, reader, writer)
        finally:
            writer.close()

    def send(self, method: str, *, uri: str | None = None, **headers: str) -> None:
        self._cseq += 1
        lines = [f"{method} {uri or self.url} RTSP/1.0", f"CSeq: {self._cseq}"]
        if self.session:
            headers.setdefault("Session", self.session)
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def ask(self, method: str, *, uri: str | None = None, **headers: str) -> Answer:
        """Send a request and give its answer; media that comes in between is discarded."""
        self.send(method, uri=uri, **headers)
        while (first := await self.reader.readexactly(1)) == b"$":
            await self._packet_after_dollar()
        head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        status_line, *lines = head.strip().split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert found["cseq"] == str(self._cseq)
        body = await self.reader.readexactly(int(found.get("content-length", "0")))
        return Answer(int(status_line.split(" ")[1]), found, body)

    async def play(self, **headers: str) -> None:
        """SETUP the video and PLAY."""
        answer = await self.ask("SETUP", uri=f"{self.url}/trackID=0", Transport=SETUP_TRANSPORT, **headers)
        assert answer.status == 200
        self.session = answer.headers["session"].partition(";")[0]
        assert (await self.ask("PLAY", **headers)).status == 200

    async def packet(self) -> tuple[int, bytes]:
        """The next interleaved packet and its channel."""
        dollar = await self.reader.readexactly(1)
        assert dollar == b"$", dollar
        return await self._packet_after_dollar()

    async def rtp(self) -> RtpPacket:
        """The next packet of video."""
        while True:
            channel, packet = await self.packet()
            if channel == VIDEO_CHANNEL:
                return RtpPacket.parse(packet)

    async def access_unit(self) -> tuple[int, bytes]:
        """The timestamp and the Annex B bytes of the next access unit; its packets must be without loss."""
        packet = await self.rtp()
        data = h264_depayload(packet.payload)
        while not packet.marker:
            following = await self.rtp()
            assert following.sequence_number == packet.sequence_number + 1 & 0xFFFF
            assert following.timestamp == packet.timestamp
            packet = following
            data += h264_depayload(packet.payload)
        return packet.timestamp, data

    async def at_end(self) -> bool:
        """Wait until the server closes or resets; what came before is discarded."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    async def _packet_after_dollar(self) -> tuple[int, bytes]:
        channel, high, low = await self.reader.readexactly(3)
        return channel, await self.reader.readexactly(high << 8 | low)
