"""The calls of the keeper's socket: arguments in, JSON out (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from types import MappingProxyType
from typing import Any

from nvr.app.call_args import cameras_of, list_of, number_of, objects_of, optional_number_of, text_of
from nvr.app.check_calls import check_handlers
from nvr.base.errors import InvalidValue
from nvr.base.ids import camera_id
from nvr.base.wire import Handler
from storage.faults import fault_json
from storage.keeping.keeper import Keeper, Rotate
from storage.ledger.reader import ConsistencyProof
from storage.ledger.store import Appended
from storage.snapshot import CameraEntry, CameraKind

_BYTES_OF_AN_ANSWER = 8 * 2**20


def keeper_handlers(keeper: Keeper, rotate_recorders: Rotate) -> Mapping[str, Handler]:
    """Handlers by the name of the call. Each raises InvalidValue for arguments that are not as the page says."""

    async def append(args: dict[str, Any]) -> object:
        return [_appended(each) for each in await keeper.append(objects_of(args, "entries"))]

    async def find_act(args: dict[str, Any]) -> object:
        return await keeper.find_act(text_of(args, "act"))

    async def entry(args: dict[str, Any]) -> object:
        return (await keeper.entry(number_of(args, "index"))).decode()

    async def entries(args: dict[str, Any]) -> object:
        return _bounded(await keeper.entries(number_of(args, "from"), number_of(args, "limit")))

    async def proof(args: dict[str, Any]) -> object:
        made = await keeper.proof(number_of(args, "index"), optional_number_of(args, "size"))
        return {"checkpoint": made.checkpoint, "index": made.index, "path": [each.hex() for each in made.path]}

    async def consistency(args: dict[str, Any]) -> object:
        made = await keeper.consistency(number_of(args, "from_size"), optional_number_of(args, "to_size"))
        return _consistency(made)

    async def rotate(args: dict[str, Any]) -> object:
        return await keeper.rotate(cameras_of(args), rotate_recorders)

    async def publish(args: dict[str, Any]) -> object:
        return await keeper.publish([_camera(item) for item in list_of(args, "cameras")])

    async def status(_: dict[str, Any]) -> object:
        told = await keeper.status()
        faults = {name: fault_json(why) for name, why in told.faults.items()}
        return asdict(replace(told, faults={})) | {"faults": faults}

    handlers = (append, find_act, entry, entries, proof, consistency, rotate, publish, status)
    own: dict[str, Handler] = {handler.__name__: handler for handler in handlers}
    return MappingProxyType(own | check_handlers(keeper))


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
    instants = {name: item[name] for name in names if name.endswith("_utc_us")}
    texts = {name: item[name] for name in names - instants.keys() - {"camera", "url", "shard", "kind", "absent"}}
    if not all(value is None or isinstance(value, str) for value in texts.values()):
        raise InvalidValue(field="cameras", value="", expected="strings or null")
    if not all(value is None or type(value) is int for value in instants.values()):
        raise InvalidValue(field="cameras", value="", expected="instants or null")
    if item["kind"] not in tuple(CameraKind) or type(item["absent"]) is not bool:
        raise InvalidValue(field="cameras", value="", expected="a kind of cameras, and whether it is absent")
    return CameraEntry(
        camera=camera_id(text_of(item, "camera")),
        url=text_of(item, "url"),
        shard=item["shard"],
        kind=CameraKind(item["kind"]),
        absent=item["absent"],
        **texts,
        **instants,
    )
