"""The recorder's side of the keys: a new data key, split and wrapped before the first record is written.

docs/design/keys.md "Invariants", "The key record". Pure, but for the random source.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from nvr.base.ids import CameraId, SegmentId
from nvr.base.units import UtcUs
from storage.vault.contexts import machine_wrap, share_hash, share_wrap
from storage.vault.keyrecord import KeyRecord, ShareWrap, Wrap
from storage.vault.seats import CustodianSet
from storage.vault.shamir import SECRET_BYTES, split


@dataclass(slots=True)
class SegmentKeys:
    """A segment's data key, and what is kept of it. Whoever holds this wipes `dek` when the segment is closed."""

    dek: bytearray = field(repr=False)
    record: KeyRecord


def new_segment_keys(
    custodians: CustodianSet,
    *,
    hh: bytes,
    segment: SegmentId,
    camera: CameraId,
    start_utc_us: UtcUs,
    random: Callable[[int], bytes] = os.urandom,
) -> SegmentKeys:
    """A random data key, and its key record: DEK = machine part XOR seat part, the latter split m of n.

    Costs one X-Wing wrap (about 0.15 ms) for the machine and for each key of each seat.
    """
    dek = bytearray(random(SECRET_BYTES))
    machine_part = random(SECRET_BYTES)
    seat_part = bytes(a ^ b for a, b in zip(dek, machine_part, strict=True))
    shares = split(seat_part, custodians.m, custodians.n, random=random)
    record = KeyRecord(
        segment=segment,
        camera=camera,
        start_utc_us=start_utc_us,
        hh=hh,
        set_hash=custodians.hash,
        m=custodians.m,
        n=custodians.n,
        machine=Wrap(custodians.machine.kid, custodians.machine.public.wrap(machine_part, machine_wrap(hh))),
        shares=tuple(
            ShareWrap(seat.number, Wrap(key.kid, key.public.wrap(share, share_wrap(hh, seat.number))))
            for seat, share in zip(custodians.seats, shares, strict=True)
            for key in seat.keys
        ),
        share_hashes={
            seat.number: share_hash(hh, seat.number, share)
            for seat, share in zip(custodians.seats, shares, strict=True)
        },
    )
    return SegmentKeys(dek, record)


def wipe(secret: bytearray) -> None:
    """Overwrite a key in place. Copies that the interpreter made are out of reach (docs/design/keys.md)."""
    secret[:] = bytes(len(secret))
