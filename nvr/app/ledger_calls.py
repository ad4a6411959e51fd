"""The ledger's calls on the keeper's socket: arguments in, JSON out (docs/design/processes.md, socket `keeper`)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from nvr.base.errors import InvalidValue, Refused
from nvr.base.wire import Handler
from storage.ledger.entries import ACCESS_TYPES, PERSON_TYPES, Actor, body_from
from storage.ledger.service import Draft, LedgerService

MOST_ENTRIES: Final = 1000
"""Entries of one answer at most: it stays below the bound of a frame whatever they hold."""

_BYTES_OF_AN_ANSWER: Final = 8 * 2**20
_MACHINE: Final = "machine"


class NotYours(Refused):
    """An entry of a type that only the keeper or a recorder writes, or by an actor that the caller is not."""

    message_id = "entry-not-yours"


def ledger_handlers(ledger: LedgerService) -> Mapping[str, Handler]:
    """Handlers by the name of the call. Each raises InvalidValue for arguments that are not as the page says."""

    async def append(args: dict[str, Any]) -> object:
        drafts = [_draft(item) for item in _list(args, "entries")]
        return [{"index": each.index, "leaf": each.leaf.decode()} for each in await ledger.append(drafts)]

    async def find_act(args: dict[str, Any]) -> object:
        return await ledger.find_act(_text(args, "act"))

    async def entry(args: dict[str, Any]) -> object:
        return (await ledger.entry(_number(args, "index"))).decode()

    async def entries(args: dict[str, Any]) -> object:
        limit = min(_number(args, "limit"), MOST_ENTRIES)
        found: list[dict[str, object]] = []
        size = 0
        for index, leaf in await ledger.entries(_number(args, "from"), limit):
            size += len(leaf)
            if found and size > _BYTES_OF_AN_ANSWER:
                break
            found.append({"index": index, "leaf": leaf.decode()})
        return found

    async def proof(args: dict[str, Any]) -> object:
        made = await ledger.proof(_number(args, "index"), _optional_number(args, "size"))
        return {"checkpoint": made.checkpoint, "index": made.index, "path": [each.hex() for each in made.path]}

    async def consistency(args: dict[str, Any]) -> object:
        made = await ledger.consistency(_number(args, "from_size"), _optional_number(args, "to_size"))
        return {"checkpoint": made.checkpoint, "path": [each.hex() for each in made.path]}

    return MappingProxyType(
        {
            "append": append,
            "find_act": find_act,
            "entry": entry,
            "entries": entries,
            "proof": proof,
            "consistency": consistency,
        }
    )


def _draft(item: object) -> Draft:
    """An entry that access may append: an act of a person, or one of access's own."""
    if not isinstance(item, dict):
        raise InvalidValue(field="entries", value="", expected="objects")
    kind, body, actor = _text(item, "t"), item.get("body"), item.get("actor")
    if not isinstance(body, dict) or not isinstance(actor, dict):
        raise InvalidValue(field="entries", value="", expected="body and actor as objects")
    author = Actor(id=_text(actor, "id"), role=_text(actor, "role"))
    # `denied` names the person who was refused, if that is known.
    allowed = kind in PERSON_TYPES if author.role != _MACHINE else kind in ACCESS_TYPES and author.id == "access"
    if not (allowed or kind == "denied"):
        raise NotYours(t=kind, actor=author.id)
    act = item.get("act")
    return Draft(body_from(kind, body), author, act if isinstance(act, str) else None)


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
