"""What keeper and recorders answer to `status`, read with tolerance: unknown fields are left, absent ones are None.

Roles of another version may run for a moment while a system is renewed: an alarm must not come of that. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nvr.app.told_faults import ToldFault
from nvr.base.units import UtcUs

_OUT_OF_SERVICE: Final = frozenset({"away", "erring", "lost"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What somebody should look at in a role: the id of its text, where it is, and what was met there."""

    id: str
    where: str
    what: ToldFault


@dataclass(frozen=True, slots=True)
class HaltSeen:
    """Destruction that waits for a person: the id of its text with the text's values, and the camera or volume."""

    id: str
    about: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecorderSeen:
    """One recorder's answer; cameras are its states by name, volumes the ids of those that take no footage."""

    cameras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost_volumes: frozenset[str] = frozenset()
    keyring_degraded: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class KeeperSeen:
    """The keeper's answer. `paused`: why nothing is destroyed; `passed_utc_us`: when retention was last done."""

    ledger_size: int | None = None
    index_size: int | None = None
    paused: str | None = None
    passed_utc_us: UtcUs | None = None
    halts: tuple[HaltSeen, ...] = ()
    at_risk_utc_us: UtcUs | None = None
    """From when on the disks can not keep what the orders demand, when that is near."""
    faults: Mapping[str, ToldFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HoldSeen:
    """A hold that waits for a validator, or ran out without one; the shares of the room are in thousandths."""

    hold: str
    requisition: str | None
    cameras: int
    placed_utc_us: UtcUs
    until_utc_us: UtcUs
    limit_permille: int
    before_permille: int
    with_permille: int


@dataclass(frozen=True, slots=True)
class OldHold:
    """A hold that may be needed no more. `state`: of its requisition, None without one."""

    hold: str
    requisition: str | None
    state: str | None
    cameras: int
    placed_utc_us: UtcUs
    to_utc_us: UtcUs


@dataclass(frozen=True, slots=True)
class EnvelopeUsed:
    """A seat's envelope opened footage. `set_hash` is that of the custodian set, in hex."""

    set_hash: str
    seat: int
    requisition: str
    opened_utc_us: UtcUs | None


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """The answer of access."""

    waiting: tuple[HoldSeen, ...] = ()
    old: tuple[OldHold, ...] = ()
    envelopes: tuple[EnvelopeUsed, ...] = ()


def access_seen(answer: Mapping[str, Any]) -> AccessSeen:
    """The answer of access."""
    return AccessSeen(
        waiting=tuple(_waiting(each) for each in _mappings(answer.get("holds_waiting"))),
        old=tuple(_old(each) for each in _mappings(answer.get("holds_old"))),
        envelopes=tuple(_envelope(each) for each in _mappings(answer.get("envelopes_used"))),
    )


def _envelope(each: Mapping[str, Any]) -> EnvelopeUsed:
    opened_utc_us = _number(each.get("opened_utc_us"))
    return EnvelopeUsed(
        set_hash=str(each.get("set", "")),
        seat=_number(each.get("seat")) or 0,
        requisition=str(each.get("requisition", "")),
        opened_utc_us=None if opened_utc_us is None else UtcUs(opened_utc_us),
    )


def _old(each: Mapping[str, Any]) -> OldHold:
    return OldHold(
        hold=str(each.get("hold", "")),
        requisition=_text(each.get("requisition")),
        state=_text(each.get("requisition_state")),
        cameras=_number(each.get("cameras")) or 0,
        placed_utc_us=UtcUs(_number(each.get("placed_utc_us")) or 0),
        to_utc_us=UtcUs(_number(each.get("to_utc_us")) or 0),
    )


def _waiting(each: Mapping[str, Any]) -> HoldSeen:
    room = _mapping(each.get("room"))
    return HoldSeen(
        hold=str(each.get("hold", "")),
        requisition=_text(each.get("requisition")),
        cameras=_number(each.get("cameras")) or 0,
        placed_utc_us=UtcUs(_number(each.get("placed_utc_us")) or 0),
        until_utc_us=UtcUs(_number(each.get("until_utc_us")) or 0),
        limit_permille=_number(room.get("limit_permille")) or 0,
        before_permille=_number(room.get("before_permille")) or 0,
        with_permille=_number(room.get("with_permille")) or 0,
    )


def recorder_seen(answer: Mapping[str, Any]) -> RecorderSeen:
    """The answer of a recorder."""
    state = _mapping(answer.get("state"))
    return RecorderSeen(
        cameras={str(each["camera"]): each for each in _mappings(state.get("cameras")) if "camera" in each},
        lost_volumes=frozenset(
            str(each.get("volume"))
            for each in _mappings(answer.get("volumes"))
            if each.get("lost") or each.get("state") in _OUT_OF_SERVICE
        ),
        keyring_degraded=bool(answer.get("keyring_degraded")),
        faults=tuple(
            Fault(str(each.get("id")), str(each.get("where", "")), ToldFault.of(each.get("why", each.get("what", ""))))
            for each in _mappings(answer.get("faults"))
        ),
    )


def keeper_seen(answer: Mapping[str, Any]) -> KeeperSeen:
    """The answer of the keeper."""
    last = _mapping(answer.get("last_pass"))
    paused = last.get("paused")
    return KeeperSeen(
        ledger_size=_number(answer.get("ledger_size")),
        index_size=_number(answer.get("index_size")),
        paused=None if paused is None else str(paused),
        passed_utc_us=_instant(answer.get("last_pass_utc_us")),
        halts=tuple(
            HaltSeen(str(each.get("id")), str(each.get("about", "")), _mapping(each.get("fields")))
            for each in _mappings(last.get("halts"))
        ),
        at_risk_utc_us=_instant(answer.get("at_risk_utc_us")),
        faults={str(name): ToldFault.of(why) for name, why in _mapping(answer.get("faults")).items()},
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, Mapping)) if isinstance(value, list | tuple) else iter(())


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _instant(value: object) -> UtcUs | None:
    number = _number(value)
    return None if number is None else UtcUs(number)


def _number(value: object) -> int | None:
    return value if type(value) is int else None
