"""The entry: one envelope for all types, its bytes, and its JSON Schemas (docs/design/ledger.md).

An entry is JCS (RFC 8785), at most 65,535 bytes. Its stored bytes are the leaf of the tree: nothing is serialised
again in order to verify it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Generic, Self, TypeVar

from pydantic import BaseModel, Field, SerializeAsAny, ValidationError, model_validator

from nvr.base.errors import EvidenceAtRisk, InvalidValue
from nvr.base.jcs import Json, canonical, digest
from storage.ledger import machine, people
from storage.ledger.fields import Count, Instant, Name, Part, Signature, Uuid7
from storage.ledger.machine import Body

VERSION: Final = 1
MOST_ENTRY_BYTES: Final = 65_535
SALT_BYTES: Final = 16
LATE_US: Final = 60_000_000
"""An event that is appended so long after it was spooled is marked late."""

BODIES: Mapping[str, type[Body]] = MappingProxyType(
    {
        body.t: body
        for body in (
            machine.Log,
            machine.Boot,
            machine.Stop,
            machine.Clock,
            machine.Seal,
            machine.Gap,
            machine.Move,
            machine.Heartbeat,
            machine.CustodianSet,
            machine.Expire,
            machine.Expired,
            machine.Missing,
            machine.Damaged,
            machine.Copied,
            machine.Uncopied,
            machine.Statement,
            machine.Release,
            machine.Open,
            machine.Denied,
            people.Account,
            people.Point,
            people.Camera,
            people.Placement,
            people.Commission,
            people.Authorisation,
            people.Uncovered,
            people.Hold,
            people.Unhold,
            people.Allow,
            people.Discard,
            people.Requisition,
            people.Refuse,
            people.Grant,
            people.Revoke,
            people.Export,
            people.Continue,
        )
    }
)

RECORDER_TYPES: Final = frozenset({"boot", "stop", "clock", "seal", "gap", "move", "heartbeat"})
"""What a recorder's spool may bring."""

ACCESS_TYPES: Final = frozenset({"release", "open", "denied"})
"""What access may append on its own."""

PERSON_TYPES: Final = frozenset(body.t for body in BODIES.values() if body.__module__ == people.__name__)
"""Acts of persons: they carry an `act` id."""


class EntryInvalid(EvidenceAtRisk):
    """Bytes of the ledger, or of a spool, are not an entry of this version; field `why` says what is wrong."""

    message_id = "entry-invalid"


class Actor(Part):
    """Who did it: an account with the role in which it acted, or `recorder`, `keeper`, `access` as `machine`."""

    id: Name
    role: Name


class Spool(Part):
    """Where a spooled event comes from, and its signature by the boot's key (`storage.spool.signed_bytes`)."""

    boot: Uuid7
    shard: Count
    n: Count
    ts_utc_us: Instant
    mono_us: Count
    late: bool
    sig: Signature


BodyT = TypeVar("BodyT", bound=Body)


class Entry(Part, Generic[BodyT]):
    """One entry. `ts_utc_us` is the keeper's clock; `act` names an act of a person; `spool` an event's origin."""

    v: Annotated[int, Field(ge=VERSION, le=VERSION)]
    t: str
    ts_utc_us: Instant
    actor: Actor
    act: Uuid7 | None
    spool: Spool | None
    body: SerializeAsAny[BodyT]

    @model_validator(mode="after")
    def _is_of_its_type(self) -> Self:
        if self.t != self.body.t:
            raise ValueError(f"type {self.t} with the body of {self.body.t}")
        if (self.act is not None) != (self.t in PERSON_TYPES):
            raise ValueError("an act of a person has an act id, and nothing else has")
        return self


class _AnyType(BaseModel):
    """Only which type an entry is of."""

    t: Annotated[str, Field(max_length=32)]


KEEPER: Final = Actor(id="keeper", role="machine")
RECORDER: Final = Actor(id="recorder", role="machine")
ACCESS: Final = Actor(id="access", role="machine")


def build(
    body: Body, *, ts_utc_us: int, actor: Actor = KEEPER, act: str | None = None, spool: Spool | None = None
) -> Entry[Body]:
    """An entry with this body, by the keeper unless said otherwise.

    Raises:
        InvalidValue: an act of a person has no act id, or anything else has one.
    """
    try:
        return Entry[Body](v=VERSION, t=body.t, ts_utc_us=ts_utc_us, actor=actor, act=act, spool=spool, body=body)
    except ValidationError as error:
        raise _invalid_value("entry", error) from error


def body_from(t: str, value: Mapping[str, Json]) -> Body:
    """The body of type `t` that the JSON object holds.

    Raises:
        InvalidValue: there is no such type, or the object is not a body of it; `field` names the key.
    """
    if t not in BODIES:
        raise InvalidValue(field="t", value=t, expected="a type of docs/design/ledger.md")
    try:
        return BODIES[t].model_validate_json(canonical(value))
    except ValidationError as error:
        raise _invalid_value(t, error) from error
    except ValueError as error:
        raise InvalidValue(field=t, value="", expected=str(error)) from error


def body_as_json(body: Body) -> dict[str, Json]:
    """The body as the JSON object that stands in the entry."""
    value: dict[str, Json] = body.model_dump(mode="json")
    return value


def encode(entry: Entry[Body]) -> bytes:
    """The entry's bytes.

    Raises:
        InvalidValue: they would be more than 65,535.
    """
    leaf = canonical(entry.model_dump(mode="json"))
    if len(leaf) > MOST_ENTRY_BYTES:
        raise InvalidValue(field=entry.t, value=len(leaf), expected=f"an entry of at most {MOST_ENTRY_BYTES} bytes")
    return leaf


def decode(leaf: bytes) -> Entry[Body]:
    """The entry in the bytes.

    Raises:
        EntryInvalid: not an entry of a type and version that this program knows.
    """
    try:
        body = BODIES.get(_AnyType.model_validate_json(leaf).t)
        if body is None:
            raise EntryInvalid(why="unknown type")
        return _PARSERS[body].model_validate_json(leaf)
    except ValidationError as error:
        raise EntryInvalid(why=_first(error)) from error


def json_schema(body: type[Body]) -> dict[str, Json]:
    """The JSON Schema (draft 2020-12) of entries with this body."""
    schema: dict[str, Json] = _PARSERS[body].model_json_schema(mode="serialization")
    properties = schema["properties"]
    if not isinstance(properties, dict):
        raise TypeError("a schema of an object has properties")
    properties["t"] = {"const": body.t}
    schema["required"] = sorted(properties)
    act_is_given = body.t in PERSON_TYPES
    properties["act"] = {"type": "string", "pattern": _PATTERN_OF_ACT} if act_is_given else {"type": "null"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": body.t}


def personal_commitment(salt: bytes, value: str) -> str:
    """The hash, in hex, under which a personal value stands in an entry; the salt is 16 random bytes.

    Raises:
        ValueError: the salt has another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return digest({"d": "scelle/register/personal/1", "salt": salt.hex(), "value": value}).hex()


@dataclass(frozen=True, slots=True)
class Salted:
    """A clear value and the salt of its commitment."""

    salt: bytes
    value: str

    @classmethod
    def new(cls, value: str) -> "Salted":
        """The value with a fresh salt."""
        return cls(secrets.token_bytes(SALT_BYTES), value)

    @property
    def commitment(self) -> str:
        """What stands in the ledger for it, in hex."""
        return personal_commitment(self.salt, self.value)


def _first(error: ValidationError) -> str:
    # Only place and rule: the value may be personal, and errors reach the log.
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _invalid_value(where: str, error: ValidationError) -> InvalidValue:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join([where, *(str(part) for part in first["loc"])])
    return InvalidValue(field=field, value="", expected=first["msg"])


_PARSERS: Final[Mapping[type[Body], type[Entry[Body]]]] = MappingProxyType(
    # A type checker can not follow a parameter that is only known when the table is read.
    {body: Entry[body] for body in BODIES.values()}  # type: ignore[valid-type]
)
_PATTERN_OF_ACT: Final = "^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$"
