"""The calls of the keeper's socket: arguments in, JSON out (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from nvr.base.errors import InvalidValue
from nvr.base.ids import camera_id
from nvr.base.wire import Handler
from storage.keeping.keeper import Keeper, Rotate
from storage.ledger.reader import ConsistencyProof
from storage.ledger.store import Appended
from storage.snapshot import CameraEntry

_BYTES_OF_AN_ANSWER = 8 * 2**20


def keeper_handlers(keeper: Keeper, rotate_recorders: Rotate) -> Mapping[str, Handler]:
    """Handlers by the name of the call. Each raises InvalidValue for arguments that are not as the page says."""

    async def append(args: dict[str, Any]) -> object:
        return [_appended(each) for each in await keeper.append(_objects(args, "entries"))]

    async def find_act(args: dict[str, Any]) -> object:
        return await keeper.find_act(_text(args, "act"))

    async def entry(args: dict[str, Any]) -> object:
        return (await keeper.entry(_number(args, "index"))).decode()

    async def entries(args: dict[str, Any]) -> object:
        return _bounded(await keeper.entries(_number(args, "from"), _number(args, "limit")))

    async def proof(args: dict[str, Any]) -> object:
        made = await keeper.proof(_number(args, "index"), _optional_number(args, "size"))
        return {"checkpoint": made.checkpoint, "index": made.index, "path": [each.hex() for each in made.path]}

    async def consistency(args: dict[str, Any]) -> object:
        made = await keeper.consistency(_number(args, "from_size"), _optional_number(args, "to_size"))
        return _consistency(made)

    async def rotate(args: dict[str, Any]) -> object:
        cameras = [camera_id(str(camera)) for camera in _list(args, "cameras")]
        return await keeper.rotate(cameras, rotate_recorders)

    async def publish(args: dict[str, Any]) -> object:
        return await keeper.publish([_camera(item) for item in _list(args, "cameras")])

    async def status(_: dict[str, Any]) -> object:
        return asdict(await keeper.status())

    handlers = (append, find_act, entry, entries, proof, consistency, rotate, publish, status)
    return MappingProxyType({handler.__name__: handler for handler in handlers})


def _appended(each: Appended) -> dict[str, object]:
    return {"index": each.index, "leaf": each.leaf.decode()}


def _bounded(found: Sequence[tuple[int, bytes]]) -> list[dict[str, object]]:
    """As many entries as fit an answer, one at least."""
    answer: list[dict[str, object]] = []
    size = 0
    for index, leaf in found:
        size += len(leaf)
        if answer and size > _BYTES_OF_AN_ANSWER:
            break
        answer.append({"index": index, "leaf": leaf.decode()})
    return answer


def _consistency(made: ConsistencyProof) -> dict[str, object]:
    return {"checkpoint": made.checkpoint, "path": [each.hex() for each in made.path]}


def _camera(item: object) -> CameraEntry:
    names = {each.name for each in fields(CameraEntry)}
    if not isinstance(item, dict) or item.keys() != names or type(item["shard"]) is not int:
        raise InvalidValue(field="cameras", value="", expected="entries of the camera snapshot")
    texts = {name: item[name] for name in names - {"camera", "url", "shard"}}
    if not all(value is None or isinstance(value, str) for value in texts.values()):
        raise InvalidValue(field="cameras", value="", expected="strings or null")
    return CameraEntry(camera=camera_id(_text(item, "camera")), url=_text(item, "url"), shard=item["shard"], **texts)


def _text(args: Mapping[str, Any], field: str) -> str:
    value = args.get(field)
    if not isinstance(value, str):
        raise InvalidValue(field=field, value="", expected="a string")
    return value


def _number(args: Mapping[str, Any], field: str) -> int:
    value = args.get(field)
    if type(value) is not int or value < 0:
        raise InvalidValue(field=field, value="", expected="an integer from 0 on")
    return value


def _optional_number(args: Mapping[str, Any], field: str) -> int | None:
    return None if args.get(field) is None else _number(args, field)


def _list(args: Mapping[str, Any], field: str) -> list[Any]:
    value = args.get(field)
    if not isinstance(value, list):
        raise InvalidValue(field=field, value="", expected="a list")
    return value


def _objects(args: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    value = _list(args, field)
    if not all(isinstance(item, dict) for item in value):
        raise InvalidValue(field=field, value="", expected="a list of objects")
    return value
