"""Calls between roles: one Unix socket per role, length-prefixed JSON (docs/design/processes.md "Sockets").

A frame is a u32 big-endian length (at most 16 MiB) and a JSON object. Any number of requests may be under way on a
connection; answers come as they are ready. A peer that sends what is not a frame is cut off, and no other notices.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeAlias

from nvr.base import errors
from nvr.base.errors import ConfigError, InvalidValue, NvrError, Refused, Retryable
from nvr.base.jcs import is_text

VERSION: Final = 1
MAX_FRAME_BYTES: Final = 16 * 2**20
SOCKET_MODE: Final = 0o660
DEADLINE_S: Final = 30.0

_STATUS: Final = "status"
"""What every role answers: how it is."""

_LENGTH: Final = struct.Struct(">I")
_CREDENTIALS: Final = struct.Struct("iII")
_UNDER_WAY: Final = 256
"""Requests of one connection that may wait for their answer before the server stops reading it."""

_MOST_LEVELS: Final = 32
"""So deep a frame may be nested: what reads it anew, or repeats it in an error, must not run out of stack."""

_TAKING_S: Final = 30.0
"""How long an answer waits for its caller to take it; then the connection is cut, since answers pile up in memory."""

_LAST_ANSWERS_S: Final = 5.0
"""How long a closing server waits for peers to take the answers that are ready."""

Handler: TypeAlias = Callable[[dict[str, Any]], Awaitable[object]]
"""Takes the `args` of a request, gives what `json` can write. Raises NvrError for what the caller is to be told."""

_KINDS: Final = MappingProxyType(
    {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, NvrError)}
)


class Server:
    """Serves the calls of one role while the context is entered.

    What a handler raises beyond NvrError is a fault of the program: the caller is told `internal-error`, and the
    context ends with that error. A handler runs to its end even if its caller goes away.
    """

    def __init__(
        self,
        path: Path,
        handlers: Mapping[str, Handler],
        *,
        allowed_uids: Collection[int] | None = None,
        asking_uids: Collection[int] = (),
    ) -> None:
        """`allowed_uids`: users whose calls are taken; None takes those of all who may open the socket.

        `asking_uids`: users who may call `status`, and nothing else.
        """
        self._path = path
        self._handlers = dict(handlers)
        self._allowed_uids = None if allowed_uids is None else frozenset(allowed_uids)
        self._asking_uids = frozenset(asking_uids)
        self._group = asyncio.TaskGroup()
        self._readings: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: the path can not be used, or another process answers there.
        """
        listener = await asyncio.to_thread(_listen, self._path)
        await self._group.__aenter__()
        self._server = await asyncio.start_unix_server(self._connected, sock=listener)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no more, take no more requests, let calls under way end for a few seconds, hang up."""
        self._closing = True
        # While this process still listens nobody else took the path, so it is ours to remove.
        await asyncio.to_thread(self._path.unlink, missing_ok=True)
        if self._server is not None:
            self._server.close()
        for reading in self._readings:
            reading.cancel()
        if self._calls and error is None:
            await asyncio.wait(self._calls, timeout=_LAST_ANSWERS_S)
        for call in self._calls:
            call.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closing:
            writer.close()
            return
        self._group.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls: set[asyncio.Task[None]] = set()
        # A task of its own: closing the server ends the reading, and the answers still go out.
        reading = self._task(self._take_requests(reader, writer, calls), self._readings)
        try:
            await asyncio.wait([reading])
            if calls:
                await asyncio.wait(calls)
        finally:
            writer.close()

    async def _take_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: set[asyncio.Task[None]]
    ) -> None:
        slots = asyncio.Semaphore(_UNDER_WAY)
        _, uid = _peer(writer)
        with contextlib.suppress(_BrokenFrameError):
            while (request := await _read(reader)) is not None:
                await slots.acquire()
                call = self._task(self._answer(request, writer, uid), self._calls, calls)
                call.add_done_callback(lambda _: slots.release())

    def _task(self, work: Coroutine[None, None, None], *sets: set[asyncio.Task[None]]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        for tasks in sets:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        return task

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter, uid: int) -> None:
        fault: Exception | None = None
        answer: dict[str, object] = {"v": VERSION, "id": request["id"]}
        try:
            answer["ok"] = await self._run(request, uid)
        except NvrError as error:
            answer["error"] = error_to_json(error)
        except Exception as error:  # noqa: BLE001 -- told to the caller, then raised below
            answer["error"] = error_to_json(NvrError("internal-error"))
            fault = error
        try:
            frame = _frame(answer)
        except Refused as error:
            frame = _frame({"v": VERSION, "id": request["id"], "error": error_to_json(error)})
        try:
            writer.write(frame)
            async with asyncio.timeout(_TAKING_S):
                await writer.drain()
        except ConnectionError:
            pass  # the caller went away; what it asked for was done
        except TimeoutError:
            writer.transport.abort()
        if fault is not None:
            raise fault

    def _may(self, uid: int, call: object) -> bool:
        asks_only = uid in self._asking_uids and call == _STATUS
        return self._allowed_uids is None or uid in self._allowed_uids or asks_only

    async def _run(self, request: dict[str, Any], uid: int) -> object:
        if not self._may(uid, request.get("call")):
            raise Refused("peer-not-allowed", socket=self._path.name, uid=uid)
        _demand_text(request)
        if request.get("v") != VERSION:
            raise Refused("wire-version", expected=VERSION, got=request.get("v"))
        handler = self._handlers.get(str(request.get("call")))
        if handler is None:
            raise Refused("wire-unknown-call", call=request.get("call"))
        args = request.get("args", {})
        if not isinstance(args, dict):
            raise InvalidValue(field="args", value=type(args).__name__, expected="an object")
        return await handler(args)


class Client:
    """Calls one role. It connects with the first call, and again with the next after the connection was lost.

    It belongs to one event loop; any number of tasks may call at once.
    """

    def __init__(self, path: Path, *, deadline_s: float = DEADLINE_S) -> None:
        """`deadline_s`: how long a call waits for its answer, unless the call says otherwise."""
        self._path = path
        self._deadline_s = deadline_s
        self._connecting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(
        self, name: str, args: Mapping[str, object] | None = None, *, deadline_s: float | None = None
    ) -> Any:  # noqa: ANN401 -- JSON
        """The answer of the call, as the table in docs/design/processes.md says.

        Raises:
            Retryable: the role can not be reached (`peer-unreachable`), hung up before it answered (`peer-gone`), or
                has not answered by the deadline (`peer-silent`): after these what was asked may or may not be done.
            InvalidValue: an argument is no Unicode text; nothing was asked.
            NvrError: of the class and with the `message_id` that the role raised.
        """
        limit_s = self._deadline_s if deadline_s is None else deadline_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._ask(name, args)
        except TimeoutError as error:
            raise Retryable("peer-silent", socket=self._path.name, deadline_s=limit_s) from error

    async def _ask(self, name: str, args: Mapping[str, object] | None) -> Any:  # noqa: ANN401 -- JSON
        self._last_id += 1
        request = self._last_id
        body: dict[str, object] = {"v": VERSION, "id": request, "call": name, "args": dict(args or {})}
        _demand_text(body)
        frame = _frame(body)
        writer = await self._connected()
        answer = self._waiting[request] = asyncio.get_running_loop().create_future()
        try:
            writer.write(frame)
            await writer.drain()
            return await answer
        except ConnectionError as error:
            raise Retryable("peer-gone", socket=self._path.name) from error
        finally:
            self._waiting.pop(request, None)
            answer.cancel()

    def peer_pid(self) -> int | None:
        """The process that listens there, as of the last connection; None before the first (unix(7), SO_PEERCRED)."""
        return None if self._writer is None else _peer(self._writer)[0]

    async def close(self) -> None:
        """Hang up; calls that wait get `peer-gone`."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                try:
                    reader, self._writer = await asyncio.open_unix_connection(self._path)
                except OSError as error:
                    raise Retryable("peer-unreachable", socket=str(self._path)) from error
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (answer := await _read(reader)) is not None:
                self._settle(answer)
        except _BrokenFrameError:
            pass
        finally:
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Retryable("peer-gone", socket=self._path.name))

    def _settle(self, answer: dict[str, Any]) -> None:
        waiting = self._waiting.get(answer["id"])
        if waiting is None or waiting.done():
            return
        if answer.get("v") != VERSION:
            waiting.set_exception(Refused("wire-version", expected=VERSION, got=answer.get("v")))
        elif "error" in answer:
            waiting.set_exception(error_from_json(answer["error"]))
        else:
            waiting.set_result(answer.get("ok"))


def error_to_json(error: NvrError) -> dict[str, object]:
    """The error as it crosses a socket: its nearest class in `nvr.base.errors`, its message id and its fields."""
    kind = next(base.__name__ for base in type(error).__mro__ if _KINDS.get(base.__name__) is base)
    return {"kind": kind, "message_id": error.message_id, "fields": dict(error.fields)}


def error_from_json(body: object) -> NvrError:
    """The error that `error_to_json` described; what it does not know becomes a plain NvrError."""
    if not isinstance(body, dict):
        return NvrError("internal-error")
    kind = _KINDS.get(str(body.get("kind")), NvrError)
    fields = body.get("fields")
    known: dict[str, Any] = fields if isinstance(fields, dict) else {}
    try:
        # InvalidValue and ConfigError name their fields; the others take any.
        error = kind(**known) if issubclass(kind, InvalidValue | ConfigError) else kind(None, **known)
    except TypeError:
        error = NvrError(None, **known)
    error.message_id = str(body.get("message_id"))
    return error


class _BrokenFrameError(Exception):
    """The peer sent what is not a frame, or the connection broke."""


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next frame; None when the peer hung up between frames."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_FRAME_BYTES:
            raise _BrokenFrameError
        body = json.loads(await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise _BrokenFrameError from error
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _BrokenFrameError from error
    if not isinstance(body, dict) or type(body.get("id")) is not int:
        raise _BrokenFrameError
    return body


def _demand_text(value: object, field: str = "", levels: int = _MOST_LEVELS) -> None:
    """Check that the value can be stored and answered: JSON lets through half a surrogate pair, which UTF-8 does not.

    Raises:
        InvalidValue: a text is no Unicode, or the nesting has no end; the field is the path to it.
    """
    if levels == 0:
        raise InvalidValue(field=field, value="", expected=f"at most {_MOST_LEVELS} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            _demand_text(key, field, levels - 1)
            _demand_text(item, f"{field}.{key}".removeprefix("."), levels - 1)
    elif isinstance(value, list):
        for item in value:
            _demand_text(item, field, levels - 1)
    elif isinstance(value, str) and not is_text(value):
        raise InvalidValue(field=field, value="", expected="Unicode text")


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Process and user of the other side (unix(7), SO_PEERCRED: pid, uid, gid as of connecting, or of listening)."""
    found = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid


def _frame(body: dict[str, object]) -> bytes:
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str).encode()
    if len(data) > MAX_FRAME_BYTES:
        raise Refused("wire-too-large", size=len(data), limit=MAX_FRAME_BYTES)
    return _LENGTH.pack(len(data)) + data


def _listen(path: Path) -> socket.socket:
    """A listening socket at the path; a dead one that lies there is taken away.

    Raises:
        ConfigError: another process answers there, or the path can not be used.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        if _answers(path):
            raise ConfigError(file=str(path), why="another process already serves this socket")
        path.unlink(missing_ok=True)
        listener.bind(os.fspath(path))
        path.chmod(SOCKET_MODE)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(file=str(path), why=f"the socket can not be made: {error.strerror or error}") from error
    except ConfigError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True
