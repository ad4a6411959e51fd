"""What access asks the keeper to append, as a draft; a person's act, or what access itself has to tell."""

from collections.abc import Mapping

from nvr.base.errors import InvalidValue
from nvr.base.jcs import Json
from storage.ledger.entries import ACCESS_TYPES, PERSON_TYPES, Actor, body_from
from storage.ledger.service import Draft


def draft_of(entry: Mapping[str, Json]) -> Draft:
    """The draft of `{"t","actor","act","body"}`. Raises InvalidValue: it is malformed, or not access's to append."""
    unknown = entry.keys() - {"t", "actor", "act", "body"}
    t, actor, act, body = (entry.get(key) for key in ("t", "actor", "act", "body"))
    if unknown or not isinstance(t, str) or not isinstance(body, Mapping) or not isinstance(actor, Mapping):
        raise InvalidValue(field="entry", value="", expected="an object with t, actor, act and body")
    if t not in PERSON_TYPES | ACCESS_TYPES:
        raise InvalidValue(field="t", value=t, expected="an act of a person, or release, open, denied")
    if not (act is None or isinstance(act, str)):
        raise InvalidValue(field="act", value="", expected="a UUIDv7 or null")
    names = actor.get("id"), actor.get("role")
    if actor.keys() != {"id", "role"} or not all(isinstance(name, str) for name in names):
        raise InvalidValue(field="actor", value="", expected="an object with id and role")
    return Draft(body_from(t, body), actor=_actor(str(names[0]), str(names[1])), act=act)


def _actor(name: str, role: str) -> Actor:
    try:
        return Actor(id=name, role=role)
    except ValueError as error:
        raise InvalidValue(field="actor", value="", expected="ids of 1 to 63 characters a-z 0-9 _ . -") from error
