"""Calls over a Unix socket: any mix of callers, faults of peers, errors by their class."""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from nvr.base import wire
from nvr.base.errors import ConfigError, InvalidValue, NvrError, Refused, Retryable
from nvr.base.wire import MAX_FRAME_BYTES, Client, Handler, Server, error_from_json, error_to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class SpecialRefusal(Refused):
    message_id = "special"


async def echo(args: dict[str, Any]) -> object:
    return args


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "role.sock"


@asynccontextmanager
async def serving(path: Path, **handlers: Handler) -> AsyncIterator[Client]:
    async with Server(path, {"echo": echo, **handlers}), Client(path) as client:
        yield client


async def raw(path: Path, data: bytes) -> bytes:
    """What a server answers to these bytes until it hangs up."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def frame(body: object) -> bytes:
    data = json.dumps(body).encode()
    return struct.pack(">I", len(data)) + data


def after(gate: asyncio.Event, answer: str) -> Handler:
    """A handler that answers once the gate is open."""

    async def handler(_: dict[str, Any]) -> object:
        await gate.wait()
        return answer

    return handler


async def test_call_gives_the_answer(path: Path) -> None:
    async with serving(path) as client:
        assert await client.call("echo", {"camera": "place-de-l-église"}) == {"camera": "place-de-l-église"}


async def test_answers_come_as_they_are_ready(path: Path) -> None:
    gate = asyncio.Event()
    async with serving(path, slow=after(gate, "slow")) as client:
        first = asyncio.create_task(client.call("slow"))
        assert await client.call("echo", {"n": 1}) == {"n": 1}
        assert not first.done()
        gate.set()
        assert await first == "slow"


@given(values=st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=1, max_size=8))
def test_every_caller_gets_its_own_answer(
    values: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def exchange() -> None:
        async with serving(tmp_path_factory.mktemp("wire") / "s") as client:
            assert await asyncio.gather(*(client.call("echo", value) for value in values)) == values

    asyncio.run(exchange())


@pytest.mark.parametrize(
    "error",
    [
        NvrError("plain"),
        Retryable("later", attempt=3),
        Refused("under-hold", hold="h"),
        InvalidValue(field="camera", value="É", expected="ASCII"),
        ConfigError(file="scelle.toml", line=3, key="system.origin", why="missing"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_error_crosses_with_class_message_and_fields(path: Path, error: NvrError) -> None:
    async def fail(args: dict[str, Any]) -> object:
        raise error

    async with serving(path, fail=fail) as client:
        with pytest.raises(type(error)) as caught:
            await client.call("fail")
    assert type(caught.value) is type(error)
    assert (caught.value.message_id, caught.value.fields) == (error.message_id, error.fields)


def test_subclass_crosses_as_its_nearest_base_class() -> None:
    assert error_to_json(SpecialRefusal(of="x")) == {"kind": "Refused", "message_id": "special", "fields": {"of": "x"}}


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"kind": "Exception"}, {"kind": "InvalidValue", "fields": {"unexpected": 1}}, {"fields": "text"}],
)
def test_error_of_a_stranger_is_still_an_error(body: object) -> None:
    assert isinstance(error_from_json(body), NvrError)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"v":1,"id":1,"call":"\ud800"}', "call"),
        (rb'{"v":1,"id":1,"call":"echo","args":{"account":"\udcff"}}', "args.account"),
        (rb'{"v":1,"id":1,"call":"echo","args":{"cameras":["a","\ud800"]}}', "args.cameras"),
        (rb'{"v":1,"id":1,"call":"echo","args":{"\ud800":1}}', "args"),
        (b'{"v":1,"id":1,"call":"echo","args":{"deep":' + b"[" * 900 + b"]" * 900 + b"}}", "args.deep"),
        (b'{"v":' + b"[" * 900 + b"]" * 900 + b',"id":1,"call":"echo"}', "v"),
    ],
)
async def test_what_can_not_be_written_down_again_is_refused_by_its_field_and_ends_nothing(
    path: Path, body: bytes, field: str
) -> None:
    async with serving(path) as client:
        answer = await raw(path, struct.pack(">I", len(body)) + body)
        assert await client.call("echo", {"n": 1}) == {"n": 1}
    error = json.loads(answer[4:])["error"]
    assert (error["message_id"], error["fields"]["field"]) == ("invalid-value", field)


async def test_argument_that_is_no_text_is_refused_before_it_is_sent(path: Path) -> None:
    async with serving(path) as client:
        with pytest.raises(InvalidValue) as caught:
            await client.call("echo", {"reason": os.fsdecode(b"caf\xe9")})
    assert caught.value.field == "args.reason"


async def test_unknown_call_is_refused_by_name(path: Path) -> None:
    async with serving(path) as client:
        with pytest.raises(Refused) as caught:
            await client.call("erase_everything")
    assert caught.value.fields == {"call": "erase_everything"}


async def test_other_version_is_refused_by_name_and_the_connection_stays(path: Path) -> None:
    async with serving(path):
        answer = await raw(path, frame({"v": 2, "id": 1, "call": "echo"}) + frame({"v": 1, "id": 2, "call": "echo"}))
    assert b'"message_id":"wire-version"' in answer
    assert b'"id":2,"ok":{}' in answer


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", MAX_FRAME_BYTES + 1) + b"x",
        struct.pack(">I", 5) + b"{",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 3) + b"\xff\xfe\x00",
        frame({"v": 1, "id": "1", "call": "echo"}),
        frame({"v": 1, "id": True, "call": "echo"}),
        struct.pack(">I", 200_000) + b"[" * 200_000,
    ],
)
async def test_peer_that_sends_garbage_is_cut_off_and_no_other_notices(path: Path, garbage: bytes) -> None:
    async with serving(path) as client:
        assert await client.call("echo") == {}
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(garbage)
        if garbage[:4] == struct.pack(">I", 5):
            writer.write_eof()  # a frame that ends too early
        with contextlib.suppress(ConnectionResetError):  # it hung up with our bytes unread
            assert await reader.read() == b""
        writer.close()
        assert await client.call("echo", {"still": "here"}) == {"still": "here"}


@given(data=st.binary(max_size=200))
def test_no_bytes_disturb_the_server(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    async def exchange() -> None:
        path = tmp_path_factory.mktemp("wire") / "s"
        async with serving(path) as client:
            await raw(path, data)
            assert await client.call("echo", {"n": 1}) == {"n": 1}

    asyncio.run(exchange())


async def test_answer_beyond_the_bound_becomes_an_error(path: Path) -> None:
    async def vast(args: dict[str, Any]) -> object:
        return "x" * MAX_FRAME_BYTES

    async with serving(path, vast=vast) as client:
        with pytest.raises(Refused, match="wire-too-large"):
            await client.call("vast")


async def test_request_beyond_the_bound_is_refused_before_it_is_sent(path: Path) -> None:
    async with serving(path) as client:
        with pytest.raises(Refused, match="wire-too-large"):
            await client.call("echo", {"x": "x" * MAX_FRAME_BYTES})


async def test_arguments_that_are_no_object_are_refused(path: Path) -> None:
    async with serving(path):
        answer = await raw(path, frame({"v": 1, "id": 1, "call": "echo", "args": [1]}))
    assert b'"kind":"InvalidValue"' in answer


async def test_role_that_does_not_run_is_retryable(path: Path) -> None:
    async with Client(path) as client:
        with pytest.raises(Retryable, match="peer-unreachable"):
            await client.call("echo")


async def test_call_that_is_not_answered_by_its_deadline_ends_and_the_connection_stays(path: Path) -> None:
    gate = asyncio.Event()
    async with serving(path, hung=after(gate, "late")) as client:
        with pytest.raises(Retryable, match="peer-silent"):
            await client.call("hung", deadline_s=0.01)
        gate.set()
        assert await client.call("echo", {"n": 1}) == {"n": 1}
        assert await client.call("hung") == "late"


async def test_peer_that_reads_nothing_holds_nobody_up(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        async with Client(path, deadline_s=0.01) as client:
            with pytest.raises(Retryable, match="peer-silent"):
                await client.call("echo", {"more": "x" * 10_000_000})  # than the socket's buffers take


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_user_who_is_not_allowed_is_refused_by_name_and_nothing_is_done(
    path: Path, runner: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    done = []

    async def act(args: dict[str, Any]) -> object:
        done.append(args)
        return None

    async def strange() -> None:
        async with Server(path, {"act": act}, allowed_uids={os.getuid() + 1}), Client(path) as client:
            with pytest.raises(Refused, match="peer-not-allowed") as refusal:
                await client.call("act")
        assert refusal.value.fields == {"socket": path.name, "uid": os.getuid()}

    async def known() -> None:
        async with Server(path, {"act": act}, allowed_uids={os.getuid()}), Client(path) as client:
            await client.call("act")

    runner(strange())
    assert not done
    runner(known())
    assert len(done) == 1


async def test_caller_that_takes_no_answers_is_cut_and_disturbs_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_TAKING_S", 0.05)
    ask = frame({"v": 1, "id": 1, "call": "echo", "args": {"much": "x" * 1_000_000}})
    async with Server(path, {"echo": echo}) as server, Client(path) as client:
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, os.fspath(path))
            await loop.sock_sendall(deaf, ask + ask)
            assert await client.call("echo", {"n": 1}) == {"n": 1}
            while server._calls:
                await asyncio.wait(set(server._calls))
            taken = 0
            with contextlib.suppress(ConnectionError):
                while part := await loop.sock_recv(deaf, 1 << 20):
                    taken += len(part)
            assert taken < len(ask)


async def test_socket_is_removed_while_no_other_process_can_have_taken_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening: list[bool] = []
    unlink = Path.unlink

    def watched(self: Path, *, missing_ok: bool = False) -> None:
        assert server._server is not None
        listening.append(server._server.is_serving())
        unlink(self, missing_ok=missing_ok)

    async with Server(path, {"echo": echo}) as server:
        monkeypatch.setattr(Path, "unlink", watched)
    monkeypatch.undo()
    assert listening == [True]


async def test_lost_connection_fails_what_waits_and_the_next_call_connects_again(path: Path) -> None:
    called = asyncio.Event()

    async def never(args: dict[str, Any]) -> object:
        called.set()
        return await asyncio.get_running_loop().create_future()

    async with Client(path) as client:
        server = Server(path, {"never": never})
        await server.__aenter__()
        waiting = asyncio.create_task(client.call("never"))
        await called.wait()
        error = ZeroDivisionError()
        with pytest.raises(ZeroDivisionError):
            await server.__aexit__(ZeroDivisionError, error, None)
        with pytest.raises(Retryable, match="peer-gone"):
            await waiting
        async with Server(path, {"echo": echo}):
            assert await client.call("echo") == {}


async def test_closing_server_lets_calls_under_way_answer(path: Path) -> None:
    called, gate = asyncio.Event(), asyncio.Event()

    async def act(args: dict[str, Any]) -> object:
        called.set()
        await gate.wait()
        return "done"

    async with Client(path) as client:
        server = Server(path, {"act": act})
        await server.__aenter__()
        waiting = asyncio.create_task(client.call("act"))
        await called.wait()
        closing = asyncio.create_task(server.__aexit__(None, None, None))
        await asyncio.sleep(0)
        gate.set()
        assert await waiting == "done"
        await closing


async def test_fault_of_a_handler_is_told_and_ends_the_context(path: Path) -> None:
    async def broken(args: dict[str, Any]) -> object:
        return args["absent"]

    async def meet_it() -> None:
        async with serving(path, broken=broken) as client:
            with pytest.raises(NvrError, match="internal-error"):
                await client.call("broken")
            await asyncio.get_running_loop().create_future()

    with pytest.raises(KeyError):
        await meet_it()


async def test_handler_ends_its_work_though_the_caller_left(path: Path) -> None:
    called, gate, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def act(args: dict[str, Any]) -> object:
        called.set()
        await gate.wait()
        done.set()
        return None

    async with Server(path, {"act": act}):
        client = Client(path)
        call = asyncio.create_task(client.call("act"))
        await called.wait()
        await client.close()
        with pytest.raises(Retryable, match="peer-gone"):
            await call
        gate.set()
        await done.wait()


async def test_live_socket_is_not_taken_over(path: Path) -> None:
    async with serving(path) as client:
        with pytest.raises(ConfigError, match="already serves"):
            await Server(path, {}).__aenter__()
        assert await client.call("echo") == {}


def test_dead_socket_is_replaced_and_its_group_may_call(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def serve() -> int:
        async with serving(path) as client:
            assert await client.call("echo") == {}
            return await asyncio.to_thread(lambda: path.stat().st_mode)

    assert asyncio.run(serve()) & 0o777 == 0o660
    assert not path.exists()


async def test_path_that_can_not_be_used_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        await Server(tmp_path / "absent" / "role.sock", {}).__aenter__()


async def test_user_who_may_only_ask_gets_the_status_and_no_other_call(tmp_path: Path) -> None:
    async def answer(_: dict[str, Any]) -> object:
        return "well"

    path, handlers = tmp_path / "role.sock", {"status": answer, "append": answer}
    nobody, us = {os.getuid() + 1}, {os.getuid()}
    async with Server(path, handlers, allowed_uids=nobody, asking_uids=us), Client(path) as client:
        assert await client.call("status") == "well"
        with pytest.raises(Refused) as caught:
            await client.call("append")
        assert caught.value.message_id == "peer-not-allowed"
