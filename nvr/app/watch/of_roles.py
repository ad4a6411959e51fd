"""What is wrong with the roles, the disks, the clock, the orders and the channels. Pure."""

from collections.abc import Iterator
from typing import Final

from nvr.app.watch.found import Condition, Key
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.base.units import US_PER_DAY, US_PER_SECOND

LOW_SHARE: Final = 0.03
"""Below this share of free room a disk is called almost full."""

_NOTICE_US: Final = 183 * US_PER_DAY
_WARNING_US: Final = 122 * US_PER_DAY
"""So long before its end an order is an alarm, and a worse one: a renewal takes the prefecture four months."""

_MISSED_US: Final = 3600 * US_PER_SECOND
_RESTARTS: Final = 3

_OF_KEEPER: Final = ("keeper-fault", "retention-paused", "retention-missed", "index-behind")
_OF_RECORDERS: Final = ("recorder-fault", "key-place-lost", "volume-lost")


def of_roles(seen: Observation) -> Iterator[Condition]:
    """Roles that are silent, or begin again and again, and what they tell of themselves."""
    if seen.keeper is None:
        yield Condition("keeper-silent")
    yield from silent_recorders(seen)
    if not seen.access_answers:
        yield Condition("access-silent")
    for role, count in seen.restarts.items():
        if count >= _RESTARTS:
            yield Condition("role-restarts", role, detail=str(count))
    if seen.cameras is None:
        yield Condition("snapshot-unreadable")
    yield from _recorder_faults(seen)
    yield from lost_key_places(seen)
    yield from _of_keeper(seen)


def of_server(seen: Observation) -> Iterator[Condition]:
    """Disks, clock, custodians, orders, backups, channels."""
    yield from _volumes(seen)
    yield from unsynchronised(seen)
    yield from provisional(seen)
    if seen.orders is None:
        yield Condition("index-unreadable")
    yield from order_ends(seen)
    yield from old_backup(seen)
    for channel in seen.failing_channels:
        yield Condition("channel-failed", channel.name, channel.since_utc_us, detail=channel.cause)


def unsure_roles(seen: Observation) -> Iterator[Key]:
    """What can not be known while a role does not answer."""
    if seen.keeper is None:
        yield from ((kind, "") for kind in _OF_KEEPER)
    if None in seen.recorders.values():
        yield from ((kind, "") for kind in _OF_RECORDERS)
    if seen.orders is None:
        yield from (("order-ends", ""), ("order-ended", ""))


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
    return [Condition("provisional-set")] if seen.provisional_set else []


def old_backup(seen: Observation) -> list[Condition]:
    """Whether the last whole backup is older than it may be, or there is none."""
    if seen.backup is None:
        return []
    made = seen.backup.made_utc_us
    if made is not None and seen.now_utc_us - made < seen.backup.old_days * US_PER_DAY:
        return []
    return [Condition("backup-old", since_utc_us=made)]


def order_ends(seen: Observation) -> list[Condition]:
    """The end of the last order, from half a year before; afterwards that it has ended."""
    if seen.orders is None or not seen.orders.known or seen.orders.end_utc_us is None:
        return []
    end_utc_us = seen.orders.end_utc_us
    left_us = end_utc_us - seen.now_utc_us
    if left_us <= 0:
        return [Condition("order-ended", since_utc_us=end_utc_us, until_utc_us=end_utc_us)]
    if left_us > _NOTICE_US:
        return []
    severity, stage = (Severity.WARNING, "4") if left_us <= _WARNING_US else (Severity.NOTICE, "6")
    return [Condition("order-ends", stage, until_utc_us=end_utc_us, severity=severity)]


def _recorder_faults(seen: Observation) -> Iterator[Condition]:
    for shard, answer in seen.recorders.items():
        for fault in () if answer is None else answer.faults:
            yield Condition(
                "recorder-fault", f"{shard} {fault.id} {fault.where}", detail=f"{fault.where}: {fault.what}"
            )


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
    # The clock's fault is the pause of retention, which has an alarm of its own.
    for name, why in keeper.faults.items():
        if name != "clock" or keeper.paused is None:
            yield Condition("keeper-fault", name, detail=why)


def _volumes(seen: Observation) -> Iterator[Condition]:
    lost = {each for answer in seen.recorders.values() if answer is not None for each in answer.lost_volumes}
    for volume in seen.volumes:
        if volume.why is not None or volume.id is None or volume.id in lost:
            yield Condition("volume-lost", volume.name, detail=volume.why)
        elif volume.free_bytes < volume.total_bytes * LOW_SHARE:
            yield Condition("volume-low", volume.name, detail=str(volume.free_bytes))
