"""Access asks the recorders about cameras on the network: one that answers is enough."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from access.ports import Asked, Recorded
from config.secrets import Login
from nvr.app.index_port import RecorderStates
from nvr.base.errors import InvalidValue, Retryable
from nvr.base.ids import CameraId
from nvr.base.wire import Handler, Server


def answering(asked: list[dict[str, Any]]) -> Mapping[str, Handler]:
    async def call(args: dict[str, Any]) -> object:
        asked.append(args)
        return [{"found": 1}]

    return {"discover": call, "lookup": call}


def sockets(folder: Path) -> dict[int, Path]:
    return {shard: folder / f"{shard}.sock" for shard in (0, 1)}


async def test_second_recorder_is_asked_while_the_first_is_away(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    recorders = RecorderStates(lambda: sockets(tmp_path))
    async with Server(tmp_path / "1.sock", answering(asked)):
        found = await recorders.discover("eth1", None, [Recorded(CameraId("c"), "rtsp://h/", None)], 4)
        await recorders.lookup([Asked("h", 2, Login("u", "p")), Asked("i", 1, None)])
    assert found == [{"found": 1}]
    known = [{"camera": "c", "url": "rtsp://h/", "secret": None}]
    assert asked[0] == {"interface": "eth1", "hosts": None, "known": known, "seconds": 4}
    assert [each["user"] for each in asked[1]["cameras"]] == ["u", None]


async def test_without_any_recorder_the_person_is_told(tmp_path: Path) -> None:
    with pytest.raises(Retryable):
        await RecorderStates(lambda: sockets(tmp_path)).lookup([])


async def test_refusal_of_the_first_recorder_is_an_answer(tmp_path: Path) -> None:
    async def refuse(_: dict[str, Any]) -> object:
        raise InvalidValue(field="interface", value="eth9", expected="one that is there")

    asked: list[dict[str, Any]] = []
    async with Server(tmp_path / "0.sock", {"discover": refuse}), Server(tmp_path / "1.sock", answering(asked)):
        with pytest.raises(InvalidValue):
            await RecorderStates(lambda: sockets(tmp_path)).discover("eth9", None, [], 1)
    assert asked == []
