"""`nvr verify` of a keyring file: every slot is a whole key record, or a tombstone with nothing left behind it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from access.verification.report import CannotRun, Facts, Finding, Report, finding, run_steps
from access.verification.subject import as_finding
from nvr.base.errors import EvidenceAtRisk
from storage.keyring.layout import KeyringDamaged, SlotHead, SlotState
from storage.keyring.places import KeyringFile
from storage.vault.keyrecord import KeyRecord

LIMITS: Final = ("keyring-not-opened",)
"""Without the custodians nobody knows whether a wrapped share opens."""


def verify_keyring(path: Path) -> Report:
    """Check a keyring file; blocks on the disk and reads every slot. No key is needed, none is opened.

    1. keyring-head   magic, version, CRC
    2. key-records    each live slot holds the key record of the segment that it names; each tombstone nothing else
    """
    steps = run_steps([("keyring-head", partial(_head, path)), ("key-records", partial(_slots, path))])
    return Report("keyring", str(path), steps, LIMITS)


def _head(path: Path, facts: Facts) -> list[Finding]:
    with _opened(path) as file:
        head, exact = file.head, file.head_is_exact
    facts |= {"shard": head.shard, "day": head.day, "set": head.set_hash.hex()}
    return [] if exact else [finding("keyring-damaged", path.name, what="bytes behind the head")]


def _slots(path: Path, facts: Facts) -> Iterator[Finding]:
    live = shredded = 0
    with _opened(path) as file:
        for number, head in file.slots():
            if head is None:
                yield finding("slot-torn", path.name, slot=number)
            elif head.state is SlotState.SHREDDED:
                shredded += 1
                if not file.is_clean_tombstone(number, head):
                    yield finding("tombstone-unclean", path.name, slot=number, segment=head.segment)
            else:
                live += 1
                yield from _key_record(file, path.name, number, head)
    facts |= {"live": live, "shredded": shredded}


def _key_record(file: KeyringFile, name: str, number: int, head: SlotHead) -> Iterator[Finding]:
    payload = file.payload(number, head)
    try:
        good = payload is not None and KeyRecord.parse(payload).segment == head.segment
    except EvidenceAtRisk:
        good = False
    if not good or not file.is_exact(number, head):
        yield finding("key-record-damaged", name, slot=number, segment=head.segment)


def _opened(path: Path) -> KeyringFile:
    try:
        return KeyringFile(path)
    except KeyringDamaged as error:
        raise CannotRun(as_finding(error, path.name)) from error
    except OSError as error:
        raise CannotRun(finding("file-unreadable", path.name, why=str(error.strerror))) from error
