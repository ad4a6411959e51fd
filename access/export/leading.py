"""Which pictures do not decode where decoding begins: those that refer to what lies before. Pure.

After a CRA of H.265 they say so themselves (RASL, ITU-T H.265 section 3.117 and table 7-1); after a recovery point, as
H.264 has it in open groups of pictures, they are those shown before it.
"""

from collections.abc import Sequence
from typing import Final

from storage.records import RandomAccess

_LENGTH_BYTES: Final = 4
_LAST_SLICE: Final = 31
_SKIPPED: Final = frozenset({8, 9})
"""RASL_N, RASL_R."""


def undecodable_first(
    random_access: RandomAccess, pts_90k: Sequence[int], samples: Sequence[bytes | memoryview]
) -> tuple[int, ...]:
    """The numbers of the samples of a record that do not decode when decoding begins with the record.

    `samples` are MP4 samples in decoding order, all or the first of the record's, `pts_90k` when they are shown.
    """
    early = [at for at in range(len(samples)) if pts_90k[at] < pts_90k[0]]
    match random_access:
        case RandomAccess.CRA:
            return tuple(at for at in early if _slice_type(samples[at]) in _SKIPPED)
        case RandomAccess.RECOVERY_POINT:
            return tuple(early)
    return ()


def _slice_type(sample: bytes | memoryview) -> int | None:
    """nal_unit_type of the first slice; None when there is none."""
    at = 0
    while at + _LENGTH_BYTES < len(sample):
        kind = sample[at + _LENGTH_BYTES] >> 1 & 0x3F
        if kind <= _LAST_SLICE:
            return int(kind)
        at += _LENGTH_BYTES + int.from_bytes(sample[at : at + _LENGTH_BYTES], "big")
    return None
