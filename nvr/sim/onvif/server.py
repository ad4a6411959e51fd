"""A simulated camera's ONVIF services over HTTP, on an address of the loopback network of their own if asked."""

import asyncio
import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from nvr.base.clock import Clock, SystemClock
from nvr.sim.messages import Request
from nvr.sim.onvif.answers import device, instant, media
from nvr.sim.onvif.camera import OnvifCamera
from nvr.sim.onvif.head import HeadState
from nvr.sim.onvif.login import Door
from nvr.sim.onvif.words import DEVICE, MEDIA, MEDIA2, PTZ, Asked, Fault, MalformedSoap, answer, asked, fault

_HUGE_BYTES: Final = 4 << 20
_MAX_HEAD: Final = 1 << 16
_DEEP: Final = 10_000
_ENTITIES: Final = (
    b'<?xml version="1.0"?><!DOCTYPE lol [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&c;</s:Body></s:Envelope>'
)


class OnvifSimulator:
    """One camera's HTTP side; `async with` starts and stops it. The event loop owns it.

    `head` is where its head looks, for a test to turn; None for a camera that does not turn. `operations` are those
    that were asked and let in, oldest first; `refused` counts the logins that
    were wrong.
    """

    def __init__(
        self,
        camera: OnvifCamera,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.camera = camera
        self.head = HeadState(camera.head) if camera.head is not None else None
        self.operations: list[str] = []
        self.refused = 0
        self._host = host
        self._port = port
        self._tls = tls
        self._clock: Clock = clock if clock is not None else SystemClock()
        self.door = Door(camera, self._clock)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Of TCP; before the start, the one asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Of the device service."""
        return f"http{'s' if self._tls else ''}://{self._host}:{self._port}/onvif/device_service"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            # A client may go at any time: that is its right, and no fault of the camera.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer_one(reader, writer)
        finally:
            writer.transport.abort() if self.camera.oddity == "closes" else writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = _head(await reader.readuntil(b"\r\n\r\n"))
        body = await reader.readexactly(int(request.headers.get("content-length", "0")))
        try:
            question = asked(body)
        except MalformedSoap:
            await _send(writer, HTTPStatus.BAD_REQUEST, fault(Fault("WellFormed", "Well-formed Error")))
            return
        if self.camera.oddity != "none" and question.operation != "GetSystemDateAndTime":
            await self._be_odd(writer)
            return
        if not self._is_open(question) and not self.door.accepts(request, question):
            self.refused += Door.is_tried(request, question)
            challenge = self.door.challenge(request)
            headers = {} if challenge is None else {"WWW-Authenticate": challenge}
            status = HTTPStatus.BAD_REQUEST if challenge is None else HTTPStatus.UNAUTHORIZED
            await _send(writer, status, fault(Fault("NotAuthorized", "Sender not Authorized")), headers)
            return
        self.operations.append(question.operation)
        try:
            await _send(writer, HTTPStatus.OK, answer(self._answer(question)))
        except Fault as error:
            await _send(writer, HTTPStatus.INTERNAL_SERVER_ERROR, fault(error))

    def _is_open(self, question: Asked) -> bool:
        return question.operation == "GetSystemDateAndTime" and not self.camera.guards_clock

    def _answer(self, question: Asked) -> str:
        host = self.camera.named_host or f"{self._host}:{self._port}"
        has = {DEVICE: True, MEDIA: self.camera.media, MEDIA2: self.camera.media2, PTZ: self.head is not None}
        if not has.get(question.namespace, False):
            raise Fault("ActionNotSupported", question.operation)
        if question.namespace == DEVICE:
            return device(self.camera, question, host, self._utc())
        if self.head is not None and question.namespace == PTZ:
            return self.head.ptz(question, self._utc().isoformat().replace("+00:00", "Z"))
        return media(self.camera, question, self._host)

    def _utc(self) -> datetime:
        return instant(self._clock.utc_us()) + timedelta(seconds=self.camera.clock_offset_s)

    async def _be_odd(self, writer: asyncio.StreamWriter) -> None:
        match self.camera.oddity:
            case "html":
                page = b"<!DOCTYPE html><html><body><h1>Log in</h1><br></body></html>"
                await _send(writer, HTTPStatus.OK, page, kind="text/html")
            case "no-xml":
                await _send(writer, HTTPStatus.OK, b"\x00\xff{}")
            case "huge":
                await _send(writer, HTTPStatus.OK, b"<a>" + bytes(_HUGE_BYTES))
            case "entities":
                await _send(writer, HTTPStatus.OK, _ENTITIES)
            case "deep":
                await _send(writer, HTTPStatus.OK, b"<a>" * _DEEP + b"</a>" * _DEEP)
            case "fault":
                error = Fault("Action", "The requested operation failed", sender=False)
                await _send(writer, HTTPStatus.INTERNAL_SERVER_ERROR, fault(error))
            case "redirect":
                headers = {"Location": "http://192.0.2.1/onvif/device_service"}
                await _send(writer, HTTPStatus.FOUND, b"", headers)
            case "silent":
                await asyncio.get_running_loop().create_future()
            case "busy":
                await _send(writer, HTTPStatus.SERVICE_UNAVAILABLE, b"")
            case _:
                return


def _head(data: bytes) -> Request:
    first, *lines = data.decode("utf-8", "replace").split("\r\n")
    method, uri, _ = first.split(" ", 2)
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    return Request(method, uri, {name.lower(): value for name, value in headers.items()})


async def _send(
    writer: asyncio.StreamWriter,
    status: HTTPStatus,
    body: bytes,
    headers: dict[str, str] | None = None,
    kind: str = "application/soap+xml; charset=utf-8",
) -> None:
    fixed = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
    head = [f"HTTP/1.1 {status.value} {status.phrase}"]
    head += [f"{name}: {value}" for name, value in {**fixed, **(headers or {})}.items()]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    await writer.drain()
