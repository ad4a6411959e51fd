"""What is wrong with the roles, the disks, the clock, the orders and the channels. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from nvr.app.watch.found import Condition, Key
from nvr.app.watch.observation import Observation, VolumeSeen
from nvr.app.watch.of_holds import PROVISIONAL, provisional_holds
from nvr.app.watch.of_orders import OF_ORDERS, order_ends, unauthorised
from nvr.app.watch.readings import HaltSeen
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from storage.forecast import MINIMUM_AT_RISK
from storage.keeping.copies_status import COPIES_WAITING
from storage.retention_guards import BLIND, FULL, IDLE, MASS

ENVELOPE_USED: Final = "envelope-used"

LOW_SHARE: Final = 0.03
"""Below this share of free room a disk is called almost full."""

_MISSED_US: Final = 3600 * US_PER_SECOND
_RESTARTS: Final = 3

_OF_HALTS: Final = {
    MASS: "{length} / {stock}",
    BLIND: "{why}",
    IDLE: "{free}",
    FULL: "{holds}",
}
"""What each halt says for itself: values of its text, which is in `nvr status`."""

_OF_KEEPER: Final = (
    "keeper-fault",
    COPIES_WAITING,
    "retention-paused",
    "retention-missed",
    *_OF_HALTS,
    MINIMUM_AT_RISK,
    "index-behind",
)
_OF_VOLUMES: Final = frozenset({"volume-away", "volume-erring"})
"""Faults by which a recorder says what `volume-lost` is."""

_ON_A_VOLUME: Final = ("volume", "copies on", "mending on")
"""What the keeper's faults of a volume begin with, before its path."""

_OF_RECORDERS: Final = ("recorder-fault", "key-place-lost", "volume-lost")


def of_roles(seen: Observation) -> Iterator[Condition]:
    """Roles that are silent, or begin again and again, and what they tell of themselves."""
    if seen.keeper is None:
        yield Condition("keeper-silent")
    yield from silent_recorders(seen)
    if seen.access is None:
        yield Condition("access-silent")
    for role, count in seen.restarts.items():
        if count >= _RESTARTS:
            yield Condition("role-restarts", role, detail=str(count))
    if seen.cameras is None:
        yield Condition("snapshot-unreadable")
    yield from _recorder_faults(seen)
    yield from lost_key_places(seen)
    yield from _of_keeper(seen)
    yield from provisional_holds(seen)


def of_server(seen: Observation) -> Iterator[Condition]:
    """Disks, clock, custodians, orders, backups, channels."""
    yield from _volumes(seen)
    yield from unsynchronised(seen)
    yield from provisional(seen)
    yield from used_envelopes(seen)
    if seen.orders is None:
        yield Condition("index-unreadable")
    yield from order_ends(seen)
    yield from unauthorised(seen)
    yield from old_backup(seen)
    for channel in seen.failing_channels:
        yield Condition("channel-failed", channel.name, channel.since_utc_us, detail=channel.cause)


def unsure_roles(seen: Observation) -> Iterator[Key]:
    """What can not be known while a role does not answer."""
    if seen.keeper is None:
        yield from ((kind, "") for kind in _OF_KEEPER)
    if None in seen.recorders.values():
        yield from ((kind, "") for kind in _OF_RECORDERS)
    if seen.access is None:
        yield PROVISIONAL, ""
    if seen.access is None or seen.custodians is None:
        yield ENVELOPE_USED, ""
    if seen.orders is None:
        yield from ((kind, "") for kind in OF_ORDERS)


def silent_recorders(seen: Observation) -> list[Condition]:
    """Recorders that should run and do not answer; one that restarts is silent for a moment, too."""
    return [Condition("recorder-silent", str(shard)) for shard, answer in seen.recorders.items() if answer is None]


def lost_key_places(seen: Observation) -> list[Condition]:
    """Whether a recorder writes its keys to fewer places than there are."""
    degraded = any(answer is not None and answer.keyring_degraded for answer in seen.recorders.values())
    return [Condition("key-place-lost", detail=", ".join(seen.key_places))] if degraded else []


def unsynchronised(seen: Observation) -> list[Condition]:
    """Whether the kernel does not count the clock as right."""
    return [] if seen.clock_synchronised else [Condition("clock-unsynchronised")]


def provisional(seen: Observation) -> list[Condition]:
    """Whether the custodians' envelopes of the first day are still in force."""
    return [Condition("provisional-set")] if seen.custodians is not None and seen.custodians.provisional else []


def used_envelopes(seen: Observation) -> Iterator[Condition]:
    """Envelopes that opened footage, until another set is in force; a provisional set has nothing else."""
    in_force = seen.custodians
    if seen.access is None or in_force is None or in_force.provisional:
        return
    for used in seen.access.envelopes:
        if used.set_hash == in_force.set_hash:
            yield Condition(ENVELOPE_USED, str(used.seat), used.opened_utc_us, used.requisition)


def old_backup(seen: Observation) -> list[Condition]:
    """Whether the last whole backup is older than it may be, or there is none."""
    if seen.backup is None:
        return []
    made = seen.backup.made_utc_us
    if made is not None and seen.now_utc_us - made < seen.backup.old_days * US_PER_DAY:
        return []
    return [Condition("backup-old", since_utc_us=made)]


def _recorder_faults(seen: Observation) -> Iterator[Condition]:
    lost = {volume.path for volume in _lost_volumes(seen)}
    for shard, answer in seen.recorders.items():
        for fault in () if answer is None else answer.faults:
            if fault.id in _OF_VOLUMES and fault.where in lost:
                continue  # one disk is one alarm, however many processes wrote to it
            yield Condition("recorder-fault", f"{shard} {fault.id} {fault.where}", detail=fault.what.packed())


def _of_keeper(seen: Observation) -> Iterator[Condition]:
    keeper = seen.keeper
    if keeper is None:
        return
    if keeper.paused is not None:
        yield Condition("retention-paused", detail=keeper.paused)
    if keeper.passed_utc_us is not None and seen.now_utc_us - keeper.passed_utc_us >= _MISSED_US:
        yield Condition("retention-missed", since_utc_us=keeper.passed_utc_us)
    if keeper.index_size is not None and seen.ledger_before is not None and keeper.index_size < seen.ledger_before:
        yield Condition("index-behind", detail=str(seen.ledger_before - keeper.index_size))
    if keeper.at_risk_utc_us is not None:
        yield Condition(MINIMUM_AT_RISK, until_utc_us=keeper.at_risk_utc_us)
    lost = {volume.path for volume in _lost_volumes(seen)}
    yield from (_halt(each) for each in keeper.halts if each.about not in lost)
    # The clock's fault is the pause of retention, and a lost volume's is its loss: they have alarms of their own.
    told = {"clock"} if keeper.paused is not None else set()
    told |= {name for path in lost for name in (path, *(f"{what} {path}" for what in _ON_A_VOLUME))}
    for name, why in keeper.faults.items():
        if name == COPIES_WAITING:
            yield Condition(COPIES_WAITING, detail=why.packed())
        elif name not in told:
            yield Condition("keeper-fault", name, detail=why.packed())


def _halt(halt: HaltSeen) -> Condition:
    kind = halt.id if halt.id in _OF_HALTS else "keeper-fault"
    detail = _OF_HALTS.get(halt.id, halt.id).format_map(defaultdict(str, halt.fields))
    return Condition(kind, halt.about, detail=detail)


def _lost_volumes(seen: Observation) -> list[VolumeSeen]:
    """Those that can not be looked at, and those that a recorder gave up."""
    given_up = {each for answer in seen.recorders.values() if answer is not None for each in answer.lost_volumes}
    return [each for each in seen.volumes if each.why is not None or each.id is None or each.id in given_up]


def _volumes(seen: Observation) -> Iterator[Condition]:
    lost = _lost_volumes(seen)
    for volume in seen.volumes:
        if volume in lost:
            yield Condition("evidence-lost" if volume.evidence else "volume-lost", volume.name, detail=volume.why)
        elif not volume.evidence and volume.free_bytes < volume.total_bytes * LOW_SHARE:
            yield Condition("volume-low", volume.name, detail=str(volume.free_bytes))
    for name, told in seen.failing_disks.items():
        yield Condition("disk-failing", name, detail=told)
